#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an operator does with one node: the doctor behind good and bad proxies, counters, retention.

A node stands behind a proxy. As long as that passes everything on, the doctor finds nothing; once it
changes what signatures cover, the doctor says what arrives otherwise. Open file modes are found, and
counters agree with a recount after much coming and going. SIGHUP is answered in the log, and by nothing else.
"""

import datetime
import email.utils
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys

from harness import befriend, expect, free_port, parse_arguments, run, wait_until
from proxy import Proxy, read_request

TIME_SCALE = 600


class Front(Proxy):
    """A reverse proxy; change() is what its operator did wrong."""

    def __init__(self, upstream_port):
        super().__init__(upstream_port, 0)
        self.change = lambda request: request
        self.change_back = lambda answer: answer

    def serve(self, client):
        with client:
            try:
                client.settimeout(20)
                request = read_request(Continue(client))
                if request:
                    client.sendall(self.change_back(self.forward(self.change(request))))
            except OSError:
                pass


class Continue:
    """A client that is told to go on, where it asks."""

    def __init__(self, client):
        self.client = client

    def recv(self, size):
        data = self.client.recv(size)
        if b"100-continue" in data:
            self.client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            data = data.replace(b"Expect: 100-continue\r\n", b"")
        return data


def tocsin(lab, node, *arguments):
    program = os.path.join(os.path.dirname(lab.tocsind), "tocsin")
    environment = dict(os.environ, GIO_USE_PROXY_RESOLVER="dummy", LC_ALL="C.UTF-8", NO_COLOR="1")
    return subprocess.run([program, "--socket", node.socket, *arguments], capture_output=True, text=True,
                          env=environment, check=False, timeout=120, stdin=subprocess.DEVNULL)


def examine(lab, node, *arguments):
    """The doctor's findings by name: what is not in order, with text and remedy."""
    done = tocsin(lab, node, "doctor", "--json", *arguments)
    checks = json.loads(done.stdout)["checks"]
    bad = {c["name"]: c for c in checks if not c["ok"]}
    expect(done.returncode == (1 if bad else 0), f"exit {done.returncode} with {bad}")
    expect(all(c["remedy"] for c in bad.values()), f"each finding has its remedy: {bad}")
    return bad, {c["name"] for c in checks}


def behind_proxies(lab, node, front):
    host = f"127.0.0.1:{front.port}".encode()
    bad, names = examine(lab, node)
    expect(not bad, f"behind a good proxy: {bad}")
    wanted = {"keys", "clock", "modes", "store", "trust", "disk", "descriptors", "base-url", "webfinger", "actor",
              "proxy"}
    expect(wanted <= names, f"looked at: {names}")
    for what, change, word in (
            ("Host", lambda r: r.replace(b"Host: " + host, b"Host: upstream"), "Host"),
            ("target", lambda r: r.replace(b"%2F", b"/"), "target"),
            ("path", lambda r: r.replace(b" /health/echo", b" /tocsin/health/echo"), ""),
            ("signature", lambda r: r.replace(b"Signature: ", b"X-Signature: "), "Signature"),
            ("signature input", lambda r: r.replace(b"Signature-Input: ", b"X-Input: "), "Signature-Input"),
            ("date", lambda r: r.replace(b"01 Sep 2026", b"02 Sep 2026"), "Date"),
            ("body", lambda r: r.replace(b'"doctor"}', b'"Doctor"}'), "body")):
        front.change = change
        bad, _ = examine(lab, node)
        expect(list(bad) == ["proxy"] and word in bad["proxy"]["text"], f"a proxy that changes the {what}: {bad}")
    front.change = lambda r: r.replace(b"/.well-known/webfinger", b"/nothing")
    expect(list(examine(lab, node)[0]) == ["webfinger"], "a proxy without WebFinger")
    front.change = lambda r: r.replace(b" /actor", b" /reports")
    expect("actor" in examine(lab, node)[0], "another document in place of the actor")
    front.change = lambda r: r
    front.listener.shutdown(socket.SHUT_RDWR)  # else one more connection is accepted
    front.close()
    bad, _ = examine(lab, node)
    expect(list(bad) == ["base-url"], f"no proxy at all: {bad}")
    expect(not examine(lab, node, "--local")[0], "--local does not ask outside")


def secret_is_needed(node):
    for probe in ("", "0" * 32):
        reply = node.public("POST", "/health/echo", b"{}", {"Tocsin-Probe": probe} if probe else {})
        expect(reply.status == 404, f"an echo for a stranger: {reply}")


