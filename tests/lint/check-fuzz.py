#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks the dictionaries and corpora of the fuzz targets, and the page about them.

Usage: check-fuzz.py ROOT

libFuzzer refuses a whole dictionary for one line that it cannot read, and forgets in silence what
is longer than 64 bytes. So: each dictionary belongs to a target and parses as libFuzzer does it,
each target that reads text has one, no token stands twice, and no corpus outgrows what a test
should read. docs/fuzzing.md has a row for each target, in both of its tables. And build-aux/fuzz
adds up the lines of its ledger that are whole, and says how many are not.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

WITHOUT = {"record", "rows"}  # of numbers and lengths: no byte of theirs is a word
TOKEN_MAX_BYTES = 64
CORPUS_MAX_FILES = 300
CORPUS_MAX_BYTES = 300 * 1024
LEDGER = (
    "uri\t10.5\t100\t0c0c3a2\t2026-11-28\n"
    "uri\t20\t200\t-\t2026-11-28\n"
    "uri\t40.0\t400\n400\t0c0c3a2\t2026-11-28\n"
    "uri\t0.043.7\t800\t0c0c3a2\t2026-11-28\n"
    "uri\t80.0\t\t0c0c3a2\t2026-11-28\n"
    "uri\t1"
)
MALFORMED = 5


def parse(line: str) -> bytes:
    """The token of one line, [NAME=]"TOKEN" with the escapes \\\\, \\" and \\xAB."""
    found = re.fullmatch(r'(?:[^"=]*=)?"((?:[ !#-\[\]-~]|\\\\|\\"|\\x[0-9A-Fa-f]{2})+)"', line.strip())
    if found is None:
        raise ValueError("this is no token")
    return re.sub(
        rb'\\(x[0-9A-Fa-f]{2}|[\\"])',
        lambda m: bytes.fromhex(m[1][1:].decode()) if m[1][:1] == b"x" else m[1],
        found[1].encode(),
    )


def complaints_of(dictionary: pathlib.Path):
    seen = set()
    for number, line in enumerate(dictionary.read_text(encoding="ascii").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            token = parse(line)
        except ValueError as error:
            yield f"{number}: {error}"
            continue
        if len(token) > TOKEN_MAX_BYTES:
            yield f"{number}: it is longer than {TOKEN_MAX_BYTES} bytes"
        if token in seen:
            yield f"{number}: it stands there twice"
        seen.add(token)
    if not seen:
        yield "1: there is nothing in it"


def complaint_of_sums(root: pathlib.Path):
    with tempfile.TemporaryDirectory() as kept:
        pathlib.Path(kept, "ledger").write_text(LEDGER, encoding="ascii")
        sums = subprocess.run([root / "build-aux/fuzz", "--ledger"], env={**os.environ, "TOCSIN_FUZZ_DIR": kept},
                              stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
    if not re.search(r"^uri +30 +300$", sums, re.M):
        yield "build-aux/fuzz: --ledger does not add up the whole lines alone"
    if not re.search(rf"malformed: {MALFORMED}$", sums, re.M):
        yield f"build-aux/fuzz: --ledger does not say that {MALFORMED} lines are malformed"


def complaints(root: pathlib.Path):
    fuzz = root / "tests/fuzz"
    targets = {path.stem.removeprefix("fuzz-") for path in fuzz.glob("fuzz-*.c")}
    dictionaries = {path.stem for path in fuzz.glob("*.dict")}
    if not targets:
        yield "tests/fuzz: there are no targets"
    for name in sorted(dictionaries - targets):
        yield f"tests/fuzz/{name}.dict: there is no such target"
    for name in sorted(targets - dictionaries - WITHOUT):
        yield f"tests/fuzz/fuzz-{name}.c: it has no dictionary"
    for name in sorted(dictionaries):
        for complaint in complaints_of(fuzz / f"{name}.dict"):
            yield f"tests/fuzz/{name}.dict:{complaint}"
    for name in sorted(targets):
        sizes = [path.stat().st_size for path in (fuzz / f"corpus-{name}").glob("*")]
        if not 0 < len(sizes) < CORPUS_MAX_FILES or sum(sizes) >= CORPUS_MAX_BYTES:
            yield f"tests/fuzz/corpus-{name}: {len(sizes)} files, {sum(sizes)} bytes"
    page = (root / "docs/fuzzing.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \|", page, re.M)
    if sorted(rows) != sorted([*targets, *targets]):
        wrong = sorted({name for name in {*rows, *targets} if rows.count(name) != 2 or name not in targets})
        yield f"docs/fuzzing.md: not two rows each: {', '.join(wrong)}"
    yield from complaint_of_sums(root)


if __name__ == "__main__":
    found = list(complaints(pathlib.Path(sys.argv[1])))
    print("\n".join(found))
    sys.exit(1 if found else 0)
