#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Some nodes and a bad network.

Nodes follow each other, report and withdraw, while proxies between them do what networks do
(proxy.py) and nodes are killed at random. Once that stops, every follower has to hold, within a
bounded time, exactly the live reports of whom it follows, by its own count and by the digest of
the other; no report may have been applied twice.
"""

import pathlib
import sys

from harness import Failure, befriend, expect, free_port, parse_arguments, run, wait_until
from proxy import Proxy

# An hour is a second: the longest wait between two tries is 6 s, and so is that between two reads.
TIME_SCALE = 3600
NODES = 5
FOLLOWS = 2
ROUNDS = 8
REPORTS_A_ROUND = 4
# Below what the guard against mass withdrawal holds (20 in 24 h).
WITHDRAWALS_MAX = 15
SETTLE_SECONDS = 120


class Network:
    """The nodes, their proxies, and who follows whom."""

    def __init__(self, lab, size):
        self.lab = lab
        self.proxies, self.follows = [], []
        self.withdrawn = {}
        for number in range(size):
            port = free_port()
            proxy = Proxy(port, lab.random.random())
            self.proxies.append(proxy)
            base = f"http://127.0.0.1:{proxy.port}"
            node = lab.node(f"n{number}", port=port, base=base).start()
            self.withdrawn[node] = set()
        for reader in lab.nodes:
            others = [node for node in lab.nodes if node is not reader]
            for publisher in lab.random.sample(others, FOLLOWS):
                befriend(reader, publisher)
                self.follows.append((reader, publisher))

    def set_faults(self, faults):
        for proxy in self.proxies:
            proxy.faults = faults

    def repeat_kept(self):
        for proxy in self.proxies:
            proxy.repeat_kept()

    def close(self):
        for proxy in self.proxies:
            proxy.close()


def own_live(node):
    return {row["id"] for row in node.reports(actor=node.actor, state="live")}


def held_live(reader, publisher):
    rows = [row["id"] for row in reader.reports(actor=publisher.actor, state="live")]
    expect(len(rows) == len(set(rows)), f"{reader.name} lists a report of {publisher.name} twice")
    return set(rows)


def pause(seconds):
    try:
        wait_until(lambda: False, "never", seconds)
    except Failure:
        pass


def one_round(network, number):
    """Everybody reports, some withdraw, one or two are killed."""
    lab = network.lab
    for node in lab.nodes:
        for _ in range(REPORTS_A_ROUND):
            address = f"2001:db8:{lab.random.randrange(1, 65536):x}:{number}::1"
            node.report(("ip", address), category=lab.random.choice(("spam", "scam", "intrusion")))
        live = sorted(own_live(node))
        if lab.random.random() < 0.6 and len(network.withdrawn[node]) < WITHDRAWALS_MAX:
            gone = lab.random.choice(live)
            node.withdraw(gone)
            network.withdrawn[node].add(gone)
    for node in lab.random.sample(lab.nodes, lab.random.randint(1, 2)):
        pause(lab.random.random() * 0.5)
        lab.step(f"round {number}: {node.name} is killed")
        node.kill()
        node.start()
    network.repeat_kept()
    pause(lab.random.random())


def has_settled(network):
    for reader, publisher in network.follows:
        if held_live(reader, publisher) != own_live(publisher):
            return False
    return True


def digests_match(network):
    return all(r.peer(p.actor)["sync"] == "matches" for r, p in network.follows)


def complain(network):
    for reader, publisher in network.follows:
        there, here = own_live(publisher), held_live(reader, publisher)
        sync = reader.peer(publisher.actor)["sync"]
        network.lab.step(
            f"{reader.name} of {publisher.name}: {len(here)} of {len(there)}, "
            f"{len(there - here)} missing, {len(here - there)} too many, digest {sync}"
        )


def logs_say_why(nodes):
    """--verbose tells an operator what did not arrive, and nothing that is for developers."""
    said = "".join(pathlib.Path(node.log).read_text(encoding="utf-8", errors="replace") for node in nodes)
    expect("tocsin-fed-INFO" in said and "Nothing was delivered to " in said, "no log names a failed delivery")
    expect("-DEBUG" not in said, "a log has lines for developers")


def test(lab, options):
    network = Network(lab, options.nodes)
    try:
        network.set_faults(True)
        for number in range(options.rounds):
            one_round(network, number)
        network.set_faults(False)
        network.repeat_kept()
        for node in lab.nodes:
            lost = options.rounds * REPORTS_A_ROUND - len(own_live(node)) - len(network.withdrawn[node])
            expect(lost == 0, f"{node.name} lost {lost} of its reports that were answered 201")
        lab.step(f"faults: {sum((list(p.done.items()) for p in network.proxies), [])}")
        for node, proxy in zip(lab.nodes, network.proxies):
            expect(sum(proxy.done.values()) >= options.rounds, f"the network of {node.name} had too few faults")
        lab.step("the faults stop")
        try:
            wait_until(lambda: has_settled(network), "followers hold what is live", SETTLE_SECONDS)
            wait_until(lambda: digests_match(network), "the digests match", SETTLE_SECONDS)
        except Failure:
            complain(network)
            raise
        network.repeat_kept()
        expect(has_settled(network), "late copies change nothing")
        for node in lab.nodes:
            node.stop()
        logs_say_why(lab.nodes)
    finally:
        network.close()


if __name__ == "__main__":
    chosen = parse_arguments(__doc__, TIME_SCALE, [
        ("--nodes", {"type": int, "default": NODES}),
        ("--rounds", {"type": int, "default": ROUNDS}),
    ])
    sys.exit(run("faults", chosen, lambda lab: test(lab, chosen)))
