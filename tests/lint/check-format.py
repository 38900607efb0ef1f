#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks that clang-format would change no C file.

Usage: check-format.py ROOT

Versions of clang-format disagree, so only VERSION counts; without it the check is
skipped (exit 77).
"""
import pathlib
import re
import shutil
import subprocess
import sys

VERSION = "14"


def find_tool():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        if shutil.which(name):
            said = subprocess.run([name, "--version"], capture_output=True, text=True, check=True).stdout
            found = re.search(r"version (\d+)", said)
            if found and found.group(1) == VERSION:
                return name
    return None


def main() -> int:
    root = pathlib.Path(sys.argv[1])
    tool = find_tool()
    if tool is None:
        print(f"skipped: no clang-format {VERSION} here")
        return 77
    files = [str(p.relative_to(root)) for d in ("src", "tests") for p in sorted((root / d).rglob("*.[ch]"))
             if "node_modules" not in p.parts]
    done = subprocess.run([tool, "--dry-run", "--Werror", *files], cwd=root, capture_output=True, text=True)
    print("\n".join(l for l in done.stderr.splitlines() if "error:" in l) or f"{len(files)} files in order")
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
