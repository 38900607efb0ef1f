#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Years of a node's life in minutes: mixed load, and nothing may grow.

Node a is asked, told and read by all kinds of clients at fixed rates. Nodes b and c follow it and are
followed by it; c is behind a bad network (proxy.py) and is killed again and again. A stranger signs
what it sends. measure.py samples a and b after the warm-up and judges whether they are flat.

Evidence, tombstones, seen ids and the audit log are kept for up to 400 days, so the nodes' wall clock
runs fast (tests/tools/fast-clock.c): 900 days go by in the warm-up, so that every table has been
filled and emptied once, and its pages are as full as they stay. From then on as much ends as comes:
every report has an end 20 to 40 days ahead or is withdrawn before, every import is undone, and
housekeeping lets go of all that is left of them 400 days later. The log of changes, which is
bounded by its length too, is filled to that before. Who makes changes makes up for a moment in
which the machine was slow; who only asks leaves out what is late. Whoever was too long behind with
changes has filled the store unevenly, and that is told instead of a verdict.
"""

import collections
import email.utils
import hashlib
import http.client
import itertools
import json
import math
import os
import random
import shutil
import sys
import threading
import time
import urllib.parse

import stranger
from answers import make_tokens
from crash import holds, is_whole
from harness import Failure, befriend, expect, free_port, parse_arguments, run, wait_until
from load import SETTINGS, Cast
from measure import PARTS, Sampler, process_sample
from proxy import Proxy

MINUTES = 5
WARM_UP = 0.5  # of it
WARM_UP_DAYS = 900  # twice the longest time that something is kept, the life of its report, and a margin
DAY = 86400
CHANGES_MAX = 200_000  # src/store/table-changes.h
IMPORT_MAX = 500  # its coming and going are named one by one in the log
LIST_ENTRIES = 10
SUBJECTS_KNOWN = 500
UNKNOWN_HOSTS = 50
STATEMENTS = 10
LATE_SECONDS = 2
BEHIND_SECONDS_MAX = 10  # of who makes changes; beyond it what is stored is no measure of a node
FRESH_DAYS = 0.4  # a signature is good for 12 h
# Four lives of the flapping peer, in parts of a turn: when its network gets bad, when it is dead, when it
# is started again. At the end it is dead for more than seven days, and so given up. A turn takes at most
# so many seconds, and a part of the measuring has a whole number of them.
LIVES = ((0.11, 0.16, 0.22), (0.33, 0.38, 0.44), (0.55, 0.60, 0.66), (0.77, 0.81, 1.0))
TURN_SECONDS_MAX = 70
DONE_MIN = {True: 0.9, False: 0.2}  # of what was planned; True: of those who make changes
SETTLE_SECONDS = 180
FORMATS = ("json", "csv", "lines", "nginx-geo", "rpz", "stix", "postfix", "mastodon-csv")
CATEGORIES = ("spam", "scam", "intrusion", "phishing")


class Clock:
    """The wall clock of all who take part."""

    def __init__(self, factor):
        self.factor = factor
        self.monotonic_ns, self.wall_ns = time.monotonic_ns(), time.time_ns()

    def now(self):
        return (self.wall_ns + (time.monotonic_ns() - self.monotonic_ns) * self.factor) / 1e9

    def environment(self, library):
        options = os.environ.get("ASAN_OPTIONS", "")
        return {
            "LD_PRELOAD": os.path.abspath(library),
            # Else the C library keeps big blocks for later, once one was freed, and hides what is small.
            "GLIBC_TUNABLES": f"glibc.malloc.mmap_threshold={128 * 1024}",
            "FAST_CLOCK": f"{self.factor} {self.monotonic_ns} {self.wall_ns}",
            "ASAN_OPTIONS": f"{options}:verify_asan_link_order=0",
        }


class Client:
    """A connection that is kept, over TCP with a token; made anew where the node closed it."""

    def __init__(self, node, tokens):
        self.node, self.tokens = node, tokens
        self.connection = None

    def ask(self, method, path, scope, body=None, headers=None, statuses=(200,)):
        headers = {"Authorization": f"Bearer {self.tokens[scope]}", **(headers or {})}
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        for attempt in range(2):
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.node.api_port, timeout=60)
            try:
                self.connection.request(method, path, data, headers)
                response = self.connection.getresponse()
                answer = response.read()
                break
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.connection.close()
                self.connection = None
                if attempt:
                    raise
        if response.will_close:
            self.connection.close()
            self.connection = None
        expect(response.status in statuses, f"{method} {path}: {response.status} {answer[:300]}")
        return answer


class Caller(threading.Thread):
    """Calls @what @rate times a second."""

    def __init__(self, load, name, rate, what, changes):
        super().__init__(daemon=True)
        self.load, self.label, self.rate, self.what, self.changes = load, name, rate, what, changes
        self.done = self.planned = 0
        self.behind = 0.0
        self.random = random.Random(load.lab.random.random())
        self.client = Client(load.a, load.tokens)

    def run(self):
        begin = time.monotonic()
        try:
            while not self.load.over.is_set():
                late = time.monotonic() - begin - self.planned / self.rate
                if late < 0:
                    self.load.over.wait(min(-late, 1))
                    continue
                self.behind = max(self.behind, late)
                if late > LATE_SECONDS and not self.changes:
                    self.planned += int(late * self.rate)
                self.what(self)
                self.planned += 1
                self.done += 1
            self.planned = max(self.planned, int((time.monotonic() - begin) * self.rate))
        except Exception as failure:  # pylint: disable=broad-except
            self.load.failures.append(Failure(f"{self.label}: {failure!r}"))
            self.load.over.set()


class Reporter:
    """What a node reports and takes back."""

    def __init__(self, load, node):
        self.load, self.node = load, node
        self.to_withdraw = collections.deque()

    def report(self, caller):
        subjects = [self.load.new_subject(caller.random) for _ in range(1 + caller.done % 2)]
        answer = self.node.ask("POST", "/v1/reports", {
            "subjects": [{"type": t, "value": v} for t, v in subjects],
            "category": caller.random.choice(CATEGORIES),
            "expires": self.load.in_days(20 + caller.done % 21),
        }, 201)
        if caller.done % 4 < 2:
            self.to_withdraw.append(caller.random.choice(answer["reports"])["id"])

    def withdraw(self, _caller):
        if len(self.to_withdraw) > 3:
            report = self.to_withdraw.popleft().rsplit("/", 1)[-1]
            self.node.ask("DELETE", "/v1/reports/" + report, status=(200, 204, 410))


class Load:
    def __init__(self, lab, clock, nodes, tokens, cast):
        self.lab, self.clock, self.tokens, self.cast = lab, clock, tokens, cast
        self.a, self.b = nodes
        self.over, self.failures = threading.Event(), []
        self.numbers = itertools.count(1)
        self.known = collections.deque([("ip", "198.51.100.1")], SUBJECTS_KNOWN)
        self.imports, self.allowed = collections.deque(), collections.deque()
        self.added, self.last_request = collections.deque(), None
        self.cursors = {}
        self.late = 0
        own, other = Reporter(self, self.a), Reporter(self, self.b)
        self.callers = [Caller(self, *row) for row in (
            ("checks", 60, self.check, False),
            ("checks of many", 5, self.check_many, False),
            ("batches of 50", 1, self.batch, False),
            ("ranges", 10, self.range, False),
            ("gate", 40, self.gate, False),
            ("changes, followed", 3, self.changes, False),
            ("changes, followed", 3, self.changes, False),
            ("lists", 1, self.export, False),
            ("bouncer", 0.5, self.bouncer, False),
            ("public pages", 10, self.public, False),
            ("listings", 3, self.listings, False),
            ("bad signatures", 3, self.bad_signature, False),
            ("unknown signers", 2, self.unknown_signer, False),
            ("reports", 2, own.report, True),
            ("withdrawals", 1, own.withdraw, True),
            ("reports of b", 1, other.report, True),
            ("withdrawals of b", 0.5, other.withdraw, True),
            ("imports and undoing", 0.5, self.load_list, True),
            ("trust", 1, self.set_trust, True),
            ("trust of b", 0.5, self.set_trust_of_b, True),
            ("allow list", 1, self.allow, True),
            ("tokens", 0.2, self.token, True),
            ("inbox", 3, self.deliver, True),
            ("erasures", 0.05, self.erase, True),
            ("backups", 0.02, self.backup, True),
            ("housekeeping", 1, self.housekeeping, True),
        )]

    def begin(self):
        for number in range(STATEMENTS):
            self.tell_trust(number, 50)
        for caller in self.callers:
            caller.start()

    def end(self):
        self.over.set()
        for caller in self.callers:
            caller.join()
        self.check_failures()

    def check_failures(self):
        if self.failures:
            raise self.failures[0]

    def table(self):
        lines, bad = [f"{'calls':<22} {'done':>8} {'planned':>8} {'behind, s':>10}"], []
        for caller in self.callers:
            lines.append(f"{caller.label:<22} {caller.done:>8} {caller.planned:>8} {caller.behind:>10.1f}")
            if caller.done < DONE_MIN[caller.changes] * caller.planned - 2:
                bad.append(f"too few {caller.label}")
            if caller.changes and caller.behind > BEHIND_SECONDS_MAX:
                bad.append(f"{caller.label} were {caller.behind:.0f} s behind")
        return lines + [f"{'signed too long ago':<22} {self.late:>8}"], bad

    # What is spoken of.

    def in_days(self, days):
        return stranger.rfc3339(self.clock.now() + days * DAY)

    def new_subject(self, randomness):
        number = next(self.numbers)
        subject = randomness.choice((
            ("ip", f"2001:db8:{number >> 16 & 0xFFFF:x}:{number & 0xFFFF:x}::1"),
            ("domain", f"n{number}.shop{number % 50}.example"),
            ("email", f"user{number}@mail{number % 50}.example"),
            ("url", f"https://n{number}.pills.example/buy?x={number}"),
        ))
        self.known.append(subject)
        return subject

    def some_subject(self, randomness):
        if randomness.random() < 0.5:
            return randomness.choice(tuple(self.known))
        return "ip", f"198.51.{randomness.randrange(256)}.{randomness.randrange(256)}"

    def event(self, randomness, n=1, **more):
        subjects = [self.some_subject(randomness) for _ in range(n)]
        return {"subjects": [{"type": t, "value": v} for t, v in subjects], **more}

    # Who asks.

    def check(self, caller):
        caller.client.ask("POST", "/v1/check", "check", self.event(caller.random, caller.random.choice((1, 1, 3))))

    def check_many(self, caller):
        caller.client.ask("POST", "/v1/check", "check", self.event(caller.random, 16, explain=True))

    def batch(self, caller):
        lines = "\n".join(json.dumps(self.event(caller.random)) for _ in range(50)) + "\n"
        answer = caller.client.ask("POST", "/v1/check/batch", "check", lines.encode())
        expect(answer.count(b"\n") == 50, "as many answers as questions")

    def range(self, caller):
        kind, value = self.some_subject(caller.random)
        prefix = hashlib.sha256(f"tocsin:1:{kind}:{value}".encode()).hexdigest()[:5]
        caller.client.ask("GET", "/v1/range/" + prefix, "range")

    def gate(self, caller):
        address = f"198.51.100.{caller.random.randrange(256)}"
        caller.client.ask("GET", "/v1/authz", "check", headers={"X-Real-IP": address}, statuses=(200, 204, 403))

    def changes(self, caller):
        cursor = self.cursors.get(caller, "")
        path = f"/v1/changes?wait=5&cursor={cursor}" if cursor else "/v1/changes"
        self.cursors[caller] = json.loads(caller.client.ask("GET", path, "stream"))["cursor"]

    def export(self, caller):
        path = f"/v1/export/{FORMATS[caller.done % len(FORMATS)]}"
        caller.client.ask("GET", path + ("/manifest" if caller.random.random() < 0.2 else ""), "stream")

    def bouncer(self, caller):
        startup = "true" if caller.done % 20 == 0 else "false"
        caller.client.ask("GET", f"/v1/decisions/stream?startup={startup}", "stream")

    def public(self, caller):
        path = caller.random.choice(("/", "/actor", "/outbox", "/nodeinfo/2.1", "/.well-known/nodeinfo"))
        status = self.a.public("GET", path).status
        expect(status in (200, 401), f"GET {path}: {status}")

    def listings(self, caller):
        path = caller.random.choice(("/v1/reports", "/v1/peers", "/v1/review", "/v1/audit", "/v1/imports",
                                     "/v1/status", "/v1/trust", "/v1/allow", "/v1/tokens"))
        self.a.ask("GET", path, status=200)

    # Who changes something.

    def load_list(self, caller):
        """A list comes, or the oldest goes."""
        if caller.done % 2 == 0:
            body = {"source": "a list", "category": "spam", "type": "ip",
                    "as": "first_hand" if caller.done % 10 == 0 else "imported", "entries": []}
            for _ in range(LIST_ENTRIES):
                number = next(self.numbers)
                value = f"2001:db8:{number >> 16 & 0xFFFF:x}:{number & 0xFFFF:x}::1"
                body["entries"].append({"value": value})
            self.imports.append(self.a.ask("POST", "/v1/imports", body, 201)["batch"])
        elif len(self.imports) > 10:
            self.a.ask("DELETE", f"/v1/imports/{self.imports.popleft()}", status=(200, 204))

    def set_trust(self, caller):
        actor = caller.random.choice((self.b.actor, self.cast.stranger.actor))
        self.weigh(self.a, actor, caller.random)

    def set_trust_of_b(self, caller):
        self.weigh(self.b, self.a.actor, caller.random)

    def weigh(self, node, actor, randomness):
        path = f"/v1/peers/{urllib.parse.quote(actor, safe='')}/trust"
        node.ask("PUT", path, {"weight": randomness.randint(30, 70)}, (200, 409))

    def allow(self, caller):
        if caller.done % 2 == 0:
            number = next(self.numbers)
            entry = {"type": "domain", "value": f"allowed{number}.example", "reason": "a test"}
            if caller.done % 4 == 0:
                entry["expires"] = self.in_days(5)
            else:
                self.allowed.append({"type": entry["type"], "value": entry["value"]})
            self.a.ask("POST", "/v1/allow", entry, 201)
        elif len(self.allowed) > 5:
            self.a.ask("DELETE", "/v1/allow", self.allowed.popleft(), (200, 204))

    def token(self, caller):
        if caller.done % 2 == 0:
            self.a.ask("POST", "/v1/tokens", {"name": "passing", "scopes": ["check"]}, 201)
        else:
            self.a.ask("DELETE", "/v1/tokens/passing", status=(200, 204))

    def erase(self, _caller):
        kind, value = self.known[0]
        self.a.ask("POST", "/v1/subjects/erase", {"type": kind, "value": value}, 200)

    def backup(self, caller):
        where = os.path.join(self.lab.dir, f"backup-{caller.done}")
        self.a.ask("POST", "/v1/backup", {"dir": where}, 200)
        shutil.rmtree(where)

    def housekeeping(self, _caller):
        for node in (self.a, self.b):
            node.ask("POST", "/v1/housekeeping", {}, 200)

    # Who sends.

    def send(self, activity):
        signer, begin = self.cast.stranger, self.clock.now()
        self.last_request = signer.request(self.a, activity)
        status = stranger.exchange(self.a.port, self.last_request.to_bytes())
        if status == 401 and self.clock.now() - begin > FRESH_DAYS * DAY:
            self.late += 1
            return False
        expect(status == 202, f"{activity['type']}: {status}")
        return True

    def deliver(self, caller):
        signer = self.cast.stranger
        if caller.done % 4 == 3 and len(self.added) > 5:
            self.send(signer.remove(self.added.popleft()))
            return
        if caller.done % 20 == 10:
            self.tell_trust(caller.random.randrange(STATEMENTS), caller.random.randint(1, 100))
            return
        kind, value = self.new_subject(caller.random)
        if kind == "email":
            kind, value = "domain", value.split("@")[1]
        report = signer.report(reportSubject={"subjectType": kind, "value": value},
                               endTime=self.in_days(20 + caller.done % 21))
        add = signer.add(report)
        if self.send(add) and caller.done % 3 == 0:
            self.added.append(report["id"])
        if caller.done % 10 == 5:
            self.send(add)

    def tell_trust(self, number, weight):
        """A newer version of a statement."""
        signer, now = self.cast.stranger, stranger.rfc3339(self.clock.now())
        statement = {
            "type": ["Object", "TrustStatement"], "id": f"{signer.base}/trust/{number}",
            "attributedTo": signer.actor, "published": now, "updated": now,
            "about": f"https://trusted{number}.example/actor", "area": "any",
            "weight": weight,
        }
        self.send(signer.add(statement, target=signer.base + "/trust"))

    def bad_signature(self, _caller):
        last = self.last_request
        if last is not None:
            spoilt = stranger.Request(last.method, last.target, list(last.headers), last.body[:-1] + b" ")
            status = stranger.exchange(self.a.port, spoilt.to_bytes())
            expect(status in (400, 401), f"a body that was not signed: {status}")

    def unknown_signer(self, caller):
        last = self.last_request
        if last is not None:
            host = f"127.0.1.{caller.random.randrange(1, UNKNOWN_HOSTS)}:9"
            request = stranger.Request(last.method, last.target, list(last.headers), last.body)
            signature = request.get("Signature").replace(self.cast.stranger.rsa_id, f"http://{host}/actor#main-key")
            date = email.utils.formatdate(self.clock.now(), usegmt=True)
            request.put("Signature", signature).put("Date", date)
            status = stranger.exchange(self.a.port, request.to_bytes())
            expect(status in (202, 401, 403, 503), f"a signer that nobody knows: {status}")


class Flapping(threading.Thread):
    """The peer that comes and goes."""

    def __init__(self, load, node, proxy, part_seconds):
        super().__init__(daemon=True)
        self.load, self.node, self.proxy = load, node, proxy
        self.begin = 0.0
        self.turn_seconds = part_seconds / math.ceil(part_seconds / TURN_SECONDS_MAX)
        self.lives = 0

    def planned(self, seconds):
        return int(seconds / self.turn_seconds * len(LIVES))

    def run(self):
        try:
            self.begin = time.monotonic()
            while not self.load.over.is_set():
                self.live()
        except Exception as failure:  # pylint: disable=broad-except
            self.load.failures.append(Failure(f"the flapping peer: {failure!r}"))
            self.load.over.set()

    def wait_for(self, moment):
        moment += self.lives // len(LIVES)
        self.load.over.wait(max(0, self.begin + moment * self.turn_seconds - time.monotonic()))

    def live(self):
        faulty, dead, again = LIVES[self.lives % len(LIVES)]
        self.wait_for(faulty)
        self.proxy.faults = True
        self.wait_for(dead)
        self.proxy.faults = False
        self.proxy.repeat_kept()
        self.node.kill()
        self.wait_for(again)
        self.node.start()
        self.lives += 1
        # It shows that it is there again.
        self.node.ask("POST", "/v1/reports", {
            "subjects": [{"type": "domain", "value": f"life{self.lives}.example"}], "category": "spam",
            "expires": self.load.in_days(10)}, 201)


def fill_changes(node):
    """The log of changes is as long as it may be."""
    numbers = itertools.count(1)
    for _ in range(CHANGES_MAX // (2 * IMPORT_MAX) + 5):
        entries = [{"value": f"f{next(numbers)}.filler.example"} for _ in range(IMPORT_MAX)]
        body = {"source": "filler", "category": "spam", "type": "domain", "as": "imported", "entries": entries}
        batch = node.ask("POST", "/v1/imports", body, 201)["batch"]
        node.ask("DELETE", f"/v1/imports/{batch}", status=(200, 204))


def wait(load, seconds):
    load.over.wait(seconds)
    load.check_failures()


def settle(lab, clock, nodes):
    """In the end the flapping peer has what it missed, and every store is sound."""
    a, b, c = nodes
    wait_until(lambda: holds(c, a), "c holds what a has told", SETTLE_SECONDS)
    wait_until(lambda: holds(b, a), "b holds what a has told", SETTLE_SECONDS)
    lab.step(f"it is {stranger.rfc3339(clock.now())} there")
    for node in (a, b):
        is_whole(lab, node)
    for node in nodes:
        node.stop()


def start_nodes(lab, options, clock):
    shared = {"settings": SETTINGS + "audit-days=400\n", "environment": clock.environment(options.library)}
    a = lab.node("a", api=True, **shared).start()
    b = lab.node("b", **shared).start()
    port = free_port()
    proxy = Proxy(port, lab.random.random())
    c = lab.node("c", port=port, base=f"http://127.0.0.1:{proxy.port}", **shared).start()
    for reader, publisher in ((a, b), (b, a), (c, a), (a, c)):
        befriend(reader, publisher)
    return (a, b, c), proxy


def live(lab, options, clock, load, flapping, sampler):
    seconds = options.minutes * 60
    lab.step(f"{WARM_UP * seconds:.0f} s of warm-up, {(1 - WARM_UP) * seconds:.0f} s of measuring; "
             f"the nodes' clock runs {clock.factor} times as fast")
    try:
        load.begin()
        flapping.start()
        wait(load, WARM_UP * seconds)
        sampler.begin()
        wait(load, (1 - WARM_UP) * seconds)
        sampler.end()
    finally:
        load.over.set()
        if flapping.ident is not None:
            flapping.join()
    load.end()
    if options.samples:
        sampler.write(options.samples)


def see_into(node):
    """Better now than after the last minute."""
    try:
        process_sample(node.process.pid)
    except PermissionError as error:
        raise Failure(f"only root may count the descriptors of a node, which keeps itself private: {error}") from None


def soak(lab, options, clock):
    nodes, proxy = start_nodes(lab, options, clock)
    a, b, c = nodes
    see_into(a)
    lab.warnings.append("The clock is far ahead of what it was")  # of c, which is away for days of this clock
    cast = Cast(lab, a, b)
    try:
        lab.step("the logs of changes are filled")
        fill_changes(a)
        fill_changes(b)
        load = Load(lab, clock, (a, b), make_tokens(a), cast)
        flapping = Flapping(load, c, proxy, (1 - WARM_UP) * options.minutes * 60 / PARTS)
        sampler = Sampler([a, b])
        live(lab, options, clock, load, flapping, sampler)
        settle(lab, clock, nodes)
        show(load, sampler, flapping, proxy, options.minutes * 60)
    finally:
        cast.close()
        proxy.close()


def show(load, sampler, flapping, proxy, seconds):
    calls, too_few = load.table()
    quantities, bad = sampler.judge()
    lives, faults = flapping.planned(seconds), sum(proxy.done.values())
    print(f"\n{flapping.lives} lives of c, {lives} planned; faults of its network: {faults}\n")
    too_few += [] if flapping.lives >= DONE_MIN[True] * lives else ["too few lives of c"]
    too_few += [] if faults >= flapping.lives else ["too few faults of its network"]
    print("\n".join(calls), "\n", sep="")
    print("\n".join(quantities), flush=True)
    expect(not too_few, f"the machine had no time for the load, so this says nothing: {'; '.join(too_few)}")
    expect(not bad, f"not flat within 5 %: {', '.join(bad)}")


def test(lab, options):
    factor = round(WARM_UP_DAYS * DAY / (WARM_UP * options.minutes * 60))
    clock = Clock(factor)
    stranger.wall = clock.now
    soak(lab, options, clock)


if __name__ == "__main__":
    chosen = parse_arguments(__doc__, 1, [
        ("--library", {"required": True, "help": "fast-clock, built"}),
        ("--samples", {"help": "a file for every sample, tab-separated"}),
        ("--minutes", {"type": int, "default": MINUTES, "help": "warm-up and measuring"}),
    ])
    sys.exit(run("soak", chosen, lambda lab: test(lab, chosen)))
