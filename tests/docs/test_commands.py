#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs every command that README.md and docs/ show, on two nodes.

Usage: test_commands.py TOCSIND TOCSIN ROOT [PAGE…]

A block of the language `sh` is run by bash, in the order of the page, and has to succeed; its
first line may be a mark that a reader sees too:

    # as root                     not run: syntax, commands and options are checked
    # at tocsin.friend.example    run at the other node of the pair
    #!/bin/sh                     a script: syntax is checked

A `python` block is compiled, and run if it begins with `#!`; `json` is parsed. Names that stand
for the reader's own are replaced by those of the nodes (see `Page.own`). `tocsin check` may exit
with 10 or 11: these are answers.
"""

import http.server
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

from harness import befriend, expect, parse_arguments, run, wait_until  # noqa: E402

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
BLOCK_SECONDS = 60
CHECKED = ("sh", "python", "json")
FRIEND = "tocsin.friend.example"
MASTODON = "https://mastodon.example"

# What may stand in a block for root, besides Tocsin's own: a typing error is none of them.
KNOWN = set(
    "apt-get systemctl journalctl install nginx caddy meson ninja cp mv mkdir rm chown chmod tar ln"
    " adduser usermod getent loginctl dpkg-buildpackage flatpak flatpak-builder id cat tee systemd-sysusers systemd-tmpfiles".split()
)

# Pages that begin with a pair that knows each other: one follows, the other has asked to.
FOLLOWED = {"docs/operating.md"}


def blocks_of(root, page):
    """(language, text, line) of each fenced block."""
    with open(os.path.join(root, page), encoding="utf-8") as file:
        text = file.read()
    for found in BLOCK.finditer(text):
        yield found.group(1), found.group(2), text.count("\n", 0, found.start()) + 2


def pages_of(root):
    listed = ["README.md", "FEDERATION.md"]
    for directory, _, names in os.walk(os.path.join(root, "docs")):
        if os.path.basename(directory) != "man":
            listed += [os.path.relpath(os.path.join(directory, n), root) for n in names if n.endswith(".md")]
    return sorted(listed)


class Pending(http.server.BaseHTTPRequestHandler):
    """A Mastodon with a page of sign-ups that wait, and another: whom the node does not take hides nobody."""

    PAGES = {
        "": [("odd_address", '"two words"@mail.example'), ("cheap_pills_24", "c@mail.example")],
        "7": [("later_page", "d@mail.example")],
    }

    def do_GET(self):
        path, _, query = self.path.partition("?")
        asked = urllib.parse.parse_qs(query)
        after = asked.get("max_id", [""])[0]
        fine = path == "/api/v2/admin/accounts" and asked.get("status") == ["pending"]
        body = [{"id": "7", "username": name, "email": email, "ip": "192.0.2.7"} for name, email in self.PAGES[after]]
        body = json.dumps(body if fine else {"error": "no such page"}).encode()
        self.send_response(200 if fine else 404)
        self.send_header("Content-Length", str(len(body)))
        here = f"http://{self.headers['Host']}{path}?{query}"
        links = [f'<{here}&max_id=7>; rel="next"'] * (after == "") + [f'<{here}&min_id=9>; rel="prev"']
        self.send_header("Link", ", ".join(links))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Page:
    """One page with its two nodes."""

    def __init__(self, lab, tocsin, root, page):
        self.lab = lab
        self.tocsin = tocsin
        self.root = root
        self.page = page
        self.nodes = {}
        self.ran = 0
        self.bin = os.path.join(lab.dir, "bin")

    def start(self):
        """The first block that runs needs the nodes; many a page has none."""
        if not self.nodes:
            self.nodes = self.lab.pairs.get(self.page in FOLLOWED) or self.start_pair()
            self.report = self.nodes["own"].report(("ip", "192.0.2.99"))[0]

    def start_pair(self):
        name = "known" if self.page in FOLLOWED else "new"
        pair = {who: self.lab.node(f"{name}-{who}", api=True).start(wait=False) for who in ("own", "friend")}
        for node in pair.values():
            node.wait_ready()
        own, friend = pair["own"], pair["friend"]
        if self.page in FOLLOWED:
            befriend(own, friend)
            friend.follow(own.actor)
            wait_until(lambda: (own.peer(friend.actor) or {}).get("follower"), "the friend asked")
        self.lab.pairs[self.page in FOLLOWED] = pair
        return pair

    def own(self, who):
        """What is written on the page, and what it is here."""
        node = self.nodes[who]
        other = self.nodes["friend" if who == "own" else "own"]
        work = os.path.join(self.lab.dir, f"work-{node.name}")
        os.makedirs(work, exist_ok=True)
        return {
            "/var/lib/tocsin": node.data_dir,
            "/etc/tocsin/node.conf": node.config,
            "/var/backups": work,
            "http://127.0.0.1:8478": f"http://127.0.0.1:{node.api_port}",
            "http://127.0.0.1:8477": f"http://127.0.0.1:{node.port}",
            "https://" + FRIEND: other.base,
            FRIEND: other.actor,
            "REPORT": self.report,
            MASTODON: self.lab.mastodon,
        }

    def replaced(self, text, who):
        for written, here in self.own(who).items():
            text = text.replace(written, here)
        return text

    def environment(self, who):
        node = self.nodes[who]
        return dict(
            os.environ,
            PATH=self.bin + os.pathsep + os.environ["PATH"],
            TOCSIN_SOCKET=node.socket,
            TOKEN_FILE=os.path.join(node.data_dir, "admin.token"),
            MASTODON_TOKEN_FILE=os.devnull,
            LC_ALL="C.UTF-8",
            no_proxy="*",
            HOME=self.lab.dir,
        )

    def run(self, command, who, where):
        work = os.path.join(self.lab.dir, "cwd")
        os.makedirs(work, exist_ok=True)
        done = subprocess.run(
            command, cwd=work, env=self.environment(who), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=BLOCK_SECONDS, text=True,
        )
        expect(done.returncode == 0, f"{where}: exit {done.returncode}\n{done.stdout[-2000:]}")
        self.ran += 1
        return done.stdout

    def shell(self, text, where):
        self.lab.subjects.update(re.findall(r"\b(?:ip|email|username|url)=(\S+)", text))
        expect(
            subprocess.run(["bash", "-n"], input=text, text=True).returncode == 0,
            f"{where}: bash does not understand it",
        )
        first = text.split("\n", 1)[0]
        if first.startswith("#!"):
            return
        if first.startswith("# as root"):
            self.look(text, where)
            return
        self.start()
        who = "friend" if first.startswith(f"# at {FRIEND}") else "own"
        self.run(["bash", "-euo", "pipefail", "-c", self.replaced(text, who)], who, where)

    def look(self, text, where):
        """Commands and options of a block that is not run."""
        seen = 0
        for line in text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            while words and (words[0] == "sudo" or re.match(r"\w+=", words[0])):
                words = words[3:] if words[:2] == ["sudo", "-u"] else words[1:]
            if not words:
                continue
            seen += 1
            if words[0] in ("tocsin", "tocsind"):
                self.check_options(words, where)
            elif "/" in words[0]:
                path = os.path.join(self.root, words[0])
                expect(os.access(path, os.X_OK), f"{where}: no program {words[0]} in the source")
            else:
                expect(words[0] in KNOWN, f"{where}: what is {words[0]}?")
        expect(seen, f"{where}: an empty block")

    def check_options(self, words, where):
        program = self.tocsin if words[0] == "tocsin" else self.lab.tocsind
        path = []
        if words[0] == "tocsin":
            for word in words[1:]:
                told = subprocess.run([program, "--list-commands", *path], capture_output=True, text=True)
                if word not in told.stdout.split() or word.startswith("-"):
                    break
                path.append(word)
            expect(path, f"{where}: no such command: {' '.join(words)}")
        told = subprocess.run([program, *path, "--help"], capture_output=True, text=True, check=True).stdout
        for word in words[1:]:
            option = re.match(r"--[a-z-]+", word)
            expect(not option or option.group() in told, f"{where}: {' '.join(words)} has no {word}")

    @staticmethod
    def check_waiting(told, where):
        listed = [line.split(" ", 1) for line in told.splitlines()]
        names = [name for accounts in Pending.PAGES.values() for name, _ in accounts]
        expect([name for name, _ in listed] == names, f"{where}: not all who wait: {told}")
        unchecked = [name for name, verdict in listed if verdict.startswith("was not checked: ")]
        expect(unchecked == ["odd_address"], f"{where}: {told}")

    def check(self):
        for language, text, line in blocks_of(self.root, self.page):
            where = f"{self.page}:{line}"
            if language == "sh":
                self.shell(text, where)
            elif language == "json":
                json.loads(text)
            elif language == "python":
                compile(text, where, "exec")
                if text.startswith("#!"):
                    self.start()
                    told = self.run([sys.executable, "-c", self.replaced(text, "own")], "own", where)
                    if MASTODON in text:
                        self.check_waiting(told, where)
        self.lab.step(f"{self.page}: {self.ran} blocks ran")


def make_wrappers(directory, tocsin, tocsind, root):
    """`tocsin check` answers by its exit; `tocsind` in the foreground would stay; `curl` is told no token in words
    that a process list has."""
    os.makedirs(directory)
    lines = {
        "tocsin": f'{shlex.quote(tocsin)} "$@"; s=$?; [ $s = 10 ] || [ $s = 11 ] || exit $s',
        "tocsind": f'exec {shlex.quote(tocsind)} "$@" --check-config',
        "curl": f'case "$*" in *tocsin_?????????????*) echo >&2 "a token is in the arguments"; exit 99 ;; esac\n'
        f'exec {shutil.which("curl") or "/usr/bin/curl"} "$@"',
    }
    for name, line in lines.items():
        path = os.path.join(directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{line}\n")
        os.chmod(path, 0o755)
    scripts = os.path.join(directory, "..", "cwd", "build-aux")
    os.makedirs(scripts)
    for name in ("run", "check"):  # they have tests of their own
        path = os.path.join(scripts, name)
        expect(os.access(os.path.join(root, "build-aux", name), os.X_OK), f"no build-aux/{name}")
        os.symlink(shutil.which("true"), path)


def test(options, lab):
    mastodon = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pending)
    threading.Thread(target=mastodon.serve_forever, daemon=True).start()
    lab.pairs = {}
    lab.mastodon = f"http://127.0.0.1:{mastodon.server_port}"
    root = os.path.abspath(options.root)
    tocsin = os.path.abspath(options.tocsin)
    make_wrappers(os.path.join(lab.dir, "bin"), tocsin, lab.tocsind, root)
    ran = 0
    for name in options.pages or pages_of(root):
        if any(language in CHECKED for language, _, _ in blocks_of(root, name)):
            page = Page(lab, tocsin, root, name)
            page.check()
            ran += page.ran
    expect(options.pages or ran > 30, f"only {ran} blocks ran: have they lost their language?")
    mastodon.shutdown()


if __name__ == "__main__":
    chosen = parse_arguments(
        __doc__.split("\n", maxsplit=1)[0],
        60,
        [("tocsin", {}), ("root", {}), ("pages", {"nargs": "*"})],
    )
    sys.exit(run("docs", chosen, lambda lab: test(chosen, lab)))
