#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The programs under valgrind: memory that is read before it was written, or lost.

Two nodes live a short life, and the command line is used for everything that it commonly is. What
valgrind finds in any of these processes fails the test.
"""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenario"))
import harness  # noqa: E402
from harness import befriend, expect, parse_arguments, run, wait_until  # noqa: E402

TIME_SCALE = 600
PATIENCE_SECONDS = 300  # a program is 30 times as slow
FOUND = 99
SUPPRESSIONS = [HERE / "valgrind.supp", pathlib.Path("/usr/share/glib-2.0/valgrind/glib.supp")]
LIST = "198.51.100.4\n198.51.100.9 # seen twice\n"

# What is said, and the exit statuses that it may have. OTHER is the other node's actor.
COMMANDS = (
    ("status", (0,)),
    ("version", (0,)),
    ("--help", (0,)),
    ("nonsense", (2,)),
    ("report add ip=203.0.113.9 domain=pills.example --category spam", (0,)),
    ("report list", (0,)),
    ("report list --json", (0,)),
    ("report import LIST --category tor_exit --type ip --dry-run", (0,)),
    ("report import LIST --category tor_exit --type ip", (0,)),
    ("check ip=203.0.113.9 domain=pills.example --explain", (11,)),
    ("check ip=192.0.2.1 --json", (0,)),
    ("allow add ip=203.0.113.9 --reason ours", (0,)),
    ("allow list", (0,)),
    ("peer list", (0,)),
    ("peer show OTHER", (0,)),
    ("peer trust OTHER 60", (0,)),
    ("peer suggest", (0,)),
    ("trust list", (0,)),
    ("trust show OTHER", (0,)),
    ("review list", (0,)),
    ("token add program --scope check", (0,)),
    ("token list", (0,)),
    ("token remove program --yes", (0,)),
    ("feed list", (0,)),
    ("observe off", (0,)),
    ("config show", (0,)),
    ("housekeeping --dry-run", (0,)),
    ("export-subject ip=203.0.113.9", (0,)),
    ("erase ip=203.0.113.9 --yes", (0,)),
    ("key rotate --yes", (0,)),
    ("backup BACKUP", (0,)),
    ("audit list", (0,)),
    ("audit verify", (0,)),
    ("doctor --recount", (0, 1)),
)


def wrapper(options, logs):
    command = [options.valgrind, "--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite"]
    command += ["--show-leak-kinds=definite", "--num-callers=30", f"--error-exitcode={FOUND}"]
    command += [f"--suppressions={path}" for path in SUPPRESSIONS if path.exists()]
    return command + [f"--log-file={logs}/%p"]


def speak(lab, node, words, logs):
    """One command; gives its exit status."""
    program = os.path.join(os.path.dirname(lab.tocsind), "tocsin")
    command = [*lab.wrapper, program, "--socket", node.socket, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    expect(done.returncode != FOUND, f"tocsin {' '.join(words)}: valgrind found\n{found(logs)}")
    return done


def found(logs):
    """What valgrind says of programs; lines that begin with -- are about itself."""
    lines = [line for path in sorted(pathlib.Path(logs).iterdir())
             for line in path.read_text(errors="replace").splitlines()]
    return "\n".join(line for line in lines if line.startswith("=="))


def test_with(options):
    def test(lab):
        logs = os.path.join(lab.dir, "valgrind")
        os.mkdir(logs)
        harness.START_SECONDS = harness.STOP_SECONDS = PATIENCE_SECONDS
        # Valgrind has not the address space for the usual map.
        a, b = (lab.node(name, api=True, settings="map-size-gib=1\n") for name in "ab")
        for node in (a, b):  # makes its RSA key, which would take a minute
            node.start()
            node.stop()
        lab.wrapper = wrapper(options, logs)
        for node in (a, b):
            node.start()
        lab.step("two nodes follow each other and report")
        befriend(a, b)
        befriend(b, a)
        theirs = b.report(("ip", "203.0.113.77"), ("email", "cheap.pills@spammer.example"))
        wait_until(lambda: len(a.reports(actor=b.actor)) == 2, "a hears of b's reports")
        b.withdraw(theirs[0])
        wait_until(lambda: a.reports(actor=b.actor, state="withdrawn"), "a hears of b's withdrawal")

        lab.step("the command line")
        names = {"OTHER": b.actor, "LIST": os.path.join(lab.dir, "list.txt"), "BACKUP": os.path.join(lab.dir, "backup")}
        pathlib.Path(names["LIST"]).write_text(LIST, encoding="ascii")
        for line, statuses in COMMANDS:
            done = speak(lab, a, [names.get(word, word) for word in line.split()], logs)
            expect(done.returncode in statuses, f"tocsin {line}: {done.returncode}: {done.stdout} {done.stderr}")
        lab.step("what programs ask for")
        for path in ("/v1/changes", "/v1/decisions/stream?startup=true", "/v1/export/domains.txt", "/v1/range/00000",
                     "/metrics", "/openapi.json"):
            reply = a.api("GET", path)
            expect(reply.status in (200, 404), f"{path}: {reply}")
        for path in ("/actor", "/nodeinfo/2.1", "/", "/nothing"):
            a.public("GET", path)
        for node in lab.nodes:
            node.stop()
        expect(not found(logs), f"valgrind found\n{found(logs)}")

    return test


if __name__ == "__main__":
    chosen = parse_arguments(__doc__, TIME_SCALE, [("--valgrind", {"required": True})])
    sys.exit(run("programs", chosen, test_with(chosen)))
