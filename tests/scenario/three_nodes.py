#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Three nodes and one spammer.

A spammer is reported at A, then at B; C follows both with weight 50, and what it says of the
spammer goes from allow to note to review: kicked at A and B, alerted at C. A withdraws, C follows
suit. Before, between and after, nodes are killed at random points, and what was answered 201 is
never lost.
"""

import sys

from harness import Failure, befriend, expect, parse_arguments, run, wait_until

TIME_SCALE = 600
DECOYS = 12
ADDRESS = ("ip", "203.0.113.77")
MAILBOX = ("email", "cheap.pills@spammer.example")
NAME = ("username", "cheap_pills_24")
SPAMMER = (ADDRESS, MAILBOX, NAME)


def verdict_becomes(node, verdict, **more):
    wait_until(
        lambda: node.check(*SPAMMER, **more)["verdict"] == verdict,
        f"{node.name} says {verdict} of the spammer",
    )


def cut_power(lab, node):
    """Kills a node at a random point of what it is doing now, and starts it again."""
    pause = lab.random.random() * 0.3
    lab.step(f"{node.name} is killed after {pause:.3f} s")
    try:
        wait_until(lambda: False, "never", pause)
    except Failure:
        pass
    node.kill()
    node.start()


def cut_power_somewhere(lab):
    for node in lab.random.sample(lab.nodes, lab.random.randint(1, len(lab.nodes))):
        cut_power(lab, node)


def decoys_arrive(c, kept, gone):
    """Every report that was answered 201 is at C, every withdrawn one is not."""

    def arrived():
        live = {row["id"] for row in c.reports(state="live")}
        return kept <= live and not gone & live

    wait_until(arrived, "C holds what A and B published")


def add_decoys(lab, node, kept):
    for _ in range(DECOYS):
        value = f"198.51.100.{lab.random.randrange(256)}"
        kept.update(node.report(("ip", value)))


def test(lab):
    a, b, c = (lab.node(name).start() for name in "abc")
    befriend(c, a)
    befriend(c, b)
    kept, gone = set(), set()

    answer = c.check(*SPAMMER)
    expect(answer["verdict"] == "allow" and answer["known"] is False, f"before: {answer}")

    lab.step("kicked at A")
    first = a.report(*SPAMMER, action="suspended")
    cut_power(lab, a)
    verdict_becomes(c, "note")
    expect(a.check(*SPAMMER, profile="strict")["verdict"] == "block", "A's own word blocks at A")

    lab.step("kicked at B")
    second = b.report(*SPAMMER, action="suspended")
    kept.update(second)
    cut_power_somewhere(lab)
    verdict_becomes(c, "review")
    wait_until(
        lambda: all(subject["origins"] == 2 for subject in c.check(*SPAMMER)["subjects"]),
        "C has heard of every subject from A and from B",
    )
    answer = c.check(*SPAMMER, explain=True)
    for subject in answer["subjects"]:
        reporters = {evidence["reporter"] for evidence in subject["evidence"]}
        expect(reporters == {a.actor, b.actor}, f"A and B reported it: {reporters}")

    lab.step("A and B report much else, and lose power meanwhile")
    add_decoys(lab, a, kept)
    cut_power(lab, a)
    add_decoys(lab, b, kept)
    cut_power_somewhere(lab)

    lab.step("A withdraws")
    for report in first:
        a.withdraw(report)
    gone.update(first)
    cut_power_somewhere(lab)
    verdict_becomes(c, "note")
    decoys_arrive(c, kept, gone)
    expect(b.check(*SPAMMER)["known"], "B still knows what it reported")

    metrics = c.api("GET", "/metrics").body.decode()
    for node in (a, b):
        expect(
            f'tocsin_peer_reports{{peer="{node.actor}",what="got"}}' in metrics,
            f"C's metrics tell what {node.name} gave it",
        )

    lab.step("B withdraws")
    for report in second:
        b.withdraw(report)
    gone.update(second)
    kept.difference_update(second)
    cut_power(lab, c)
    verdict_becomes(c, "allow")
    decoys_arrive(c, kept, gone)
    for node in lab.nodes:
        node.stop()


if __name__ == "__main__":
    chosen = parse_arguments(__doc__, TIME_SCALE)
    sys.exit(run("three-nodes", chosen, test))
