#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A node is killed at random points, again and again, under mixed load (load.py).

After every restart the store opens, the audit log is whole, what was acknowledged is there, what was
not is absent or whole, and counters agree with a recount. In the end both nodes hold what the other
has told, and nothing that it took back but what waits for a person. --kills sets how often; a seed repeats the plan, though not what the machine makes of it.
"""

import json
import sys

from harness import befriend, expect, parse_arguments, run, wait_until
from load import SETTINGS, Cast, pause
from operating import tocsin

TIME_SCALE = 3600
KILLS = 8
LOAD_SECONDS_MAX = 0.8
START_SECONDS_MAX = 0.5
SETTLE_SECONDS = 180
LOADS = ("check", "report", "withdrawal", "import", "trust", "inbox")


def is_whole(lab, node):
    verified = tocsin(lab, node, "audit", "verify")
    expect(verified.returncode == 0, f"the audit log is whole: {verified.stdout}{verified.stderr}")
    done = tocsin(lab, node, "doctor", "--recount", "--local", "--json")
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    for name in ("recount", "store"):
        expect(checks[name]["ok"], f"{name}: {checks[name]['text']}")


def was_loaded(cast, kills):
    """Of each kind one call for four kills: far less than there is, where the machine has time."""
    return all(cast.ledger.counted[what] >= kills / 4 for what in LOADS)


def one_life(lab, cast, number):
    node, cut = cast.node, cast.ledger.counted["cut"]
    load = cast.begin()
    pause(lab.random.random() * LOAD_SECONDS_MAX)
    wait_until(lambda: load.failures or was_loaded(cast, number), "there was load")
    expect(cast.ledger.counted["cut"] == cut, "every call is answered until the node is killed")
    node.kill()
    load.end()
    if lab.random.random() < 0.25:
        lab.step(f"kill {number}: and once more while it starts")
        node.start(wait=False)
        pause(lab.random.random() * START_SECONDS_MAX)
        node.kill()
    node.start()
    cast.ledger.examine(node)
    cast.ledger.examine_trust(node, cast.second.actor)
    is_whole(lab, node)
    if number % 20 == 0:
        lab.step(f"{number} kills: {cast.ledger.counted}")


def ids(node, actor, **query):
    return {row["id"] for row in node.reports(actor=actor, **query)}


def waiting(reader, publisher):
    """How many of its withdrawals the guard against many at once has kept back."""
    lines = reader.ask("GET", "/v1/review", status=200)["items"]
    return sum(line["count"] for line in lines if line["kind"] == "withdrawal" and line["actor"] == publisher.actor)


def holds(reader, publisher):
    """Whatever the guards made of them, a reader knows all that is live, and what is not is not live there."""
    there = ids(reader, publisher.actor, state="live")
    live = ids(publisher, publisher.actor, state="live")
    return live <= ids(reader, publisher.actor) and len(there - live) <= waiting(reader, publisher)


def test_with(lab, kills):
    a = lab.node("a", settings=SETTINGS).start()
    b = lab.node("b", settings=SETTINGS).start()
    befriend(a, b)
    befriend(b, a)
    cast = Cast(lab, a, b)
    try:
        for number in range(1, kills + 1):
            one_life(lab, cast, number)
        lab.step(f"{kills} kills: {cast.ledger.counted}")
        cast.ledger.examine_all(a)
        wait_until(lambda: holds(a, b), "a holds what b has told", SETTLE_SECONDS)
        wait_until(lambda: holds(b, a), "b holds what a has told", SETTLE_SECONDS)
        is_whole(lab, a)
        is_whole(lab, b)
        a.stop()
        b.stop()
    finally:
        cast.close()


if __name__ == "__main__":
    chosen = parse_arguments(__doc__, TIME_SCALE, [("--kills", {"type": int, "default": KILLS})])
    sys.exit(run("crash", chosen, lambda lab: test_with(lab, chosen.kills)))
