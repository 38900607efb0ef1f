#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The shipped data/nginx.conf, data/Caddyfile and data/Caddyfile-gate, with real nodes.

Usage: test_proxies.py TOCSIND TOCSIN ROOT

Only name, port and certificate are changed. Behind each proxy a node and one without a proxy follow
each other, so that signed POSTs and GETs pass through it; `tocsin doctor` finds nothing wrong; a
body that is too large is refused; with what docs/exports.md adds, one list is shown to who has a token, and nothing
else of the API side. With the gate Caddy lets a client in, keeps a reported one out, and
stays open or closed while the node is away, as the file says. (data/nginx-gate.conf:
tests/scenario/answers.py.) Skipped (77) where there is neither nginx nor Caddy.
"""

import base64
import http.client
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

from harness import befriend, expect, free_port, parse_arguments, run, wait_until  # noqa: E402

STOP_SECONDS = 20


class Proxy:
    """One proxy with the shipped settings, in a folder of its own."""

    def __init__(self, lab, root, name):
        self.dir = os.path.join(lab.dir, name + "-proxy")
        self.log = os.path.join(lab.dir, name + "-proxy.log")
        self.root = root
        self.port = free_port()
        os.mkdir(self.dir)

    def settings(self, name):
        with open(os.path.join(self.root, "data", name), encoding="utf-8") as file:
            return file.read()

    def start(self, command, **more):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.dir, **more
            )
        wait_until(self.is_up, f"{command[0]} listens")

    def is_up(self):
        expect(self.process.poll() is None, f"the proxy ended: {self.told()}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.connect()
            connection.close()
            return True
        except OSError:
            return False

    def told(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()[-1000:]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def find(program: str) -> str | None:
    """Debian puts servers where only root looks."""
    return shutil.which(program, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin")))


def changed(text, pattern, replacement):
    new, n = re.subn(pattern, replacement, text, flags=re.M)
    expect(n, f"the shipped file has no {pattern}")
    return new


def shown_list(proxy, language, node):
    """What docs/exports.md adds for it."""
    with open(os.path.join(proxy.root, "docs", "exports.md"), encoding="utf-8") as page:
        found = re.search(rf"^```{language}\n([^`]*/tocsin/domains\.csv[^`]*)^```$", page.read(), re.M)
    expect(found, f"docs/exports.md shows a list by {language}")
    return changed(found[1], r"127\.0\.0\.1:8478", f"127.0.0.1:{node.api_port}")


def start_nginx(proxy, node):
    text = proxy.settings("nginx.conf")
    text = changed(text, r"^ *listen \[::\].*\n", "")
    text = changed(text, r"listen 443 ssl;", f"listen 127.0.0.1:{proxy.port};")
    text = changed(text, r"listen 80;", f"listen 127.0.0.1:{free_port()};")
    text = changed(text, r"^ *ssl_certificate.*\n", "")
    text = changed(text, r"127\.0\.0\.1:8477", f"127.0.0.1:{node.port}")
    text = changed(text, r"^    location / ", shown_list(proxy, "nginx", node) + r"\g<0>")
    paths = "".join(f"{kind}_temp_path {proxy.dir}/{kind};\n"
                    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    whole = os.path.join(proxy.dir, "nginx.conf")
    with open(whole, "w", encoding="utf-8") as file:
        file.write(f"daemon off;\npid {proxy.dir}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}{text}}}\n")
    proxy.start([find("nginx"), "-c", whole, "-e", "stderr", "-p", proxy.dir])


def start_caddy(proxy, node):
    text = proxy.settings("Caddyfile")
    text = changed(text, r"^tocsin\.example \{", f"http://127.0.0.1:{proxy.port} {{")
    text = changed(text, r"127\.0\.0\.1:8477", f"127.0.0.1:{node.port}")
    text = changed(text, r"^\treverse_proxy ", shown_list(proxy, "caddyfile", node) + r"\g<0>")
    run_caddy(proxy, text)


def run_caddy(proxy, text, **environment):
    whole = os.path.join(proxy.dir, "Caddyfile")
    with open(whole, "w", encoding="utf-8") as file:
        file.write("{\n\tadmin off\n\tauto_https off\n}\n" + text)
    home = dict(os.environ, HOME=proxy.dir, XDG_DATA_HOME=proxy.dir, XDG_CONFIG_HOME=proxy.dir, **environment)
    settings = ["--config", whole, "--adapter", "caddyfile"]
    told = subprocess.run([find("caddy"), "adapt", *settings], env=home, capture_output=True, text=True, check=True)
    expect(not any(secret in told.stdout for secret in environment.values()), "no secret is in what Caddy tells of itself")
    proxy.start([find("caddy"), "run", *settings], env=home)


STARTERS = {"nginx": start_nginx, "caddy": start_caddy}


def send_long_body(port):
    """Proxy and node both refuse it; who is first decides whether it is a 413 or a 502, and whether
    there is time to read the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/inbox", b"x" * 600_000, {"Content-Type": "application/activity+json"})
        return connection.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        return 413
    finally:
        connection.close()


