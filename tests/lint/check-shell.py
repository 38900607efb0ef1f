#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs shellcheck over every script with a shell's #! line.

Usage: check-shell.py ROOT
"""
import pathlib
import re
import shutil
import subprocess
import sys


def scripts(root: pathlib.Path) -> list[str]:
    found = []
    for directory in ("build-aux", ".ci", "tests", "data", "debian"):
        for path in sorted((root / directory).rglob("*")):
            if not path.is_file() or "node_modules" in path.parts:
                continue
            with path.open("rb") as f:
                if re.match(rb"#!\s*/\S*(ba|da)?sh\b|#!\s*/usr/bin/env (ba)?sh\b", f.readline(80)):
                    found.append(str(path))
    return found


if __name__ == "__main__":
    if shutil.which("shellcheck") is None:
        print("skipped: no shellcheck here")
        sys.exit(77)
    names = scripts(pathlib.Path(sys.argv[1]))
    if not names:
        print("no scripts found")
        sys.exit(1)
    sys.exit(subprocess.run(["shellcheck", *names]).returncode)
