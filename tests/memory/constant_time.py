#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tokens are compared in a time that does not depend on them.

Usage: constant_time.py VALGRIND PROGRAM
"""
import subprocess
import sys

FOUND = 99


def status(*arguments):
    command = [sys.argv[1], "--quiet", f"--error-exitcode={FOUND}", sys.argv[2], *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


if __name__ == "__main__":
    constant, said = status()
    plain, _ = status("memcmp")
    if constant != 0:
        sys.exit(f"comparing a secret depends on it:\n{said}")
    if plain != FOUND:
        sys.exit(f"a comparison that stops early was not found: {plain}")
