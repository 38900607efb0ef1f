#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks that every file tells its copyright and its licence (REUSE).

Usage: check-reuse.py ROOT
"""
import os
import pathlib
import shutil
import subprocess
import sys

# Who runs this need not be who made the clone.
AS_ANYONE = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}

if __name__ == "__main__":
    root = pathlib.Path(sys.argv[1])
    if not shutil.which("reuse") or not shutil.which("git") or not (root / ".git").exists():
        print("skipped: no reuse here, no git, or no repository")
        sys.exit(77)
    done = subprocess.run(["reuse", "--root", str(root), "lint"], capture_output=True, text=True,
                          env=os.environ | AS_ANYONE)
    print(done.stdout[-2000:] + (done.stderr[-2000:] if done.returncode else ""))
    sys.exit(done.returncode)