def look_at_list(node, port):
    token = node.ask("POST", "/v1/tokens", {"name": "gotosocial", "scopes": ["stream"]}, 201)["token"]
    basic = {"Authorization": "Basic " + base64.b64encode(b"anyone:" + token.encode()).decode()}
    for path, headers, answer in (("/tocsin/domains.csv", basic, 200), ("/tocsin/domains.csv", {}, 401),
                                  ("/v1/export/mastodon-csv", basic, 404), ("/tocsin/domains.csv/", basic, 404)):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            reply = connection.getresponse()
            expect(reply.status == answer, f"{path} with {len(headers)} token is {answer}, not {reply.status}")
            expect(answer != 200 or reply.read().startswith(b"#domain,"), "the list, as Mastodon writes it")
        finally:
            connection.close()


def look(lab, options, plain, name):
    proxy = Proxy(lab, os.path.abspath(options.root), name)
    node = lab.node("behind-" + name, base=f"http://127.0.0.1:{proxy.port}", api=True)
    STARTERS[name](proxy, node)
    try:
        node.start()
        befriend(plain, node)
        befriend(node, plain)
        report = node.report(("ip", "198.51.100.7"))[0]
        wait_until(lambda: any(r["id"] == report for r in plain.reports()), "a report left through the proxy's node")
        back = plain.report(("ip", "198.51.100.8"))[0]
        wait_until(lambda: any(r["id"] == back for r in node.reports()), "a report came in through the proxy")
        done = subprocess.run([os.path.abspath(options.tocsin), "doctor", "--socket", node.socket],
                              capture_output=True, text=True, env=dict(os.environ, no_proxy="*"))
        expect(done.returncode == 0, f"doctor behind {name}: {done.stdout}{done.stderr}")
        status = send_long_body(proxy.port)
        expect(status in (413, 502), f"a body of 600 kB is too large, not {status}")
        look_at_list(node, proxy.port)
        node.stop()
        lab.step(f"{name}: passed")
    finally:
        proxy.stop()


# ---- the gate ----

SPAMMER = "203.0.113.77"


# What a client may ask a site for, and the node would not take.
ODD_TARGETS = ("/?a=%E4", "/?%", "/?a=%ff", "/?q=" + "q" * 4000)
BROKEN = "/broken"


class Site(http.server.BaseHTTPRequestHandler):
    """What is behind the gate; it must not learn the node's token, and loses nothing of the client's."""

    asked = []  # each target, as often as it was asked for

    def do_GET(self):
        self.asked.append(self.path)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == BROKEN:
            self.close_connection = True
            return
        told = self.headers.get("Authorization") is not None
        whole = self.headers.get("Cookie") == "session=" + "c" * 8000
        self.send_response(500 if told or not whole else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_):
        pass


