#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks that the programs are built as hardened as they are meant to be.

Usage: check-binary.py COMPILE_COMMANDS PROGRAM…

Position-independent, all of the GOT read-only before main() runs, no executable stack, no section
that may be written and run, stack protector; locals that begin as zero, which no program shows, so
every command that compiled a file of src is looked at; and, but under a sanitizer, in whose way it
would get, _FORTIFY_SOURCE.
"""
import json
import re
import shutil
import subprocess
import sys


def readelf(option, program):
    done = subprocess.run(["readelf", "-W", option, program], capture_output=True, text=True, check=True)
    return done.stdout


def flags(path):
    """What each file of src was compiled with."""
    with open(path, encoding="utf-8") as file:
        return {entry["file"]: entry["command"].split() for entry in json.load(file)
                if re.search(r"(^|/)src/\w+/[^/]+\.c$", entry["file"])}


def soft(commands):
    if len(commands) < 100:
        yield f"{len(commands)} files of src were compiled: these are not all"
    for file, words in commands.items():
        needed = {"-ftrivial-auto-var-init=zero", "-fstack-protector-strong"}
        if not any(word.startswith("-fsanitize") for word in words):
            needed.add("-D_FORTIFY_SOURCE=3")
        for flag in sorted(needed - set(words)):
            yield f"{file} was compiled without {flag}"


def complaints(program, fortified):
    segments = readelf("--segments", program)
    if not re.search(r"^Elf file type is DYN", segments, re.M):
        yield "is not position-independent"
    if not re.search(r"^\s*GNU_RELRO ", segments, re.M):
        yield "has no part that is read-only after relocation"
    if not re.search(r"^\s*GNU_STACK .* RW ", segments, re.M):
        yield "has an executable stack"
    if re.search(r"^\s*LOAD .* RWE ", segments, re.M):
        yield "has memory that may be written and run"
    if not re.search(r"\bBIND_NOW\b|\bNOW\b", readelf("--dynamic", program)):
        yield "binds functions when they are called"
    if "__stack_chk_fail" not in readelf("--syms", program):
        yield "has no stack protector"
    if fortified and not re.search(r"__(?!stack)\w+_chk\b", readelf("--syms", program)):
        yield "has no call that _FORTIFY_SOURCE checks"


if __name__ == "__main__":
    if shutil.which("readelf") is None:
        print("skipped: no readelf here")
        sys.exit(77)
    compiled = flags(sys.argv[1])
    fortified = any("-D_FORTIFY_SOURCE=3" in words for words in compiled.values())
    found = list(soft(compiled))
    found += [f"{program} {text}" for program in sys.argv[2:] for text in complaints(program, fortified)]
    print("\n".join(found))
    sys.exit(1 if found else 0)