def later(answer):
    """As from a machine whose clock is three hours ahead."""
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=3)
    date = f"\r\nDate: {email.utils.format_datetime(then, usegmt=True)}\r\n"
    return re.sub(rb"\r\nDate: [^\r]*\r\n", date.encode(), answer, count=1)


def another_clock(lab, node, peers, fronts):
    """What peers answer tells of a clock that is off, where two agree, until they answer something else."""
    for front in fronts:
        front.change_back = later
    befriend(node, peers[0])
    expect(not examine(lab, node, "--local")[0], "one alone may itself be wrong")
    befriend(node, peers[1])
    bad, _ = examine(lab, node, "--local")
    expect(list(bad) == ["clock"], f"a clock that is off: {bad}")
    expect(re.search(r"\b(179|180) minutes behind the clocks of 2\b", bad["clock"]["text"]), f"how far: {bad}")
    for front in fronts:
        front.change_back = lambda answer: answer
    for peer in peers:
        befriend(peer, node)
    wait_until(lambda: not examine(lab, node, "--local")[0], "the clocks agree")


def open_modes(lab, node):
    """Whoever may enter the directory, what is in it is for the node's user alone."""
    os.chmod(node.data_dir, 0o750)
    for name, mode in (("admin.token", 0o644), ("api.sock", 0o660)):
        path = os.path.join(node.data_dir, name)
        made = stat.S_IMODE(os.stat(path).st_mode)
        expect(made == 0o600, f"{name} has mode {made:o}")
        os.chmod(path, mode)
        bad, _ = examine(lab, node, "--local")
        expect(list(bad) == ["modes"] and path in bad["modes"]["text"], f"open modes: {bad}")
        shown = tocsin(lab, node, "doctor", "--local").stdout
        expect("chmod" in shown, f"the remedy is told: {shown}")
        os.chmod(path, made)
    os.chmod(node.data_dir, 0o755)
    bad, _ = examine(lab, node, "--local")
    expect(bad["modes"]["text"] == f"{node.data_dir} has mode 0755", f"open to all: {bad}")
    os.chmod(node.data_dir, 0o700)


def counters_agree(lab, node):
    for i in range(30):
        ids = node.report(("ip", f"198.51.100.{i}"), ("network", f"203.0.{i}.0/24"), ("domain", f"d{i}.example"))
        if i % 3 == 0:
            node.withdraw(ids[0])
    node.ask("POST", "/v1/allow", {"type": "network", "value": "192.0.2.0/25"}, (200, 201))
    node.ask("POST", "/v1/subjects/erase", {"type": "ip", "value": "198.51.100.4"}, 200)
    bad, names = examine(lab, node, "--local", "--recount")
    expect(not bad and "recount" in names, f"the counters of {node.name} agree: {bad}")


def hang_up(node):
    """SIGHUP asks many daemons to read their settings anew. This one says that it does not, and goes on."""
    process = node.process
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: "settings are read at start" in open(node.log, encoding="utf-8").read(),
               "the node says what SIGHUP is not for")
    expect(process.poll() is None and node.is_ready(), "SIGHUP ended the node")


def test(lab):
    port = free_port()
    front = Front(port)
    a = lab.node("a", port=port, base=f"http://127.0.0.1:{front.port}").start()
    b = lab.node("b").start()
    port = free_port()
    second = Front(port)
    c = lab.node("c", port=port, base=f"http://localhost:{second.port}").start()

    lab.step("the doctor behind proxies")
    secret_is_needed(a)
    another_clock(lab, b, (a, c), (front, second))
    c.stop()
    front_port = front.port
    counters_agree(lab, a)
    wait_until(lambda: len(b.reports(actor=a.actor, state="live")) == 79, "b has what a reported")
    bad, _ = examine(lab, b, "--local", "--recount")
    expect(not bad, f"the counters of b agree: {bad}")
    open_modes(lab, a)
    behind_proxies(lab, a, front)
    expect(front_port == front.port, "the proxy stayed where it was")

    lab.step("a signal that changes nothing")
    hang_up(a)

    lab.step("no node at all")
    a.stop()
    done = tocsin(lab, a, "doctor")
    expect(done.returncode == 5 and "systemctl start tocsin" in done.stdout, f"a node that is down: {done}")
    b.stop()


if __name__ == "__main__":
    chosen = parse_arguments(__doc__, TIME_SCALE)
    sys.exit(run("operating", chosen, test))
