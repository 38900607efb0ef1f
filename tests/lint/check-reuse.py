#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks that every file tells its copyright and its licence (REUSE).

Usage: check-reuse.py ROOT
"""
import pathlib
import shutil
import subprocess
import sys

if __name__ == "__main__":
    root = pathlib.Path(sys.argv[1])
    if shutil.which("reuse") is None or not (root / ".git").exists():
        print("skipped: no reuse here, or no repository")
        sys.exit(77)
    done = subprocess.run(["reuse", "--root", str(root), "lint"], capture_output=True, text=True)
    print(done.stdout[-2000:])
    sys.exit(done.returncode)
