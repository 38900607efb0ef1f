#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks that the programs are built as hardened as they are meant to be.

Usage: check-binary.py PROGRAM…

Position-independent, all of the GOT read-only before main() runs, no executable stack, no section
that may be written and run, stack protector.
"""
import re
import shutil
import subprocess
import sys


def readelf(option, program):
    done = subprocess.run(["readelf", "-W", option, program], capture_output=True, text=True, check=True)
    return done.stdout


def complaints(program):
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


if __name__ == "__main__":
    if shutil.which("readelf") is None:
        print("skipped: no readelf here")
        sys.exit(77)
    found = [f"{program} {text}" for program in sys.argv[1:] for text in complaints(program)]
    print("\n".join(found))
    sys.exit(1 if found else 0)
