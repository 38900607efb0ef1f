#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A node and a snac: a small server that knows nothing of reports and signs with drafts alone.

A user of snac follows the node, is accepted, is sent a report and does not choke on it, and
unfollows; the node follows the user, is accepted by snac itself, and unfollows.
Exit status 77: skipped, for want of snac.
"""

import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

# pylint: disable=wrong-import-position
from harness import Failure, expect, free_port, parse_arguments, run, wait_until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77
TIME_SCALE = 600
USER = "alice"


def find_snac():
    """Where build-aux/install-deps unpacks it, or the system's own."""
    unpacked = os.path.join(HERE, "snac2", "usr", "bin", "snac")
    for candidate in filter(None, (unpacked, shutil.which("snac"))):
        try:
            # Without arguments it tells its commands.
            subprocess.run([candidate], capture_output=True, check=False, timeout=30)
        except OSError:
            continue
        return candidate
    return None


class Snac:
    """One server with one user."""

    def __init__(self, lab, program):
        self.program = program
        self.directory = os.path.join(lab.dir, "snac")
        self.log = os.path.join(lab.dir, "snac.log")
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.actor = f"{self.base}/{USER}"
        # Address, port, host, prefix, mail of its operator.
        self.command("init", answers=f"127.0.0.1\n{port}\n127.0.0.1:{port}\n\n\n")
        self.command("adduser", USER, answers=f"{USER}\nAlice\n")
        self.mend_keys()
        path = os.path.join(self.directory, "server.json")
        with open(path, encoding="utf-8") as file:
            settings = json.load(file)
        with open(path, "w", encoding="utf-8") as file:
            json.dump({**settings, "protocol": "http", "dbglevel": 1}, file)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [program, "httpd", self.directory], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def mend_keys(self):
        """2.75 writes what its memory held behind the keys: more than PEM, seldom even UTF-8."""
        path = os.path.join(self.directory, "user", USER, "key.json")
        with open(path, encoding="utf-8", errors="replace") as file:
            keys = json.load(file)
        pem = re.compile(r"-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\n")
        for name in ("public", "secret"):
            keys[name] = pem.match(keys[name]).group()
        with open(path, "w", encoding="utf-8") as file:
            json.dump(keys, file)

    def command(self, name, *arguments, answers=""):
        done = subprocess.run(
            [self.program, name, self.directory, *arguments],
            input=answers.encode(),
            capture_output=True,
            check=False,
            timeout=60,
        )
        expect(done.returncode == 0, f"snac {name}: {done.stdout + done.stderr}")

    def follows(self, actor):
        """Whether its user follows that actor and was accepted."""
        room = os.path.join(self.directory, "user", USER, "following")
        for name in os.listdir(room):
            if not name.endswith(".json"):
                continue
            with open(os.path.join(room, name), encoding="utf-8") as file:
                try:
                    entry = json.load(file)
                except ValueError:
                    continue  # half written
            if actor in (entry.get("actor"), entry.get("object")):
                return entry.get("type") == "Accept"
        return False

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def it_follows_us(lab, node, snac):
    lab.step("snac follows the node and is accepted")
    snac.command("follow", USER, node.actor)
    wait_until(
        lambda: (node.peer(snac.actor) or {}).get("follower") == "pending", "the Follow is pending"
    )
    node.act(snac.actor, "accept")
    wait_until(lambda: snac.follows(node.actor), "snac has taken our Accept")

    lab.step("snac is sent a report")
    node.report(("ip", f"203.0.113.{lab.random.randrange(256)}"))
    wait_until(lambda: node.peer(snac.actor)["given"] == 1, "the report was taken")
    peer = node.peer(snac.actor)
    expect(peer["breaker"] == "closed", f"and nothing went wrong: {peer}")

    lab.step("snac unfollows")
    snac.command("unfollow", USER, node.actor)
    wait_until(
        lambda: (node.peer(snac.actor) or {}).get("follower", "none") == "none",
        "snac is no follower any more",
    )


def we_follow_it(lab, node, snac):
    lab.step("the node follows a user of snac, and is accepted")
    node.follow(snac.actor)
    wait_until(
        lambda: (node.peer(snac.actor) or {}).get("following") == "accepted", "we are accepted"
    )
    lab.step("the node unfollows")
    node.ask("DELETE", "/v1/peers/" + snac.actor.replace(":", "%3A").replace("/", "%2F"))
    room = os.path.join(snac.directory, "user", USER, "followers")
    wait_until(
        lambda: not any(name.endswith(".json") for name in os.listdir(room)),
        "snac has taken our Undo",
    )


def main():
    options = parse_arguments(__doc__, TIME_SCALE)
    program = find_snac()
    if program is None:
        print("1..0 # SKIP snac is not installed; build-aux/install-deps check gets it where it can")
        return SKIPPED

    def test(lab):
        node = lab.node("node").start()
        snac = Snac(lab, program)
        try:
            it_follows_us(lab, node, snac)
            we_follow_it(lab, node, snac)
        except Failure:
            with open(snac.log, encoding="utf-8", errors="replace") as log:
                print("".join(f"# snac: {line}" for line in log.readlines()[-40:]), end="")
            raise
        finally:
            snac.end()
        node.stop()

    return run("snac", options, test)


if __name__ == "__main__":
    sys.exit(main())