def try_gate(lab, root, gate, token, probes):
    """Runs probes(status) against a Caddy with these settings; status(client, …) asks as that client."""
    lab.gates += 1
    proxy = Proxy(lab, root, f"gate-{lab.gates}")
    text = changed(gate, r"^social\.example \{", f"http://127.0.0.1:{proxy.port} {{")

    def status(client, target="/", method="GET", body=None, **more):
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)
        try:
            connection.request(method, target, body, {"X-Test-Client": client, "X-Real-IP": SPAMMER,
                                                      "Cookie": "session=" + "c" * 8000, **more})
            return connection.getresponse().status
        finally:
            connection.close()

    run_caddy(proxy, text, TOCSIN_TOKEN=token)
    try:
        probes(status)
    finally:
        proxy.stop()


def look_at_gate(lab, options):
    root = os.path.abspath(options.root)
    node = lab.node("gated", api=True).start()
    node.report(("ip", SPAMMER))
    lab.subjects.add("192.0.2.1")
    token = node.ask("POST", "/v1/tokens", {"name": "caddy", "scopes": ["check"]}, 201)["token"]
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    with open(os.path.join(root, "data", "Caddyfile-gate"), encoding="utf-8") as file:
        shipped = changed(file.read(), r"127\.0\.0\.1:8478", f"127.0.0.1:{node.api_port}")
    shipped = changed(shipped, r"127\.0\.0\.1:3000", f"127.0.0.1:{site.server_port}")
    # Every client here is 127.0.0.1, so that most of the following name another.
    named = changed(shipped, r"\{remote_host\}", "{header.X-Test-Client}")

    def gated(status):
        expect(status("192.0.2.1") == 200, "a client that nobody reported comes in")
        expect(status(SPAMMER) == 403, "the spammer stays out")
        for target in ODD_TARGETS:
            expect(status("192.0.2.1", target) == 200 and Site.asked[-1] == target, f"the site decides about {target[:9]}")
            expect(status(SPAMMER, target) == 403, f"and {target[:9]} lets nobody in")
        for who, answer in (("192.0.2.1", 200), (SPAMMER, 403)):
            got = status(who, "/upload", "POST", b"x" * 5000, Expect="100-continue")
            expect(got == answer, f"who waits before an upload gets {answer}, not {got}")
        expect(status("192.0.2.1", BROKEN, "POST") == 502, "what fails at the site is told")
        expect(Site.asked.count(BROKEN) == 1, f"the site got one request {Site.asked.count(BROKEN)} times")
        node.stop()
        expect(status(SPAMMER) == 200, "fail open: the node is away")
        expect(status(SPAMMER, "/once", "POST") == 200 and Site.asked.count("/once") == 1, "once, too")
        node.start()
        expect(status(SPAMMER) == 403, "and back")

    def closed(status):
        node.stop()
        expect(status("192.0.2.1") == 502, "fail closed: without the last block")
        node.start()

    try:
        try_gate(lab, root, shipped, token,
                 lambda status: expect(status(SPAMMER) == 200, "what a client claims to be counts for nothing"))
        try_gate(lab, root, named, token, gated)
        try_gate(lab, root, named, "tocsin_wrong",
                 lambda status: expect(status("192.0.2.1") == 401, "a wrong token reaches the client"))
        try_gate(lab, root, changed(named, r"^\t@no_gate .*\n\thandle_errors \{\n.*\n\t\}\n", ""), token, closed)
    finally:
        site.shutdown()
    node.stop()
    lab.step("Caddyfile-gate: passed")


def test(lab, options, names):
    lab.gates = 0
    if "caddy" in names:
        look_at_gate(lab, options)
    else:
        lab.skip("caddy is not installed, so data/Caddyfile and data/Caddyfile-gate are not tried")
    if "nginx" not in names:
        lab.skip("nginx is not installed, so data/nginx.conf is not tried")
    plain = lab.node("plain").start()
    for name in names:
        look(lab, options, plain, name)


if __name__ == "__main__":
    chosen = parse_arguments(__doc__.split("\n", maxsplit=1)[0], 60, [("tocsin", {}), ("root", {})])
    found = [name for name in STARTERS if find(name)]
    if not found:
        print("skipped: neither nginx nor caddy here")
        sys.exit(77)
    sys.exit(run("proxies", chosen, lambda lab: test(lab, chosen, found)))
