#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks what every file of the project has to hold to.

Usage: check-style.py ROOT

A licence header (or a .license file beside it), no note of unfinished work, files of
at most FILE_LIMIT lines and C functions of at most FUNCTION_LIMIT, no blanks at the end
of a line, no second newline at the end of a file.
"""
import pathlib
import re
import subprocess
import sys

FILE_LIMIT = 800
FUNCTION_LIMIT = 60

# Recordings and inputs are kept byte for byte; their licence is told in a README beside them.
VERBATIM = ("tests/golden/", "tests/fuzz/corpus-", "tests/data/")
# Not ours to head, or nothing to own: licence texts, and files of the tools without comments.
WITHOUT_HEADER = re.compile(
    r"^(LICENSE|LICENSES/.*|.*\.(md|json|jsonld|lock|svg|png|rst)|\.(gitignore|clang-format|clang-tidy|editorconfig)"
    r"|\.reuse/dep5|meson_options\.txt|debian/(changelog|copyright|source/format|tocsin\.[\w-]+))$"
)
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
CODE = re.compile(r"\.(c|h|py|sh|build|xml|js|mjs|in)$|^(build-aux|\.ci)/")


def files_of(root: pathlib.Path) -> list[str]:
    """The files under version control; of a tarball, all that are not hidden or built."""
    try:
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z", "--cached", "--others",
             "--exclude-standard"],
            capture_output=True, check=True)
        names = listed.stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        names = [str(p.relative_to(root)) for p in root.rglob("*")]
        names = [n for n in names if not re.match(r"(_|build/|\.git/|(.*/)?(node_modules|snac2)/)", n)]
    return sorted(n for n in names if n and (root / n).is_file() and not (root / n).is_symlink())


def function_complaints(name: str, lines: list[str]):
    """House style puts a function's braces alone in column 0. A table is data, not length."""
    start, length, in_table = None, 0, False
    for number, line in enumerate(lines, 1):
        if line == "{":
            start, length, in_table = number, 1, False
            continue
        if start is None:
            continue
        in_table = in_table or (line.startswith("  static const ") and not line.endswith(";"))
        length += not in_table
        in_table = in_table and not re.match(r"  \}.*;$", line)
        if line.startswith("}"):
            if line == "}" and length > FUNCTION_LIMIT:
                yield f"{name}:{start}: a function of {length} lines (limit {FUNCTION_LIMIT})"
            start = None


def file_complaints(root: pathlib.Path, name: str):
    raw = (root / name).read_bytes()
    if name.startswith(VERBATIM) or b"\0" in raw:
        return
    text = raw.decode("utf-8")
    lines = text.split("\n")
    if not WITHOUT_HEADER.match(name) and not name.endswith(".license"):
        head = "\n".join(lines[:12]) + ("\n" + (root / f"{name}.license").read_text()
                                        if (root / f"{name}.license").exists() else "")
        for tag in ("FileCopyrightText", "License-Identifier"):
            if f"SPDX-{tag}:" not in head:
                yield f"{name}:1: no SPDX-{tag}"
    if CODE.search(name):
        if len(lines) - 1 > FILE_LIMIT:
            yield f"{name}: {len(lines) - 1} lines (limit {FILE_LIMIT})"
        for number, line in enumerate(lines, 1):
            if UNFINISHED.search(line):
                yield f"{name}:{number}: a note of unfinished work"
            if line != line.rstrip():
                yield f"{name}:{number}: blanks at the end of the line"
    if re.search(r"\.[ch]$", name):
        yield from function_complaints(name, lines)
    if text and (not text.endswith("\n") or text.endswith("\n\n")):
        yield f"{name}: must end in one newline"


def main() -> int:
    root = pathlib.Path(sys.argv[1])
    names = files_of(root)
    if not any(n.startswith("src/") for n in names):
        print(f"{root}: no sources found")
        return 1
    found = [c for n in names for c in file_complaints(root, n)]
    print("\n".join(found) or f"{len(names)} files in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
