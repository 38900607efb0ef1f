#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The shipped data/nginx.conf and data/Caddyfile, before real nodes.

Usage: test_proxies.py TOCSIND TOCSIN ROOT

Only name, port and certificate are changed. Behind each proxy a node and one without a proxy follow
each other, so that signed POSTs and GETs pass through it; `tocsin doctor` finds nothing wrong; a
body that is too large is refused. Skipped (77) where there is neither nginx nor Caddy.
"""

import http.client
import os
import re
import shutil
import subprocess
import sys

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


def start_nginx(proxy, node_port):
    text = proxy.settings("nginx.conf")
    text = changed(text, r"^ *listen \[::\].*\n", "")
    text = changed(text, r"listen 443 ssl http2;", f"listen 127.0.0.1:{proxy.port};")
    text = changed(text, r"listen 80;", f"listen 127.0.0.1:{free_port()};")
    text = changed(text, r"^ *ssl_certificate.*\n", "")
    text = changed(text, r"127\.0\.0\.1:8477", f"127.0.0.1:{node_port}")
    paths = "".join(f"{kind}_temp_path {proxy.dir}/{kind};\n"
                    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    whole = os.path.join(proxy.dir, "nginx.conf")
    with open(whole, "w", encoding="utf-8") as file:
        file.write(f"daemon off;\npid {proxy.dir}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}{text}}}\n")
    proxy.start([find("nginx"), "-c", whole, "-e", "stderr", "-p", proxy.dir])


def start_caddy(proxy, node_port):
    text = proxy.settings("Caddyfile")
    text = changed(text, r"^tocsin\.example \{", f"http://127.0.0.1:{proxy.port} {{")
    text = changed(text, r"127\.0\.0\.1:8477", f"127.0.0.1:{node_port}")
    whole = os.path.join(proxy.dir, "Caddyfile")
    with open(whole, "w", encoding="utf-8") as file:
        file.write("{\n\tadmin off\n\tauto_https off\n}\n" + text)
    home = dict(os.environ, HOME=proxy.dir, XDG_DATA_HOME=proxy.dir, XDG_CONFIG_HOME=proxy.dir)
    proxy.start([find("caddy"), "run", "--config", whole, "--adapter", "caddyfile"], env=home)


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


def look(lab, options, plain, name):
    proxy = Proxy(lab, os.path.abspath(options.root), name)
    node = lab.node("behind-" + name, base=f"http://127.0.0.1:{proxy.port}")
    STARTERS[name](proxy, node.port)
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
        node.stop()
        lab.step(f"{name}: passed")
    finally:
        proxy.stop()


def test(lab, options, names):
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
