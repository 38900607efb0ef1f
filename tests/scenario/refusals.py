#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hostile requests, one after the other.

Each has to get the status that the protocol gives, change nothing, cost at most the documented
fetches and bounded memory, and the node still answers. Without --long, what has to wait for a
time-out is left out.
"""

import gzip
import json
import socket
import sys
import tempfile
import time

import refusal_cases
from harness import expect, parse_arguments, run, wait_until
from stranger import MEDIA_TYPE, Key, Stranger, exchange, read_status

TIME_SCALE = 60
# Of documents; a refused one is asked for with both kinds of signature, and a redirection that is
# followed counts.
FETCHES_MAX = 3
# Under AddressSanitizer, which keeps freed memory a while.
GROWTH_MAX_BYTES = 192 * 1024 * 1024
OPEN_CONNECTIONS = 300
CASES_MIN = 150
# A cap on requests would hide what each of them gets.
SETTINGS = "peer-requests-per-minute=100000\naddress-requests-per-minute=1000000\n"


class Cast:
    """Who takes part; see refusal_cases."""

    def __init__(self, lab, directory):
        self.rsa, self.ed25519 = Key("2048", directory), Key("ed25519", directory)
        self.directory = directory
        self.node = lab.node("node", settings=SETTINGS).start()
        self.peer = self.stranger()
        self.prover = Stranger(Key("2048", directory), Key("ed25519", directory), "1.0")
        self.nobody = self.stranger()
        self.everyone = [self.peer, self.prover, self.nobody]
        for stranger in (self.peer, self.prover):
            self.make_peer(stranger)
        self.held = self.peer.add()
        self.foreign = self.prover.prove(self.prover.add())
        expect(self.send(self.peer.request(self.node, self.held)) == 202, "a right Add is taken")
        proven = self.prover.request(self.node, self.foreign, "rfc9421")
        expect(self.send(proven) == 202, "an Add with a proof is taken")
        # Trust is computed aside; only then nothing changes by itself any more.
        wait_until(lambda: self.verdict()[0] == "review", "two peers make a review")

    def stranger(self):
        return Stranger(self.rsa, self.ed25519)

    def make_peer(self, stranger):
        """The node follows it, and it accepts."""
        self.node.follow(stranger.actor)
        follow = wait_until(lambda: self.follow_of(stranger), "the Follow is delivered")
        accept = stranger.activity("Accept", object=follow["id"], to=self.node.actor)
        status = self.send(stranger.request(self.node, stranger.prove(accept)))
        expect(status == 202, f"the Accept is taken: {status}")
        expect(self.node.peer(stranger.actor)["following"] == "accepted", "the peer is followed")

    @staticmethod
    def follow_of(stranger):
        for path, _headers, body in stranger.posted:
            if path == "/inbox" and json.loads(body)["type"] == "Follow":
                return json.loads(body)
        return None

    def send(self, request, seconds=60):
        return exchange(self.node.port, request.to_bytes(), seconds)

    def fetches(self):
        return sum(len(stranger.fetched) for stranger in self.everyone)

    def state(self):
        """All that a hostile request could change, as the operator sees it."""
        node = self.node
        reports = sorted((row["id"], row["state"]) for row in node.reports())
        peers = sorted(
            (p["actor"], p["following"], p["follower"]) for p in node.ask("GET", "/v1/peers")["peers"]
        )
        return reports, peers, self.verdict()

    def verdict(self):
        answer = self.node.check(("ip", "203.0.113.9"))
        return answer["verdict"], answer["score"]

    def close(self):
        for stranger in self.everyone:
            stranger.close()


class Count:
    """What was tried, and what came out wrong: all of it, not only the first."""

    def __init__(self):
        self.tried, self.wrong = 0, []

    def judge(self, name, status, allowed):
        self.tried += 1
        if status not in allowed:
            self.wrong.append(f"{name}: {status}, not {' or '.join(map(str, allowed))}")


def plain_cases(cast, count):
    for group in refusal_cases.GROUPS:
        before = cast.state()
        for name, allowed, request in group(cast):
            fetched = cast.fetches()
            status = cast.send(request, 3 if 0 in allowed else 60)
            count.judge(name, status, allowed)
            cost = cast.fetches() - fetched
            if cost > FETCHES_MAX:
                count.wrong.append(f"{name}: {cost} fetches")
        if cast.state() != before:
            count.wrong.append(f"{group.__name__} changed {difference(before, cast.state())}")


def difference(before, after):
    """What of two states is not in both."""
    parts = [set(old) ^ set(new) for old, new in zip(before, after)]
    return "; ".join(str(part) for part in parts if part)


def replays(cast, count):
    """The one thing that is answered 202: exactly the same again."""
    before = cast.state()
    for scheme in ("draft", "rfc9421"):
        again = cast.peer.request(cast.node, cast.held, scheme)
        for _ in range(3):
            count.judge(f"a replay, {scheme}", cast.send(again), (202,))
    relayed = cast.peer.request(cast.node, cast.foreign)
    count.judge("a relay of what is known", cast.send(relayed), (202,))
    if cast.state() != before:
        count.wrong.append("replays changed something")


def documents(cast, lab):
    """Key documents: name, what the stranger has at /actor. Each is an actor on a port of its own,
    because a failure is remembered for the whole host."""
    weak, vast, curve = (Key(kind, cast.directory) for kind in ("1024", "4608", "p256"))
    spare = cast.nobody

    def changed(**members):
        return lambda s: {**s.document(), **members}

    def pem(text):
        return lambda s: {
            **s.document(),
            "publicKey": {"id": s.rsa_id, "owner": s.actor, "publicKeyPem": text},
            "assertionMethod": [],
        }

    def answers(status, body=b"", media_type=MEDIA_TYPE, **headers):
        return lambda s: lambda h: h.reply(status, body, media_type, **headers)

    def knocked_at(stranger):
        """Asked for with both signatures, and leads to what would be, too: four in all, if they let it."""
        elsewhere = json.dumps({**stranger.document(), "id": spare.base + "/knock"}).encode()
        spare.documents["/knock"] = answers(401)(spare)

        def answer(handler):
            knows = "Signature-Input" in handler.headers
            handler.reply(200 if knows else 401, elsewhere if knows else b"", MEDIA_TYPE)

        return answer

    bomb = gzip.compress(b" " * 200_000_000)
    yield "of no actor", changed(type="Note")
    yield "of another id", changed(id=spare.actor)
    yield "without a key", changed(publicKey=None, assertionMethod=None)
    yield "with another's key", changed(
        publicKey={"id": spare.rsa_id, "owner": spare.actor, "publicKeyPem": cast.rsa.pem}
    )
    yield "owned by another", lambda s: {
        **s.document(),
        "publicKey": {"id": s.rsa_id, "owner": spare.actor, "publicKeyPem": s.rsa.pem},
    }
    yield "of 1024 bits", pem(weak.pem)
    yield "of 4608 bits", pem(vast.pem)
    yield "on a curve", pem(curve.pem)
    yield "of no key", pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    yield "of a private key's kind", pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    for status in (204, 206, 401, 403, 404, 410, 418, 500, 503):
        yield f"answered {status}", answers(status)
    yield "behind two knocks", knocked_at
    yield "in HTML", lambda s: answers(200, json.dumps(s.document()).encode(), "text/html")(s)
    yield "no JSON", answers(200, b"hello")
    yield "of 10,000 levels", answers(200, b"[" * 10000)
    yield "of 2 MiB", answers(200, b'{"a":"' + b"a" * (2 << 20) + b'"}')
    yield "a gzip bomb", answers(200, bomb, Content_Encoding="gzip")
    yield "in a strange coding", answers(200, b"xx", Content_Encoding="br")
    yield "redirected to itself", lambda s: answers(302, Location=s.actor)(s)
    yield "redirected in a circle", lambda s: answers(302, Location=s.base + "/actor?x")(s)
    yield "redirected to another origin", answers(302, Location=spare.actor)
    yield "redirected to a private address", answers(302, Location="http://10.0.0.1/actor")
    yield "redirected to this node", lambda s: answers(302, Location=cast.node.actor)(s)
    yield "redirected to a file", answers(302, Location="file:///etc/passwd")
    yield "redirected nowhere", answers(302)
    yield "cut short", lambda s: cut_short
    yield "endless", lambda s: endless
    if lab.is_long:
        yield "silent", lambda s: silent
        yield "slow", lambda s: slow


def cut_short(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", MEDIA_TYPE)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.close_connection = True


def endless(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", MEDIA_TYPE)
    handler.end_headers()
    for _ in range(4096):
        handler.wfile.write(b" " * 65536)
    handler.close_connection = True


def silent(handler):
    handler.connection.recv(1)


def slow(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", MEDIA_TYPE)
    handler.end_headers()
    for _ in range(600):
        handler.wfile.write(b" ")
        handler.connection.settimeout(0.1)
        try:
            if not handler.connection.recv(1):
                return
        except TimeoutError:
            continue


def key_documents(cast, count, lab):
    before = cast.state()
    for name, make in documents(cast, lab):
        stranger = cast.stranger()
        try:
            stranger.documents["/actor"] = make(stranger)
            fetched = len(cast.nobody.fetched)
            request = stranger.request(cast.node, stranger.activity("Follow", object=cast.node.actor))
            began = time.monotonic()
            count.judge(f"key document {name}", cast.send(request), (401,))
            if time.monotonic() - began > 20:
                count.wrong.append(f"key document {name}: held the request for more than 20 s")
            cost = len(stranger.fetched) + len(cast.nobody.fetched) - fetched
            if cost > FETCHES_MAX:
                count.wrong.append(f"key document {name}: {cost} fetches")
            asked = len(stranger.fetched)
            count.judge(f"key document {name}, again", cast.send(request), (401,))
            if len(stranger.fetched) - asked > cost:
                count.wrong.append(f"key document {name}: more fetches the second time")
        finally:
            stranger.close()
    if cast.state() != before:
        count.wrong.append("key documents changed something")


def key_flood(cast, count):
    """Many key ids of one host: 20 fetches a minute, then 503."""
    stranger = cast.stranger()
    try:
        seen = []
        for number in range(40):
            stranger.documents[f"/{number}"] = stranger.document()
            request = stranger.request(
                cast.node, stranger.add(), key_id=f"{stranger.base}/{number}"
            )
            seen.append(cast.send(request))
        count.judge("a flood of key ids", seen[-1], (503,))
        if len(stranger.fetched) > 25:
            count.wrong.append(f"a flood of key ids: {len(stranger.fetched)} fetches of one host")
    finally:
        stranger.close()


def connections(cast, count):
    """Half-open and dribbling ones, while the node goes on answering others."""
    kept = []
    try:
        starts = (b"", b"P", b"POST /inbox HTTP/1.1\r\n", b"POST /inbox HTTP/1.1\r\nHost: x\r\nX: ")
        body = cast.peer.request(cast.node, cast.peer.add()).to_bytes()[:-10]
        for number in range(OPEN_CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", cast.node.port), timeout=10)
            kept.append(connection)
            connection.sendall((*starts, body)[number % (len(starts) + 1)])
        for _ in range(20):
            for connection in kept[3::5]:
                try:
                    connection.sendall(b"a")
                except OSError:
                    continue
            answer = cast.node.api("GET", "/health/ready")
            count.judge("the API beside half-open connections", answer.status, (200,))
        with socket.create_connection(("127.0.0.1", cast.node.port), timeout=30) as connection:
            connection.sendall(b"GET /actor HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            # Loopback is nobody: connections are not counted against it.
            status = read_status(connection)
            count.judge("the public side beside half-open connections", status, (200,))
    finally:
        for connection in kept:
            connection.close()


def still_answers(cast):
    wait_until(
        lambda: cast.node.public("GET", "/actor").status == 200, "the public side answers again", 30
    )
    again = cast.peer.add()
    status = cast.send(cast.peer.request(cast.node, again, "rfc9421"))
    expect(status == 202, f"a right Add is still taken: {status}")
    live = {row["id"] for row in cast.node.reports(state="live")}
    expect(again["object"]["id"] in live, "and counts")


def test(lab):
    count = Count()
    with tempfile.TemporaryDirectory(dir=lab.dir) as directory:
        cast = Cast(lab, directory)
        try:
            before = cast.node.resident_bytes()
            plain_cases(cast, count)
            replays(cast, count)
            key_documents(cast, count, lab)
            key_flood(cast, count)
            connections(cast, count)
            if lab.is_long:
                before = cast.node.resident_bytes()
                plain_cases(cast, count)
            growth = cast.node.resident_bytes() - before
            still_answers(cast)
        finally:
            cast.close()
    lab.step(f"{count.tried} hostile requests, {len(count.wrong)} wrong; {growth >> 20} MiB more")
    for complaint in count.wrong:
        lab.step(complaint)
    expect(not count.wrong, f"{len(count.wrong)} hostile requests came out wrong")
    expect(count.tried >= CASES_MIN, f"only {count.tried} were tried")
    expect(growth < GROWTH_MAX_BYTES, f"the node grew by {growth >> 20} MiB")
    cast.node.stop()


def main():
    flag = ("--long", {"action": "store_true", "help": "also what waits for time-outs"})
    options = parse_arguments(__doc__, TIME_SCALE, [flag])

    def with_options(lab):
        lab.is_long = options.long
        test(lab)

    return run("refusals", options, with_options)


if __name__ == "__main__":
    sys.exit(main())
