#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The guards of a node against a peer that behaves unlike itself, from outside.

B follows A. A's first reports come as one batch; later it sends more than usual, contradicts B's
allow list and takes back more than anybody would. B holds what its guards say, lists it in
`review`, and knows all of it again after it was killed in the middle.
"""

import sys

from harness import befriend, expect, parse_arguments, run, wait_until
from measure import gauges

TIME_SCALE = 1  # guards wait for hours, which none of this takes
BURST = 40  # reports an hour
CONTRADICTED = 7  # more than 3 % of the last 200
MASS = 20  # withdrawals a day that are nobody's concern


def addresses(network, n, first=1):
    return [f"{network}.{host}" for host in range(first, first + n)]


def report_all(node, values):
    return [node.report(("ip", value))[0] for value in values]


def count(node, publisher, state):
    return len(node.reports(actor=publisher.actor, state=state))


def lines(node, kind):
    page = node.ask("GET", "/v1/review", status=200)
    return [line for line in page["items"] if line["kind"] == kind]


def line_appears(node, kind):
    wait_until(lambda: lines(node, kind), f"{node.name} lists a {kind}")
    found = lines(node, kind)
    expect(len(found) == 1, f"one line for one thing: {found}")
    return found[0]


def cut_power(node, sender):
    """What was sent to a dead node is sent again a minute later; nobody here waits for that."""
    node.kill()
    node.start()
    sender.act(node.actor, "reset")


def decide(node, line, verb):
    node.ask("POST", f"/v1/review/{line['id']}/{verb}")
    expect(not lines(node, line["kind"]), f"{line['kind']} is decided")


def times_opened(node, sender):
    with open(node.log, encoding="utf-8", errors="replace") as log:
        return log.read().count(f"{sender.actor} reports more than usual: inbound breaker opened")


def check_burst(lab, a, b, network, live, verb):
    """One report more than the allowance: it is held, and the breaker opens."""
    lab.step(f"a burst, {verb}ed")
    told = times_opened(b, a)
    ids = report_all(a, addresses(network, live + 1, 100))
    line = line_appears(b, "burst")
    wait_until(lambda: times_opened(b, a) > told, "the log has a line for the breaker that opened")
    expect(times_opened(b, a) == told + 1, "and no more than one")
    held = [row["id"] for row in b.reports(actor=a.actor, state="held")]
    expect(len(held) == 1 and held[0] in ids, f"one report is held: {held}")
    cut_power(b, a)
    expect(line_appears(b, "burst") == line, "the line is what it was")
    expect(count(b, a, "held") == 1, "it is held after a restart too")
    before = count(b, a, "live")
    decide(b, line, verb)
    wanted = before + (1 if verb == "accept" else 0)
    wait_until(lambda: count(b, a, "live") == wanted, f"{wanted} reports of A are live")
    expect(count(b, a, "held") == (0 if verb == "accept" else 1), "what was rejected stays so")
    # The breaker is open: the next report waits at A until the operator closes it.
    late = a.report(("ip", f"{network}.250"))[0]
    cut_power(b, a)
    wait_until(lambda: gauges(b)["inbox_refused_total"] > 0, "the breaker is open after a restart")
    expect(late not in {row["id"] for row in b.reports()}, "what was refused is not there")
    b.act(a.actor, "reset")
    a.act(b.actor, "reset")
    wait_until(lambda: late in {row["id"] for row in b.reports(state="live")}, "it arrives")


def check_contradiction(lab, a, b):
    lab.step("contradictions")
    values = addresses("192.0.2", CONTRADICTED)
    for value in values:
        b.ask("POST", "/v1/allow", {"type": "ip", "value": value, "reason": "ours"})
    some = report_all(a, values[:4])
    wait_until(lambda: set(some) <= {r["id"] for r in b.reports()}, "the first of them are there")
    cut_power(b, a)
    expect(not lines(b, "contradiction"), "four are no reason to say anything")
    report_all(a, values[4:])
    line_appears(b, "contradiction")
    expect(b.peer(a.actor)["trust"] == 50, "trust never changes by itself")
    for value in values:
        expect(b.check(("ip", value))["verdict"] == "allow", f"{value} is allowed")


def check_withdrawal(lab, a, b, ids):
    """Twenty go, the others wait for a person."""
    lab.step("a mass withdrawal")
    gone = ids[: MASS - 5]
    for report in gone:
        a.withdraw(report)
    wait_until(lambda: count(b, a, "withdrawn") == len(gone), "fifteen are withdrawn")
    cut_power(b, a)
    for report in ids[len(gone) : MASS + 4]:
        a.withdraw(report)
    line = line_appears(b, "withdrawal")
    wait_until(lambda: count(b, a, "withdrawn") == MASS, "twenty are withdrawn")
    wait_until(lambda: line_appears(b, "withdrawal")["count"] == 4, "four wait")
    line = line_appears(b, "withdrawal")
    cut_power(b, a)
    expect(line_appears(b, "withdrawal") == line, "the line is what it was")
    expect(count(b, a, "withdrawn") == MASS, "nothing was applied meanwhile")
    decide(b, line, "accept")
    wait_until(lambda: count(b, a, "withdrawn") == MASS + 4, "all are withdrawn")


def test(lab):
    a = lab.node("a").start()
    b = lab.node("b", settings=f"burst-per-hour={BURST}\n").start()

    lab.step("a first batch")
    first = report_all(a, addresses("198.51.100", 3))
    befriend(b, a)
    wait_until(lambda: count(b, a, "live") == len(first), "the first reports are live at once")
    line = line_appears(b, "batch")
    cut_power(b, a)
    expect(line_appears(b, "batch") == line, "the batch can still be rejected")
    decide(b, line, "accept")

    check_burst(lab, a, b, "203.0.113", BURST, "accept")
    check_contradiction(lab, a, b)
    ids = [row["id"] for row in b.reports(actor=a.actor, state="live")]
    check_withdrawal(lab, a, b, ids)
    # One has arrived since the breaker was closed, and those that contradict.
    check_burst(lab, a, b, "198.51.100", BURST - 1 - CONTRADICTED, "reject")


if __name__ == "__main__":
    sys.exit(run("guards", parse_arguments(__doc__.splitlines()[0], TIME_SCALE), test))
