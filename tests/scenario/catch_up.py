#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A node follows one that has thousands of reports, and its operator looks on.

On a terminal there is a bar that ends at 100 %. Ctrl-C ends the looking on, not the following. A
peer that cannot be read is told of in one sentence, and is read once it can be.
"""

import json
import os
import re
import signal
import subprocess
import sys

from harness import expect, parse_arguments, run, wait_until
from terminal import Terminal

TIME_SCALE = 60
CHUNK = 100
REPORTS = 2500  # more than one batch of the reading
READ_SECONDS = 150
BAR = re.compile(r"Reading its outbox \[(#*)(-*)\] (\d+)/(\d+) (\d+) %")


def program(lab):
    return os.path.join(os.path.dirname(lab.tocsind), "tocsin")


def tocsin(lab, node, *arguments, code=0):
    environment = dict(os.environ, GIO_USE_PROXY_RESOLVER="dummy", LC_ALL="C.UTF-8", TOCSIN_SOCKET=node.socket)
    done = subprocess.run([program(lab), *arguments], capture_output=True, text=True, env=environment, check=False,
                          timeout=120, stdin=subprocess.DEVNULL)
    expect(done.returncode == code, f"tocsin {' '.join(arguments)}: {done}")
    return done


def report_many(node):
    entries = [{"type": "ip", "value": f"198.51.{i // 250}.{i % 250 + 1}"} for i in range(REPORTS)]
    accepted = 0
    for first in range(0, REPORTS, CHUNK):
        accepted += node.ask("POST", "/v1/imports", {"source": "yesterday", "category": "spam", "as": "first_hand",
                                                     "entries": entries[first:first + CHUNK]})["accepted"]
    expect(accepted == REPORTS, f"all are reported: {accepted}")


def interrupted(lab, reader, publisher):
    """Ctrl-C while the peer's admin has not answered yet."""
    terminal = Terminal(lab, program(lab), "peer", "follow", publisher.actor, "--wait", TOCSIN_SOCKET=reader.socket)
    try:
        terminal.wait_for(r"Waiting for its admin to accept \d+ s")
        os.write(terminal.fd, b"\x03")
        status = terminal.end()
    finally:
        terminal.kill()
    expect(status == -signal.SIGINT, f"it ended with {status}: {terminal.text}")
    expect(re.search(r"No longer waiting: the node goes on by itself, and \S+ stays as it is", terminal.text),
           f"it says what stays: {terminal.text}")
    expect(reader.peer(publisher.actor)["following"] == "pending", "the follow is as it was")
    expect(reader.peer(publisher.actor)["catch_up"]["state"] == "asked", "and nothing was read")


def watched(lab, reader, publisher):
    wait_until(lambda: (publisher.peer(reader.actor) or {}).get("follower") == "pending", "the Follow arrived")
    terminal = Terminal(lab, program(lab), "peer", "show", publisher.actor, "--wait", TOCSIN_SOCKET=reader.socket)
    try:
        terminal.wait_for("Waiting for its admin to accept")
        publisher.act(reader.actor, "accept")
        status = terminal.end(READ_SECONDS)
    finally:
        terminal.kill()
    expect(status == 0, f"it ended with {status}: {terminal.text[-500:]}")
    bars = [(len(bar[0]), *map(int, bar[2:])) for bar in BAR.findall(terminal.text)]
    done = [bar[1] for bar in bars]
    total = bars[-1][2]
    expect(total >= REPORTS and bars[-1] == (24, total, total, 100), f"the bar ends at 100 %: {bars[-1]}")
    expect(done == sorted(done), f"the bar never goes back: {done}")
    expect(any(0 < n < total for n in done), f"there is something between: {done}")
    expect(f"read to the end; reports of it here: {REPORTS}" in terminal.text, terminal.text[-500:])
    state = reader.peer(publisher.actor)["catch_up"]
    expect(state["state"] == "done" and state["caught_up"] and state["error"] is None, f"it says so: {state}")
    expect(state["reports"] == state["reports_total"] == REPORTS, f"and how many: {state}")
    expect(state["sequence"] == state["last_sequence"] == total, f"and how far: {state}")
    listed = reader.ask("GET", "/v1/peers")["peers"][0]["catch_up"]
    expect(listed == state, f"the list says the same: {listed}")


def failing(lab, reader, publisher):
    publisher.stop()
    tocsin(lab, reader, "peer", "reset", publisher.actor)
    wait_until(lambda: reader.peer(publisher.actor)["catch_up"]["state"] == "failed", "the reading failed")
    state = reader.peer(publisher.actor)["catch_up"]
    expect(state["error"] and state["failed"] and state["retry"], f"it says why, and when again: {state}")
    expect(state["reports"] == REPORTS, f"what was read stays: {state}")
    said = tocsin(lab, reader, "peer", "show", publisher.actor, "--wait", code=1)
    expect(said.stdout == "" and said.stderr.count("\n") == 1, f"one sentence: {said}")
    expect(f"({state['error']})" in said.stderr and "tocsin peer reset" in said.stderr, f"with a way on: {said}")
    publisher.start()
    publisher.report(("ip", "203.0.113.9"))
    tocsin(lab, reader, "peer", "reset", publisher.actor)
    wait_until(lambda: reader.peer(publisher.actor)["catch_up"]["state"] == "done", "it is read again")
    shown = json.loads(tocsin(lab, reader, "peer", "show", publisher.actor, "--wait", "--json").stdout)
    wait_until(lambda: reader.peer(publisher.actor)["catch_up"]["reports"] == REPORTS + 1, "the new report is here")
    expect(shown["catch_up"]["error"] is None and shown["catch_up"]["failed"] is None, f"no error stays: {shown}")


def test(lab):
    publisher = lab.node("publisher").start()
    reader = lab.node("reader").start()
    lab.subjects.add("203.0.113.9")
    lab.step(f"{REPORTS} reports")
    report_many(publisher)
    lab.step("Ctrl-C while it waits")
    interrupted(lab, reader, publisher)
    lab.step("the bar")
    watched(lab, reader, publisher)
    lab.step("a peer that is down")
    failing(lab, reader, publisher)
    reader.stop()
    publisher.stop()


if __name__ == "__main__":
    chosen = parse_arguments(__doc__, TIME_SCALE)
    sys.exit(run("catch-up", chosen, test))
