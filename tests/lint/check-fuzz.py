#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks the dictionaries and corpora of the fuzz targets, and the page about them.

Usage: check-fuzz.py ROOT

libFuzzer refuses a whole dictionary for one line that it cannot read, and forgets in silence what
is longer than 64 bytes. So: each dictionary belongs to a target and parses as libFuzzer does it,
each target that reads text has one, no token stands twice, and no corpus outgrows what a test
should read. docs/fuzzing.md has a row for each target, in both of its tables. And build-aux/fuzz
adds up the lines of its ledger that are whole, and says how many are not; a second run does not
take the folder of one that is at work, and one whose terminal goes leaves no target behind.
"""
import os
import pathlib
import re
import shutil
import signal
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
DEADLINE = 60  # seconds
# Runs until SIGTERM, which the script has it ignore, as libFuzzer's do; the test waits for its name.
TARGET = """#!/usr/bin/env python3
import os, signal
signal.signal(signal.SIGTERM, lambda *_: exit("stat::number_of_executed_units: 7"))
with open(os.environ["BEGUN"], "w") as begun:
    begun.write(str(os.getpid()))
signal.pause()
"""


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


def is_alive(pid: int):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def complaints_of_runs(root: pathlib.Path):
    """In a tree of its own, whose one target is TARGET, and where nothing is built."""
    with tempfile.TemporaryDirectory() as name:
        tree = pathlib.Path(name)
        for folder in ("build-aux", "bin", "tests/fuzz/corpus-uri", "_fuzz/schemas", "_fuzz/tests"):
            (tree / folder).mkdir(parents=True)
        shutil.copy(root / "build-aux/fuzz", tree / "build-aux")
        for file in ("tests/fuzz/fuzz-uri.c", "tests/fuzz/uri.dict", "tests/lsan.supp", "_fuzz/build.ninja"):
            (tree / file).touch()
        for file, text in (("_fuzz/tests/fuzz-uri", TARGET), *((f, "#!/bin/sh\n") for f in (
                "build-aux/install-deps", "bin/ninja", "bin/clang"))):
            (tree / file).write_text(text, encoding="ascii")
            (tree / file).chmod(0o755)
        os.mkfifo(tree / "begun")
        env = {**os.environ, "PATH": f"{tree}/bin:{os.environ['PATH']}", "TMPDIR": name, "BEGUN": f"{tree}/begun"}
        env.pop("TOCSIN_FUZZ_DIR", None)
        command = [tree / "build-aux/fuzz", "60", "uri"]
        # A shell cannot trap what its parent ignores, as under nohup.
        run = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL,
                               preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
        target = int((tree / "begun").read_text(encoding="ascii"))
        try:
            (tree / "_fuzz/tests/fuzz-uri").write_text("#!/bin/sh\n", encoding="ascii")
            second = subprocess.run(command, env=env, capture_output=True, text=True)
            if second.returncode != 1 or not second.stderr.startswith("build-aux/fuzz: another run has "):
                yield f"build-aux/fuzz: a second run in one folder: {second.returncode}, {second.stderr!r}"
            run.send_signal(signal.SIGHUP)
            run.wait(DEADLINE)
            if is_alive(target):
                yield "build-aux/fuzz: it leaves a target behind when its terminal goes"
            if not (tree / "_fuzz/kept/ledger").read_text(encoding="ascii").startswith("uri\t"):
                yield "build-aux/fuzz: it does not write down what was stopped"
        finally:
            if is_alive(target):
                os.kill(target, signal.SIGKILL)
            run.kill()
            run.wait()


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
    yield from complaints_of_runs(root)


if __name__ == "__main__":
    found = list(complaints(pathlib.Path(sys.argv[1])))
    print("\n".join(found))
    sys.exit(1 if found else 0)
