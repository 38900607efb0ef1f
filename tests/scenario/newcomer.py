#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A new user's path, on a terminal that is recorded.

In a clone build-aux/run, with what was built already, shows what it is for and keeps a node running.
The user starts a node of their own with the settings of `tocsin init`, follows the other, hears of a
report, asks, sees what would have happened while the node observed, and ends that. Ctrl-C stops
everything and leaves nothing behind.
"""

import json
import os
import re
import subprocess
import sys

from harness import expect, parse_arguments, run, wait_until
from terminal import ROOT, Terminal

TIME_SCALE = 60
SPAMMER = "203.0.113.77"


def tocsin(lab, socket, *arguments, code=0):
    program = os.path.join(os.path.dirname(lab.tocsind), "tocsin")
    environment = dict(os.environ, GIO_USE_PROXY_RESOLVER="dummy", LC_ALL="C.UTF-8", TOCSIN_SOCKET=socket)
    done = subprocess.run([program, *arguments], capture_output=True, text=True, env=environment, check=False,
                          timeout=60, stdin=subprocess.DEVNULL)
    expect(done.returncode == code, f"tocsin {' '.join(arguments)}: {done}")
    return done.stdout


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def demonstration(terminal):
    """What the two commands of the README show; gives the directory, the actor and the pids."""
    terminal.wait_for("Ctrl-C stops it and removes (/[^\r\n]+)")
    text = re.sub(r"\x1b\[[0-9;]*[mK]", "", terminal.text)
    where = re.search(r"Ctrl-C stops it and removes (/\S+)", text).group(1)
    for line in ("Starting two nodes", "They follow each other", "the reports arrived at node a"):
        expect(line in text, f"the demonstration tells “{line}”")
    before, after = re.findall(r"verdict: (\w+) +score: (\d+)", text)[:2]
    expect(before[0] == "allow" and int(after[1]) > int(before[1]), f"verdicts: {before}, {after}")
    expect("\x1b[" in terminal.text, "a terminal has colours")
    base = re.search(r"node a: (http://127\.0\.0\.1:\d+)/", text).group(1)
    return where, base + "/actor", [int(pid) for pid in re.findall(r"\(pid (\d+)\)", text)]


def own_node(lab, theirs, actor):
    """Follow, be accepted, hear of a report, ask."""
    settings = os.path.join(lab.dir, "mine.conf")
    text = tocsin(lab, "", "init", "--config", settings, "--base-url", "https://tocsin.mine.example")
    expect("server_name tocsin.mine.example;" in text, "init prints what nginx needs")
    mine = lab.node("mine", observe=True).start()
    tocsin(lab, mine.socket, "peer", "follow", actor, "--trust", "100")
    wait_until(lambda: mine.actor in tocsin(lab, theirs, "peer", "list", "--pending", "--json"), "the Follow arrived")
    tocsin(lab, theirs, "peer", "accept", mine.actor)
    lab.subjects.add(SPAMMER)
    said = tocsin(lab, theirs, "report", "add", f"ip={SPAMMER}", "--category", "spam", "--action", "suspended")
    expect("live" in said, f"the report is out: {said}")
    tocsin(lab, mine.socket, "peer", "trust", actor, "100", "--full")

    def verdict():
        return json.loads(mine.api("POST", "/v1/check", {
            "subjects": [{"type": "ip", "value": SPAMMER}]}).body)

    wait_until(lambda: verdict()["verdict"] == "block", "the node has an opinion of the spammer")
    return mine, verdict


def observing(lab, mine, verdict):
    expect(verdict()["mode"] == "observe", "clients are told not to act")
    out = tocsin(lab, mine.socket, "check", f"ip={SPAMMER}", "--json", code=11)
    expect(json.loads(out)["mode"] == "observe", "exit status and verdict are as they will be")
    shown = tocsin(lab, mine.socket, "check", f"ip={SPAMMER}", code=11)
    expect("only observes" in shown, f"people are told, too: {shown}")
    counted = mine.ask("GET", "/v1/status")["observe"]
    expect(counted["on"] and counted["until"], f"observing ends by itself: {counted}")
    expect(counted["block"] >= 2 and counted["checks"] >= counted["block"], f"what would have happened: {counted}")
    expect("block" in tocsin(lab, mine.socket, "status"), "status tells people so")
    mine.stop()
    mine.start()
    again = mine.ask("GET", "/v1/status")["observe"]
    expect(again["block"] == counted["block"], f"a restart forgets nothing: {again}")
    tocsin(lab, mine.socket, "observe", "off")
    expect("mode" not in verdict(), "from now on verdicts count")
    after = mine.ask("GET", "/v1/status")["observe"]
    expect(after["on"] is False and after["block"] == counted["block"], f"and are no longer counted: {after}")


def interrupt(lab, terminal):
    """What was started has ended, and what was made is gone."""
    os.write(terminal.fd, b"\x03")
    status = terminal.end()
    expect(status == 130, f"build-aux/run ended with {status}: {terminal.text[-500:]}")
    pids = [int(pid) for pid in re.findall(r"\(pid (\d+)\)", terminal.text)]
    expect(pids and all(gone(pid) for pid in pids), f"of {pids} one still runs")
    left = [name for name in os.listdir(lab.dir) if name.startswith("tocsin-run.")]
    expect(not left, f"left behind: {left}")


def clone(lab):
    """A clone, as the README begins with; of a release, which is no repository, the tree itself."""
    target = os.path.join(lab.dir, "clone")
    try:
        subprocess.run(["git", "clone", "--quiet", ROOT, target], capture_output=True, text=True, check=True,
                       timeout=120)
    except OSError as error:
        lab.step(f"no clone: {error}")
        return ROOT
    except subprocess.CalledProcessError as error:
        lab.step(f"no clone: {error.stderr.strip().splitlines()[-1:]}")
        return ROOT
    return target


def test(lab):
    build = os.path.dirname(os.path.dirname(lab.tocsind))
    lab.step("a clone")
    command = [os.path.join(clone(lab), "build-aux", "run")]
    terminal = Terminal(lab, *command, TOCSIN_BUILD=build, TMPDIR=lab.dir)
    try:
        lab.step("build-aux/run")
        where, actor, pids = demonstration(terminal)
        theirs = os.path.join(where, "a", "api.sock")
        lab.step("a node of their own")
        mine, verdict = own_node(lab, theirs, actor)
        lab.step("it observes")
        observing(lab, mine, verdict)
        mine.stop()
        lab.step("Ctrl-C")
        expect(len(pids) == 2 and os.path.isdir(where), f"two nodes ran in {where}: {pids}")
        interrupt(lab, terminal)
        lab.step("Ctrl-C while it has just begun")
        terminal = Terminal(lab, *command, TOCSIN_BUILD=build, TMPDIR=lab.dir)
        terminal.wait_for(r"\(pid \d+\)")
        interrupt(lab, terminal)
    finally:
        terminal.kill()


if __name__ == "__main__":
    chosen = parse_arguments(__doc__, TIME_SCALE)
    sys.exit(run("newcomer", chosen, test))
