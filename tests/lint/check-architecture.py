#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fails when docs/ARCHITECTURE.md names a file or a function that does not exist.

Usage: check-architecture.py SOURCE_ROOT
"""
import pathlib
import re
import sys


def complaints(root: pathlib.Path):
    text = (root / "docs" / "ARCHITECTURE.md").read_text()
    for token in re.findall(r"`([^`]+)`", text):
        m = re.fullmatch(r"((?:src|tests|data|schemas)/[\w./-]+\.\w+)(?:: (\w+))?", " ".join(token.split()))
        if m is None:
            continue
        path = root / m.group(1)
        if not path.is_file():
            yield f"docs/ARCHITECTURE.md names {m.group(1)}, which does not exist"
        elif m.group(2) and not re.search(rf"^{m.group(2)} \(", path.read_text(), re.M):
            yield f"docs/ARCHITECTURE.md: {m.group(1)} does not define {m.group(2)}"


if __name__ == "__main__":
    found = list(complaints(pathlib.Path(sys.argv[1])))
    print("\n".join(found))
    sys.exit(1 if found else 0)
