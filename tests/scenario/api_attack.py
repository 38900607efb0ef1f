#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The API under fire, from clients that hold good tokens and from those that hold none.

Broken, deep, huge and slow requests, games with headers, cursors, ranges and ETags, long polls
without number: each answer is one of those documented and never a 500, the node answers others
meanwhile, neither memory nor descriptors stay taken, and what was known is still known. --long
sends thousands where the short run sends hundreds.
"""

import json
import os
import resource
import select
import socket
import sys
import time

from answers import make_tokens, one
from harness import Failure, expect, parse_arguments, run, wait_until
from measure import gauges

KNOWN = ("ip", "203.0.113.77")
# Of the parser itself too: 414 and 431 for a head that is too long, 501 for a method it lacks.
DOCUMENTED = {200, 204, 304, 400, 401, 403, 404, 405, 411, 413, 414, 415, 422, 431, 501, 503, 505}
HUNG_UP = {None}
# Of these heads the node need not read all, and what is left unread may take its answer away.
UNREAD = {"many fields", "long field", "endless", "long token", "long key", "method", "nothing", "long target", "TLS",
          "huge chunk"}
MIB = 1024 * 1024
GROWTH_MAX_BYTES = 160 * MIB  # under AddressSanitizer, which keeps freed memory a while
API_THREADS = 2
BUFFERED_MAX_BYTES = API_THREADS * 64 * MIB
BODIES_TOO_MANY = 4 * API_THREADS + 1  # of 16 MiB: one thread gets five, however they are shared out
POLLS_WAITING_MAX = 256
SLOW_CLIENTS = 150
DESCRIPTORS_KEPT = 64  # of this process, for all but the polls


class Target:
    def __init__(self, lab, options):
        self.long = options.long
        self.random = lab.random
        self.node = lab.node("target", api=True, settings=f"api-threads={API_THREADS}\n").start()
        self.tokens = make_tokens(self.node)
        self.node.report(KNOWN)

    def connect(self, seconds=30):
        return socket.create_connection(("127.0.0.1", self.node.api_port), seconds)

    def head(self, method, path, scope, length=None, *more):
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {self.tokens[scope]}"]
        lines += [f"Content-Length: {length}"] if length is not None else []
        return ("\r\n".join([*lines, *more]) + "\r\n\r\n").encode("utf-8", "surrogateescape")

    def raw(self, data, seconds=60):
        """Sends bytes and gives the status, or None if the node just hung up."""
        with self.connect(seconds) as sock:
            try:
                sock.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # who hangs up early may have answered before
            try:
                answer = sock.recv(65536)
            except ConnectionResetError:
                return None
            expect(not answer or answer.startswith(b"HTTP/1.1 "), f"that is no HTTP: {answer[:80]}")
            return int(answer[9:12]) if answer else None

    def post(self, path, body, scope="check"):
        data = body if isinstance(body, bytes) else body.encode("utf-8", "surrogateescape")
        return self.raw(self.head("POST", path, scope, len(data)) + data)

    def get(self, path, scope="stream", *more):
        return self.raw(self.head("GET", path, scope, None, *more))

    def still_answers(self):
        begin = time.monotonic()
        answer = self.node.tcp("POST", "/v1/check", one(*KNOWN), self.tokens["check"])
        expect(answer.status == 200 and answer.json["verdict"] == "block", f"it answers: {answer}")
        return time.monotonic() - begin

    def connections(self):
        """How many the node has open; this question is one."""
        return gauges(self.node)["http_connections"]

    def descriptors(self):
        """How many the node has open; None where only root may look into a node, and this is not root."""
        return len(os.listdir(f"/proc/{self.node.process.pid}/fd")) if os.geteuid() == 0 else None


def is_documented(what, status, allowed=DOCUMENTED):
    expect(status in allowed, f"{what}: {status or 'the node hung up'}")


def check_bodies(target):
    subject = '{"type":"ip","value":"192.0.2.1"}'
    bodies = {
        "empty": "", "null": "null", "NUL": "\0", "deep array": "[" * (MIB - 1), "deep object": '{"subjects":' * 80000,
        "deep in subjects": '{"subjects":' + "[" * 500000, "deep value": '{"subjects":[{"type":"ip","value":' + "[" * 99999,
        "not UTF-8": b'{"subjects":[{"type":"username","value":"\xc0\x80"}]}', "cut UTF-8": b'{"profile":"\xe2\x82',
        "lone surrogate": '{"subjects":[{"type":"username","value":"\\ud800"}]}', "escaped NUL": '{"profile":"\\u0000"}',
        "twice": '{"subjects":[%s],"subjects":[%s]}' % (subject, subject), "many subjects": '{"subjects":[%s]}' %
        ",".join([subject] * 20000), "huge number": '{"explain":1' + "0" * 500000 + "}", "huge name": '{"' + "a" * 900000 +
        '":1}', "huge value": '{"subjects":[{"type":"url","value":"' + "a" * 900000 + '"}]}', "comma": '{"subjects":[%s,]}'
        % subject, "trailing": '{"subjects":[%s]} x' % subject, "BOM": "\ufeff" + '{"subjects":[%s]}' % subject,
        "percent": '{"subjects":[{"type":"url","value":"http://a.example/%s"}]}' % ("%25" * 600),
        "labels": '{"subjects":[{"type":"domain","value":"%s.example"}]}' % ".".join("a" * 120),
        "combining": '{"subjects":[{"type":"username","value":"%s"}]}' % ("a" + "\u0301" * 120),
        "wide": '{"subjects":[{"type":"username","value":"%s"}]}' % ("\ufdfa" * 80),
    }
    for path, scope in (("/v1/check", "check"), ("/v1/reports", "report"), ("/v1/allow", "admin"), ("/v1/peers", "admin")):
        for name, body in bodies.items():
            is_documented(f"{path}, {name}", target.post(path, body, scope), DOCUMENTED - {503})
    for name, body in bodies.items():
        status = target.post("/v1/check/batch", body)
        is_documented(f"batch, {name}", status, {200, 400, 413})
    target.still_answers()


def check_mutations(target, count):
    """A good check with some of its bytes changed, cut or doubled."""
    good = json.dumps({"event": "signup", "profile": "default", "explain": True, "subjects": [
        {"type": "ip", "value": "2001:db8:1:2::5"}, {"type": "email", "value": "J.Doe+x@example.org"},
        {"type": "url", "value": "http://a.example:80/%25?x#y"}, {"type": "actor", "value": "@me@a.example"}]}).encode()
    for _ in range(count):
        body = bytearray(good)
        for _ in range(target.random.randrange(1, 6)):
            at = target.random.randrange(len(body))
            kind = target.random.randrange(4)
            if kind == 0:
                body[at] = target.random.randrange(256)
            elif kind == 1:
                del body[at:at + target.random.randrange(1, 9)]
            elif kind == 2:
                body[at:at] = body[at // 2:at // 2 + 20]
            else:
                body[at:at] = bytes([target.random.choice(b'{}[]",:\\\0\xff')])
            if not body:
                body = bytearray(b" ")
        status = target.post("/v1/check", bytes(body))
        is_documented(f"mutated {bytes(body)!r}", status, {200, 400, 413, 422})


def check_heads(target):
    get = target.head("GET", "/v1/status", "admin")
    good = f"Authorization: Bearer {target.tokens['admin']}"
    line = "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n"
    heads = {
        "many fields": line + good + "\r\n" + "".join(f"X-{i}: {i}\r\n" for i in range(900)) + "\r\n",
        "long field": line + good + "\r\nX: " + "a" * 40000 + "\r\n\r\n", "endless": line + "X: " + "a" * 4 * MIB,
        "folded": line + good + "\r\nX: a\r\n b\r\n\r\n", "bare LF": line.replace("\r\n", "\n") + good + "\n\n",
        "two tokens": line + good + "\r\nAuthorization: Bearer x\r\n\r\n", "no value": line + "Authorization:\r\n\r\n",
        "long token": line + "Authorization: Bearer " + "a" * 20000 + "\r\n\r\n", "Basic": line + "Authorization: Basic eA==\r\n\r\n",
        "long key": line + "X-Api-Key: " + "é" * 4000 + "\r\n\r\n", "NUL": line + "X: a\0b\r\n" + good + "\r\n\r\n",
        "two lengths": line + good + "\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "both lengths": line + good + "\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "minus": line + good + "\r\nContent-Length: -1\r\n\r\n", "huge length": line + good + "\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "no version": "GET /v1/status\r\n\r\n", "HTTP/9": "GET /v1/status HTTP/9.9\r\nHost: x\r\n\r\n", "method": "A" * 9000 + " / HTTP/1.1\r\n\r\n",
        "long target": "GET /" + "a" * 60000 + " HTTP/1.1\r\nHost: x\r\n\r\n", "TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "nothing": "\r\n\r\n\r\n", "bad chunk": line.replace("GET /v1/status", "POST /v1/check") + good +
        "\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "huge chunk": line.replace("GET /v1/status", "POST /v1/check") + good +
        "\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx", "brotli": line.replace("GET /v1/status", "POST /v1/check") +
        good + "\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}", "expect": line.replace("GET /v1/status", "POST /v1/check") +
        good + "\r\nExpect: nonsense\r\nContent-Length: 2\r\n\r\n{}",
    }
    for name, head in heads.items():
        with target.connect(40) as sock:
            try:
                sock.sendall(head.encode("latin-1", "replace"))
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # who hangs up early may have answered before
            try:
                answer = sock.recv(65536)
            except TimeoutError:
                raise Failure(f"head, {name}: no answer and no end") from None
            except OSError:  # the node hung up
                answer = b""
        status = int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else None
        is_documented(f"head, {name}", status, DOCUMENTED | HUNG_UP if name in UNREAD else DOCUMENTED)
    expect(target.raw(get) == 200, "a good head is still good")


def check_cursors(target, count):
    paths = (("/v1/changes?cursor=", "stream"), ("/v1/reports?cursor=", "report"), ("/v1/allow?cursor=", "admin"),
             ("/v1/review?cursor=", "admin"), ("/v1/audit?cursor=", "admin"), ("/v1/export?cursor=", "stream"))
    known = json.loads(target.node.tcp("GET", "/v1/changes", token=target.tokens["stream"]).body)["cursor"]
    games = ["", "0", "1", "-1", "18446744073709551615", "18446744073709551616", "9" * 5000, "%00", "%ff", "%2e%2e%2f",
             "a" * 32, "0" * 32, "f" * 32, "F" * 33, "1.2.3", ".....", "1.1.1.1.1", "0.0.0.0.0." + "f" * 32, "' OR 1=1", "+",
             known + ".", known + "." + "0" * 32, known + "." + "f" * 32, known + "." + "f" * 32 + ".0",
             known + "." + "0" * 32 + ".18446744073709551615", known.replace(".", ".0", 1), "18446744073709551615" + known[known.index("."):]]
    parts = known.split(".")
    for _ in range(count):
        changed = list(parts)
        changed[target.random.randrange(len(parts))] = str(target.random.choice([0, 1, 2**31, 2**32, 2**63, 2**64 - 1]))
        games.append(".".join(changed))
    for path, scope in paths:
        for game in games:
            game = game.replace(" ", "%20").replace("'", "%27")
            is_documented(f"{path}{game[:90]}", target.get(path + game, scope), {200, 400, 404, 414, 431})
    for limit in ("0", "-1", "1e9", "99999999999", ""):
        is_documented("limit", target.get(f"/v1/changes?limit={limit}"), {400})
    is_documented("many parameters", target.get("/v1/changes?" + "&".join(f"a{i}=1" for i in range(3000))), {200, 400, 414, 431})
    for path in ("/v1/range/%61%62%63%64%65", "/v1/range/" + "a" * 9000, "/v1/range/.....", "/v1//range/abcde", "/v1/range/abcde?x=%00",
                 "/../v1/range/abcde", "/v1/range/%2e%2e", "/v1/reports/%2e%2e%2f", "/v1/peers/" + "%25" * 900, "/v1/trust/x%0d%0ay"):
        is_documented(path[:60], target.get(path, "admin"))
    for field in ('"', '""', "W/", "*" * 9000, '"a", ' * 900, "\\", '"\xff"'):
        is_documented("If-None-Match", target.get("/v1/range/abcde", "range", f"If-None-Match: {field}"), {200, 304, 400, 431})


def check_slow(target):
    """Clients that send a byte now and then, or take none of their answer, hold up nobody."""
    body = (one("ip", "192.0.2.1") + "\n") * 10000
    sleepers, readers = [], []
    for i in range(SLOW_CLIENTS):
        sock = target.connect()
        sock.sendall(target.head("POST", "/v1/check", "check", 1000)[:20 + i] if i % 2 else b"")
        sleepers.append(sock)
    for _ in range(20):
        sock = target.connect()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.sendall(target.head("POST", "/v1/check/batch", "check", len(body)) + body.encode())
        readers.append(sock)
    took = target.still_answers()
    for sock in sleepers:
        try:
            sock.sendall(b"a")
        except OSError:
            pass
    expect(target.still_answers() + took < 20, "others are answered meanwhile")
    for sock in sleepers + readers:
        sock.close()


def check_leavers(target, quiet):
    """Clients that leave in the middle do not stay for the rest of the time that a request has."""
    wait_until(lambda: target.connections() <= quiet, "the slow ones are gone")
    socks = [target.connect() for _ in range(60)]
    wait_until(lambda: target.connections() >= len(socks), "all are let in")
    for i, sock in enumerate(socks):
        sock.sendall(target.head("POST", "/v1/check", "check", 1000)[:5 + 3 * i])
        sock.close()
    begin = time.monotonic()
    wait_until(lambda: target.connections() <= quiet, "those who left are gone")
    expect(time.monotonic() - begin < 20, "a client that left is noticed before its time is up")


def check_bodies_held(target, count):
    """Bodies of 16 MiB that do not end: the node holds some, says 503 to the others, and keeps answering."""
    socks = []
    for _ in range(count):
        sock = target.connect(60)
        socks.append(sock)
        try:
            sock.sendall(target.head("POST", "/v1/check/batch", "check", 16 * MIB))
            sock.sendall(b" " * (15 * MIB))
        except OSError:
            pass
    target.still_answers()
    expect(0 < gauges(target.node)["http_buffered_bytes"] <= BUFFERED_MAX_BYTES, f"{gauges(target.node)['http_buffered_bytes']} bytes are held")
    statuses = [end_body(sock) for sock in socks]
    expect(503 in statuses, f"bodies too many: {statuses}")
    expect(set(statuses) <= {200, 400, 503} | HUNG_UP, f"bodies that end at last: {statuses}")
    target.still_answers()


def end_body(sock):
    """Sends the MiB that was kept back, and gives the status; who was kept waiting too long is let go."""
    with sock:
        try:
            sock.sendall(b" " * MIB)
            answer = sock.recv(65536)
        except OSError:
            return None
    return int(answer[9:12]) if answer else None


def check_polls(target, count):
    """Long polls without number: some wait, the others are told so at once, checks go on."""
    page = json.loads(target.node.tcp("GET", "/v1/changes", token=target.tokens["stream"]).body)
    ask = target.head("GET", f"/v1/changes?cursor={page['cursor']}&wait=60", "stream")
    socks, refused = [], 0
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit != resource.RLIM_INFINITY:
        count = min(count, limit - DESCRIPTORS_KEPT)
    for _ in range(count):
        try:
            sock = target.connect(60)
            sock.sendall(ask)
            socks.append(sock)
        except OSError:
            refused += 1
    poller = select.poll()
    for sock in socks:
        poller.register(sock, select.POLLIN)
    told = set()

    def are_told():
        told.update(fd for fd, _ in poller.poll(0))
        return len(told) >= len(socks) - POLLS_WAITING_MAX

    wait_until(are_told, "the polls that are too many get their answer")
    target.still_answers()
    by_number = {sock.fileno(): sock for sock in socks}
    for fd in told:
        answer = by_number[fd].recv(4096)
        expect(not answer or b" 503 " in answer.split(b"\r\n")[0], f"a poll too many: {answer[:80]}")
    waiting = len(socks) - len(told)
    target.node.lab.step(f"{waiting} polls wait, {len(told)} were told, {refused} not let in")
    expect(waiting >= POLLS_WAITING_MAX // 2, f"only {waiting} polls wait")
    target.node.report(("ip", "198.51.100.9"))
    for sock in socks:
        if sock.fileno() not in told:
            answer = sock.recv(65536)
            expect(answer.startswith(b"HTTP/1.1 200 ") and b"198.51.100.9" in answer, f"a poll that waits: {answer[:300]}")
    for sock in socks:
        sock.close()


def test(lab, options):
    target = Target(lab, options)
    lab.subjects.update(("192.0.2.1", "J.Doe+x@example.org", "j.doe@example.org"))
    # What is bounded and stays taken, such as buffers, is taken first.
    check_polls(target, POLLS_WAITING_MAX + 50)
    check_bodies_held(target, BODIES_TOO_MANY)
    target.still_answers()
    calm, memory = target.descriptors(), target.node.resident_bytes()
    quiet = 1  # the connection that asks
    check_bodies(target)
    check_mutations(target, 5000 if options.long else 300)
    check_heads(target)
    check_cursors(target, 500 if options.long else 20)
    check_slow(target)
    check_leavers(target, quiet)
    check_bodies_held(target, 40 if options.long else BODIES_TOO_MANY)
    check_polls(target, 10000 if options.long else 600)
    wait_until(lambda: target.connections() <= quiet, "every connection is over")
    if calm is None:
        lab.skip("only root may count the descriptors of a node")
    else:
        wait_until(lambda: target.descriptors() <= calm + 8, "every descriptor is given back")
    growth = target.node.resident_bytes() - memory
    lab.step(f"resident memory grew by {growth // 1024} KiB")
    limit = GROWTH_MAX_BYTES * (3 if options.long else 1)  # thousands of connections take room too
    expect(growth < limit, f"memory grew by {growth} bytes")
    target.still_answers()
    target.node.stop()


if __name__ == "__main__":
    chosen = parse_arguments(__doc__, 1, [("--long", {"action": "store_true", "help": "thousands"})])
    sys.exit(run("api-attack", chosen, lambda lab: test(lab, chosen)))
