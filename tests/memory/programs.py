#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The programs under valgrind: memory that is read before it was written, or lost.

Two nodes live a short life, and each command of the command line is run. What valgrind finds in any
of these processes fails the test, and so does a command that is forgotten here.
"""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "scenario"), str(HERE.parent / "cli")]
import every_command  # noqa: E402
import fake_node  # noqa: E402
import harness  # noqa: E402
from harness import befriend, expect, parse_arguments, run, wait_until  # noqa: E402

TIME_SCALE = 600
PATIENCE_SECONDS = 300  # a program is 30 times as slow
FOUND = 99
SUPPRESSIONS = [HERE / "valgrind.supp", pathlib.Path("/usr/share/glib-2.0/valgrind/glib.supp")]
LIST = "198.51.100.4\n198.51.100.9 # seen twice\n"

NOBODY = "http://127.0.0.1:1/actor"
BURST = 16  # reports of which most are more than a peer may send in an hour
# Valgrind has not the address space for the usual map.
SETTINGS = "map-size-gib=1\nburst-per-hour=2\n"

# What is said, and the exit statuses that it may have. Words in capitals: names_of().
COMMANDS = (
    ("--help", (0,)),
    ("nonsense", (2,)),
    ("version", (0,)),
    ("init --base-url https://tocsin.village.example --config CONF --yes", (0,)),
    ("config check CONF", (0,)),
    ("config show", (0,)),
    ("status", (0,)),
    ("report add ip=203.0.113.9 domain=pills.example --category spam", (0,)),
    ("report list", (0,)),
    ("report list --json", (0,)),
    ("report show REPORT", (0,)),
    ("report show nothing", (3,)),
    ("report import LIST --category tor_exit --type ip --dry-run", (0,)),
    ("report import LIST --category tor_exit --type ip", (0,)),
    ("report imports", (0,)),
    ("report undo BATCH --yes", (0,)),
    ("report export", (0,)),
    ("report export --format csv --min-verdict allow", (0,)),
    ("report export --manifest", (0,)),
    ("check ip=203.0.113.9 domain=pills.example --explain", (11,)),
    ("check ip=192.0.2.1 --json", (0,)),
    ("allow add ip=203.0.113.9 --reason ours", (0,)),
    ("allow list", (0,)),
    ("allow remove ip=203.0.113.9", (0,)),
    ("report withdraw REPORT --reason error --yes", (0,)),
    ("review list", (0,)),
    ("review accept HELD", (0,)),
    ("review reject FLOOD --yes", (0,)),
    ("review list --all", (0,)),
    ("token add program --scope check", (0,)),
    ("token list", (0,)),
    ("token remove program --yes", (0,)),
    ("feed list", (0,)),
    ("feed add mine LIST --format lines --category hosting --type ip", (0,)),
    ("feed show mine", (0,)),
    ("feed refresh mine", (0,)),
    ("feed disable mine", (0,)),
    ("feed enable mine", (0,)),
    ("feed remove mine", (0,)),
    ("observe off", (0,)),
    ("housekeeping --dry-run", (0,)),
    ("export-subject ip=203.0.113.9", (0,)),
    ("erase ip=203.0.113.9 --yes", (0,)),
    ("key rotate --yes", (0,)),
    ("backup BACKUP", (0,)),
    ("audit list", (0,)),
    ("audit verify", (0,)),
    ("doctor --recount", (0, 1)),
    ("peer list", (0,)),
    ("peer show OTHER", (0,)),
    ("peer trust OTHER 60", (0,)),
    ("peer suggest", (0,)),
    ("peer confirm-key OTHER FINGERPRINT", (0, 1)),
    ("trust list", (0,)),
    ("trust show OTHER", (0,)),
    ("peer reset OTHER", (0,)),
    ("peer unfollow OTHER", (0,)),
    ("peer reject OTHER", (0,)),
    ("peer accept OTHER", (0,)),
    ("peer block OTHER", (0,)),
    ("peer unblock OTHER", (0,)),
    ("peer follow OTHER --trust 40 --area spam=60", (0,)),
    ("peer follow NOBODY", (1,)),
)


def wrapper(options, logs):
    command = [options.valgrind, "--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite"]
    command += ["--show-leak-kinds=definite", "--num-callers=30", f"--error-exitcode={FOUND}"]
    command += [f"--suppressions={path}" for path in SUPPRESSIONS if path.exists()]
    return command + [f"--log-file={logs}/%p"]


def program_of(lab):
    return os.path.join(os.path.dirname(lab.tocsind), "tocsin")


def speak(lab, node, words, logs):
    """One command; gives its exit status."""
    command = [*lab.wrapper, program_of(lab), "--socket", node.socket, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    expect(done.returncode != FOUND, f"tocsin {' '.join(words)}: valgrind found\n{found(logs)}")
    return done


def found(logs):
    """What valgrind says of programs; lines that begin with -- are about itself."""
    lines = [line for path in sorted(pathlib.Path(logs).iterdir())
             for line in path.read_text(errors="replace").splitlines()]
    return "\n".join(line for line in lines if line.startswith("=="))


def every_command_is_here(program):
    fake_node.TOCSIN = program
    said = [line.split() for line, _statuses in COMMANDS]
    for words in every_command.commands():
        expect(any(tuple(line[: len(words)]) == words for line in said), f"say here how to run tocsin {' '.join(words)}")


def names_of(lab, a, b):
    """What stands for a word of COMMANDS; a function where only the commands before it make it so."""
    def line(kind):
        return str(next(line["id"] for line in a.ask("GET", "/v1/review")["items"] if line["kind"] == kind))

    return {
        "BACKUP": os.path.join(lab.dir, "backup"),
        "BATCH": lambda: str(max(row["batch"] for row in a.ask("GET", "/v1/imports")["imports"])),
        "CONF": os.path.join(lab.dir, "node.conf"),
        "FINGERPRINT": a.peer(b.actor)["fingerprints"][0],
        "FLOOD": lambda: line("burst"),
        "HELD": lambda: line("batch"),
        "LIST": os.path.join(lab.dir, "list.txt"),
        "NOBODY": NOBODY,
        "OTHER": b.actor,
        "REPORT": lambda: a.reports(actor=a.actor, state="live")[0]["id"],
    }


def run_commands(lab, a, b, logs):
    names = names_of(lab, a, b)
    pathlib.Path(names["LIST"]).write_text(LIST, encoding="ascii")
    for line, statuses in COMMANDS:
        words = [names.get(word, word) for word in line.split()]
        done = speak(lab, a, [word() if callable(word) else word for word in words], logs)
        expect(done.returncode in statuses, f"tocsin {line}: {done.returncode}: {done.stdout} {done.stderr}")


def test_with(options):
    def test(lab):
        logs = os.path.join(lab.dir, "valgrind")
        os.mkdir(logs)
        harness.START_SECONDS = harness.STOP_SECONDS = PATIENCE_SECONDS
        a, b = (lab.node(name, api=True, settings=SETTINGS) for name in "ab")
        every_command_is_here(program_of(lab))
        for node in (a, b):  # makes its RSA key, which would take a minute
            node.start()
            node.stop()
        lab.wrapper = wrapper(options, logs)
        for node in (a, b):
            node.start()
        lab.step("two nodes follow each other and report")
        b.report(("domain", "first.example"))  # what a reads first waits for its operator
        befriend(a, b)
        befriend(b, a)
        theirs = b.report(("ip", "203.0.113.77"), ("email", "cheap.pills@spammer.example"))
        wait_until(lambda: len(a.reports(actor=b.actor)) == 3, "a hears of b's reports")
        b.withdraw(theirs[0])
        wait_until(lambda: a.reports(actor=b.actor, state="withdrawn"), "a hears of b's withdrawal")

        b.report(*(("ip", f"198.51.100.{i}") for i in range(BURST)))
        wait_until(lambda: {"batch", "burst"} <= {line["kind"] for line in a.ask("GET", "/v1/review")["items"]},
                   "a holds what b floods it with")

        lab.step("the command line")
        run_commands(lab, a, b, logs)
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
