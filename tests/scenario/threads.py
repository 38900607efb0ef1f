#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""All threads of a node at once, and stopped in the middle of it.

A node has several API threads. While load.py writes, programs ask over TCP, and over the Unix socket
an operator has everything done that runs on a thread of its own: a recount, a search for a subject,
an erasure, a backup, lists that come and go, exports. Everything is answered until the node is told
to stop; then it ends well, and what was acknowledged is there when it starts again. It also ends well
where it is stopped as soon as it answers.

build-aux/check-threads runs this under ThreadSanitizer, and any other build finds what is used after
it was freed while a node stops.
"""

import hashlib
import http.client
import itertools
import json
import os
import random
import shutil
import sys
import threading
import urllib.parse

from crash import is_whole
from harness import befriend, expect, make_tokens, parse_arguments, run, wait_until
from load import SETTINGS, Cast

TIME_SCALE = 3600
LIVES = 3
SHORT_LIVES = 10
TURNS_MIN = 2  # of each caller in each life; an erasure is many writes, one after another
PAUSE_SECONDS = 0.02  # who is answered fast must not starve who is not
LIFE_SECONDS = 180
ASK_SECONDS = 120
API_THREADS = 4
PROGRAMS = 4
STOPPING = 503
FORMATS = ("json", "csv", "lines", "nginx-geo", "rpz", "stix", "postfix", "mastodon-csv")
PAGES = ("/", "/actor", "/outbox", "/followers", "/nodeinfo/2.1", "/.well-known/nodeinfo")
LISTINGS = ("/v1/reports", "/v1/peers", "/v1/review", "/v1/audit", "/v1/imports", "/v1/status", "/v1/trust",
            "/v1/allow", "/v1/tokens", "/v1/feeds", "/v1/config", "/metrics", "/openapi.json")


class Callers:
    """A thread for each way to ask, until the node is gone."""

    numbers = itertools.count(1)  # of all lives: nothing gets the name of what is left of an earlier one

    def __init__(self, lab, node, second, tokens):
        self.lab, self.node, self.second, self.tokens = lab, node, second, tokens
        self.is_stopping = threading.Event()
        self.failures = []
        self.turns = {}
        callers = [self.program] * PROGRAMS + [self.public, self.listings, self.changes, self.exports, self.decisions,
                                               self.recount, self.recount, self.erase, self.backup, self.feed,
                                               self.load_list, self.allow, self.token, self.housekeeping,
                                               self.operate]
        self.threads = [threading.Thread(target=self.go_on, args=(number, caller, random.Random(lab.random.random())),
                                         daemon=True) for number, caller in enumerate(callers)]
        for thread in self.threads:
            thread.start()

    def go_on(self, number, caller, randomness):
        try:
            for turn in itertools.count():
                self.turns[number] = turn
                caller(turn, randomness)
                self.is_stopping.wait(PAUSE_SECONDS)
        except (OSError, http.client.HTTPException) as failure:
            if not self.is_stopping.is_set():
                self.failures.append(failure)
        except Exception as failure:  # pylint: disable=broad-except
            self.failures.append(failure)

    def have_turned(self):
        return self.failures or min(self.turns.get(i, 0) for i in range(len(self.threads))) >= TURNS_MIN

    def end(self):
        for thread in self.threads:
            thread.join()
        if self.failures:
            raise self.failures[0]

    def judge(self, what, reply, statuses):
        if reply.status == STOPPING and self.is_stopping.is_set():
            raise ConnectionError("no answer any more")
        expect(reply.status in statuses, f"{what}: {reply}")
        return reply

    def ask(self, method, path, body=None, statuses=(200,)):
        """Over the Unix socket."""
        return self.judge(f"{method} {path}", self.node.api(method, path, body, ASK_SECONDS), statuses)

    def tell(self, method, path, scope, body=None, statuses=(200,), headers=None):
        """Over TCP."""
        reply = self.node.tcp(method, path, body, self.tokens[scope], headers, ASK_SECONDS)
        return self.judge(f"{method} {path}", reply, statuses)

    # Programs.

    def program(self, turn, randomness):
        event = {"subjects": [{"type": "ip", "value": f"2001:db8:0:{randomness.randrange(1 << 10):x}::1"},
                              {"type": "email", "value": f"m{turn}@shop.example"}], "explain": turn % 2 == 0}
        text = json.dumps(event).encode()
        self.tell("POST", "/v1/check", "check", text)
        self.tell("POST", "/v1/check/batch", "check", b"\n".join([text] * 10) + b"\n")
        prefix = hashlib.sha256(f"tocsin:1:ip:198.51.100.{turn % 256}".encode()).hexdigest()[:5]
        self.tell("GET", "/v1/range/" + prefix, "range")
        self.tell("GET", "/v1/authz", "check", statuses=(200, 204, 403), headers={"X-Real-IP": "198.51.100.1"})
        self.tell("GET", "/metrics", "metrics")

    def changes(self, _turn, _randomness):
        cursor = self.tell("GET", "/v1/changes", "stream").json["cursor"]
        self.tell("GET", f"/v1/changes?wait=1&cursor={urllib.parse.quote(cursor)}", "stream")

    def exports(self, turn, _randomness):
        path = "/v1/export/" + FORMATS[turn % len(FORMATS)]
        self.tell("GET", path, "stream")
        self.tell("GET", path + "/manifest", "stream")

    def decisions(self, turn, _randomness):
        self.tell("GET", f"/v1/decisions/stream?startup={'true' if turn % 3 == 0 else 'false'}", "stream")
        self.tell("GET", "/v1/decisions?ip=198.51.100.1", "stream")

    # The world.

    def public(self, turn, _randomness):
        path = PAGES[turn % len(PAGES)]
        self.judge(path, self.node.public("GET", path, seconds=ASK_SECONDS), (200, 401))

    # The operator.

    def listings(self, turn, _randomness):
        self.ask("GET", LISTINGS[turn % len(LISTINGS)])

    def recount(self, _turn, _randomness):
        checks = self.ask("POST", "/v1/doctor", {"recount": True}).json["checks"]
        wrong = [check["text"] for check in checks if check["name"] == "recount" and not check["ok"]]
        expect(not wrong, f"the counters agree: {wrong}")

    def erase(self, _turn, _randomness):
        subject = {"type": "email", "value": f"person{next(self.numbers)}@gone.example"}
        self.ask("POST", "/v1/reports", {"subjects": [subject], "category": "spam"}, (201,))
        told = self.ask("POST", "/v1/subjects/export", subject).json
        expect(len(told["reports"]) == 1, f"what is known of a subject is told: {told}")
        self.ask("POST", "/v1/subjects/erase", {**subject, "dry_run": True})
        gone = self.ask("POST", "/v1/subjects/erase", subject).json
        expect(gone["withdrawn"] == 1, f"it is erased: {gone}")

    def backup(self, _turn, _randomness):
        where = os.path.join(self.lab.dir, f"backup-{next(self.numbers)}")
        self.ask("POST", "/v1/backup", {"dir": where})
        shutil.rmtree(where)

    def feed(self, turn, _randomness):
        write_list(self.lab, "".join(f"198.51.100.{i}\n" for i in range(1, 100) if (i + turn) % 5))
        self.ask("POST", "/v1/feeds/list/refresh")

    def load_list(self, turn, _randomness):
        entries = [{"value": f"2001:db8:ffff:{next(self.numbers):x}::1"} for _ in range(50)]
        body = {"source": "another list", "category": "spam", "type": "ip",
                "as": "first_hand" if turn % 4 == 0 else "imported", "entries": entries}
        batch = self.ask("POST", "/v1/imports", body, (201,)).json["batch"]
        self.ask("DELETE", f"/v1/imports/{batch}", statuses=(200, 204))

    def allow(self, _turn, _randomness):
        entry = {"type": "domain", "value": f"allowed{next(self.numbers)}.example"}
        self.ask("POST", "/v1/allow", entry, (201,))
        self.ask("DELETE", "/v1/allow", entry, (200, 204))

    def token(self, _turn, _randomness):
        name = f"passing-{next(self.numbers)}"
        answer = self.ask("POST", "/v1/tokens", {"name": name, "scopes": ["check"]}, (201,)).json
        self.lab.tokens.add(answer["token"])
        self.ask("DELETE", f"/v1/tokens/{name}", statuses=(200, 204))

    def housekeeping(self, turn, _randomness):
        self.ask("POST", "/v1/housekeeping", {"dry_run": turn % 2 == 0})

    def operate(self, turn, _randomness):
        peer = "/v1/peers/" + urllib.parse.quote(self.second.actor, safe="")
        self.ask("POST", "/v1/audit/verify")
        self.ask("GET", f"{peer}/catch-up")
        self.ask("GET", "/v1/peers/suggestions")
        self.ask("GET", "/v1/trust/" + urllib.parse.quote(self.second.actor, safe=""))
        if turn % 8 == 1:
            self.ask("POST", "/v1/keys/rotate")


def write_list(lab, text):
    """Whoever reads it meanwhile has the old one or the new one. Gives its place."""
    path = os.path.join(lab.dir, "list")
    with open(path + ".new", "w", encoding="ascii") as listed:
        listed.write(text)
    os.replace(path + ".new", path)
    return path


def one_life(lab, cast, tokens):
    node = cast.node
    cut = cast.ledger.counted["cut"]
    cast.checks_are_sure = True
    load = cast.begin()
    callers = Callers(lab, node, cast.second, tokens)
    wait_until(lambda: load.failures or callers.have_turned(), "every caller was answered", LIFE_SECONDS)
    expect(cast.ledger.counted["cut"] == cut, "every call is answered until the node is told to stop")
    cast.checks_are_sure = False
    callers.is_stopping.set()
    node.stop()
    load.end()
    callers.end()
    lab.step(f"stopped after {min(callers.turns.values())} to {max(callers.turns.values())} turns: {cast.ledger.counted}")
    node.start()
    cast.ledger.examine(node)
    cast.ledger.examine_trust(node, cast.second.actor)
    is_whole(lab, node)


def short_life(node):
    node.stop()
    node.start(wait=False)
    wait_until(lambda: answers(node), f"{node.name} answers", poll_seconds=0.001)


def answers(node):
    try:
        return node.api("GET", "/health/live").status == 200
    except OSError:
        return False


def test(lab):
    settings = f"{SETTINGS}api-threads={API_THREADS}\n"
    a, b = (lab.node(name, settings=settings, api=True).start() for name in "ab")
    befriend(a, b)
    befriend(b, a)
    tokens = make_tokens(a)
    cast = Cast(lab, a, b)
    body = {"name": "list", "url": "file://" + write_list(lab, "198.51.100.1\n"), "format": "lines",
            "category": "hosting", "type": "ip"}
    a.ask("POST", "/v1/feeds", body, 201)
    try:
        for _ in range(LIVES):
            one_life(lab, cast, tokens)
        lab.step("stopped as soon as it answers")
        for _ in range(SHORT_LIVES):
            short_life(a)
        a.wait_ready()
        cast.ledger.examine_all(a)
        a.stop()
        b.stop()
    finally:
        cast.close()


if __name__ == "__main__":
    sys.exit(run("threads", parse_arguments(__doc__, TIME_SCALE), test))
