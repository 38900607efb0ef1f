# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mixed load on one node, and a ledger of what it answered.

    cast = Cast(lab, node, second)
    load = cast.begin()      # checks, reports, withdrawals, imports, trust, inbox
    …                        # kill the node, take its room away, give it back
    load.end()
    cast.ledger.examine(node)

What was answered 201 or 202 has to be there ever after; what was not, is absent or whole. Every
subject is named once, so that it tells which call it was of.
"""

import http.client
import itertools
import json
import random
import threading
import urllib.parse

from harness import expect, wait_until
from stranger import Key, Stranger, exchange

SUBJECTS_MAX = 4
IMPORT_ENTRIES_MAX = 40
OLD_ONES = 10  # of what was examined before, examined again
# What guards and limits make of a flood is tested elsewhere.
SETTINGS = (
    "burst-per-hour=100000\npeer-requests-per-minute=100000\naddress-requests-per-minute=1000000\n"
)
DONE = (200, 201, 202, 204)
REFUSED = 503


class Ledger:
    """What a node owes us. Examined while nothing is under way."""

    def __init__(self, randomness):
        self.random = randomness
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.reports = {}  # id → the states that it may have
        self.imports = []  # of lists of values
        self.received = []  # values that a peer reported and that were answered 202
        self.weights = {50}  # that the peer's trust may have
        self.unsure_reports, self.unsure_imports = [], []  # of lists of values
        self.unsure_received = []  # values of what a peer reported and was answered otherwise, or not
        self.new = []  # ids since the last look
        self.counted = dict.fromkeys(
            ("check", "report", "withdrawal", "import", "trust", "inbox", "refused", "cut"), 0
        )

    def value(self):
        number = next(self.numbers)
        return f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1"

    def count(self, what):
        with self.lock:
            self.counted[what] += 1

    def add_reports(self, ids, states=("live",)):
        with self.lock:
            self.reports.update((i, set(states)) for i in ids)
            self.new += ids

    def pick_live(self, randomness):
        with self.lock:
            live = [i for i in self.new if self.reports[i] == {"live"}]
        return randomness.choice(live) if live else None

    # After it: what is there?

    def examine(self, node):
        for report in self.new + self.some(list(self.reports)):
            state = state_of(node, report)
            expect(state in self.reports[report], f"{report} is {state}, not {self.reports[report]}")
            self.reports[report] = {state}
        self.new = []
        for values in self.unsure_reports:
            rows = [row for value in values for row in rows_of(node, value)]
            expect(len(rows) in (0, len(values)), f"{len(rows)} of {len(values)} of one call are there")
            self.add_reports([row["id"] for row in rows])
        self.unsure_reports = []
        for values in self.imports[-3:] + self.some(self.imports):
            known = known_of(node, values)
            expect(known == len(values), f"{known} of {len(values)} of an import are there")
        for values in self.unsure_imports:
            known = known_of(node, values)
            expect(known in (0, len(values)), f"{known} of {len(values)} of an import are there")
            self.imports += [values] if known else []
        self.unsure_imports = []
        for value in self.unsure_received:
            rows, known = len(rows_of(node, value)), known_of(node, [value])
            expect((rows, known) in ((0, 0), (1, 1)), f"{rows} reports, {known} known of one that a peer sent")
            self.received += [value] if rows else []
        self.unsure_received = []
        for value in self.received[-OLD_ONES:] + self.some(self.received):
            expect(len(rows_of(node, value)) == 1, "a peer's report that was answered 202 is there once")

    def some(self, things):
        return self.random.sample(things, min(OLD_ONES, len(things)))

    def examine_all(self, node):
        """At the end: everything that was ever acknowledged."""
        self.examine(node)
        states = {row["id"]: row["state"] for row in node.reports(actor=node.actor)}
        for report, may_be in self.reports.items():
            expect(states.get(report) in may_be, f"{report} is {states.get(report)}, not {may_be}")
        for values in self.imports:
            expect(known_of(node, values) == len(values), "an import that was answered 201 is whole")
        for value in self.received:
            expect(len(rows_of(node, value)) == 1, "a peer's report that was answered 202 is there once")

    def examine_trust(self, node, actor):
        weight = node.peer(actor)["trust"]
        expect(weight in self.weights, f"the trust is {weight}, not one of {self.weights}")
        self.weights = {weight}


def state_of(node, report):
    reply = node.api("GET", "/v1/reports/" + report.rsplit("/", 1)[-1])
    return reply.json["state"] if reply.status == 200 else str(reply)


def rows_of(node, value):
    query = urllib.parse.urlencode({"subject": "ip:" + value})
    return node.ask("GET", "/v1/reports?" + query, status=200)["reports"]


def known_of(node, values):
    return sum(bool(node.check(("ip", value))["known"]) for value in values)


class Cast:
    """The node under load, another that it follows and that follows it, and a signing stranger."""

    def __init__(self, lab, node, second):
        self.lab, self.node, self.second = lab, node, second
        self.checks_are_sure = True
        self.ledger = Ledger(random.Random(lab.random.random()))
        self.stranger = Stranger(Key("2048", lab.dir), Key("ed25519", lab.dir))
        self.node.follow(self.stranger.actor)
        wait_until(lambda: self.stranger.posted, "the Follow is delivered")
        follow = self.follow_of()
        accept = self.stranger.activity("Accept", object=follow, to=node.actor)
        request = self.stranger.request(node, self.stranger.prove(accept))
        status = exchange(node.port, request.to_bytes())
        expect(status == 202, f"the Accept is taken: {status}")

    def follow_of(self):
        bodies = [json.loads(body) for path, _headers, body in self.stranger.posted if path == "/inbox"]
        return next(body["id"] for body in bodies if body["type"] == "Follow")

    def begin(self):
        return Load(self)

    def close(self):
        self.stranger.close()


class Load:
    """A thread a kind of caller, until end() or until the node is gone."""

    def __init__(self, cast):
        self.cast, self.node, self.ledger = cast, cast.node, cast.ledger
        self.over = threading.Event()
        self.failures = []
        callers = (self.check, self.report, self.report, self.withdraw, self.load_list,
                   self.set_trust, self.deliver, self.tell_second)
        seeds = [cast.lab.random.random() for _ in callers]
        self.threads = [
            threading.Thread(target=self.go_on, args=(caller, random.Random(seed)), daemon=True)
            for caller, seed in zip(callers, seeds)
        ]
        for thread in self.threads:
            thread.start()

    def go_on(self, caller, randomness):
        try:
            while not self.over.is_set():
                caller(randomness)
        except (OSError, http.client.HTTPException):
            self.ledger.count("cut")  # it was killed; where it was not, the test has to say so
        except Exception as failure:  # pylint: disable=broad-except
            self.failures.append(failure)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        if self.failures:
            raise self.failures[0]

    def call(self, what, method, path, body):
        """True if it was done; a refusal for want of room is the only other answer there may be."""
        reply = self.node.api(method, path, body)
        if reply.status == REFUSED:
            self.ledger.count("refused")
            self.over.wait(0.02)
            return None
        expect(reply.status in DONE, f"{method} {path}: {reply}")
        self.ledger.count(what)
        return reply

    # The callers. What is about to be asked is noted first: who is killed does not say how far it got.

    def check(self, randomness):
        number = randomness.randrange(1, 1 << 16)
        reply = self.node.api("POST", "/v1/check", {
            "subjects": [{"type": "ip", "value": f"2001:db8:0:{number:x}::1"}]})
        if reply.status == REFUSED and not self.cast.checks_are_sure:
            raise ConnectionError("no answer any more")
        expect(reply.status == 200, f"a check is answered always: {reply}")
        self.ledger.count("check")

    def report(self, randomness):
        ledger = self.ledger
        values = [ledger.value() for _ in range(randomness.randint(1, SUBJECTS_MAX))]
        body = {"category": randomness.choice(("spam", "scam", "intrusion")),
                "subjects": [{"type": "ip", "value": value} for value in values]}
        with ledger.lock:
            ledger.unsure_reports.append(values)
        reply = self.call("report", "POST", "/v1/reports", body)
        if reply is not None:
            with ledger.lock:
                ledger.unsure_reports.remove(values)
            ledger.add_reports([row["id"] for row in reply.json["reports"]])

    def withdraw(self, randomness):
        report = self.ledger.pick_live(randomness)
        if report is None or randomness.random() < 0.5:
            self.over.wait(0.02)
            return
        self.ledger.reports[report] = {"live", "withdrawn"}
        if self.call("withdrawal", "DELETE", "/v1/reports/" + report.rsplit("/", 1)[-1], None):
            self.ledger.reports[report] = {"withdrawn"}

    def load_list(self, randomness):
        ledger = self.ledger
        values = [ledger.value() for _ in range(randomness.randint(1, IMPORT_ENTRIES_MAX))]
        body = {"source": "a list", "category": "spam", "type": "ip", "as": "imported",
                "entries": [{"value": value} for value in values]}
        with ledger.lock:
            ledger.unsure_imports.append(values)
        if self.call("import", "POST", "/v1/imports", body):
            with ledger.lock:
                ledger.unsure_imports.remove(values)
                ledger.imports.append(values)
        self.over.wait(0.05)

    def set_trust(self, randomness):
        weight = randomness.randint(1, 100)
        path = "/v1/peers/" + urllib.parse.quote(self.cast.second.actor, safe="") + "/trust"
        self.ledger.weights.add(weight)
        if self.call("trust", "PUT", path, {"weight": weight}):
            self.ledger.weights = {weight}
        self.over.wait(0.05)

    def deliver(self, _randomness):
        ledger, stranger = self.ledger, self.cast.stranger
        value = ledger.value()
        report = stranger.report(reportSubject={"subjectType": "ip", "value": value})
        request = stranger.request(self.node, stranger.add(report))
        with ledger.lock:
            ledger.unsure_received.append(value)
        status = exchange(self.node.port, request.to_bytes())
        if status == 0:
            raise ConnectionError("no answer")
        if status == REFUSED:
            ledger.count("refused")
            return
        expect(status == 202, f"an Add is taken: {status}")
        with ledger.lock:
            ledger.unsure_received.remove(value)
            ledger.received.append(value)
        ledger.count("inbox")

    def tell_second(self, _randomness):
        """The other node reports, and delivers what it can."""
        self.cast.second.report(("ip", self.ledger.value()))
        self.over.wait(0.2)


def pause(seconds):
    """Nothing to wait for: the time itself is what is random."""
    threading.Event().wait(seconds)
