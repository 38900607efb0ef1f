#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Looks for common misspellings with codespell in all that people read: code, documents, man pages.

Usage: check-spelling.py ROOT
"""
import pathlib
import shutil
import subprocess
import sys

FOLDERS = ["src", "data", "schemas", "docs", "debian", "flatpak", "build-aux", "tests"]

# Not words, and meant: an annotation, parts of names in test data, mistakes that a test makes.
MEANT = ["inout", "nd", "bu", "keypairs", "folow", "exmaple", "lsit", "eror", "domian", "opne",
         "caf", "tru", "abd"]

# What others wrote, and bytes.
LEFT_OUT = ("tests/data/", "tests/golden/", "tests/fuzz/corpus-", "tests/interop/node_modules/",
            "tests/interop/package-lock.json", "tests/interop/snac2/")


def files(root: pathlib.Path) -> list[str]:
    found = list(root.glob("*.md"))
    for folder in FOLDERS:
        found += [path for path in (root / folder).rglob("*") if path.is_file()]
    names = (str(path.relative_to(root)) for path in sorted(found) if "__pycache__" not in path.parts)
    return [name for name in names if not name.startswith(LEFT_OUT)]


if __name__ == "__main__":
    if shutil.which("codespell") is None:
        print("skipped: no codespell here")
        sys.exit(77)
    top = pathlib.Path(sys.argv[1])
    names = files(top)
    if not names:
        print("no files found")
        sys.exit(1)
    done = subprocess.run(["codespell", "--ignore-words-list", ",".join(MEANT), *names], cwd=top)
    print(f"{len(names)} files read")
    sys.exit(done.returncode)
