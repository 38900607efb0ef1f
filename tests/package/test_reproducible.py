#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two release builds are the same, byte for byte.

Usage: test_reproducible.py MESON ROOT

One is built from a clone, the other from what `meson dist` makes of it, in folders of other names
and lengths, in another language, time zone and umask. So the release's archive is complete, too.
What they made is hardened as the tests' builds, which run under a sanitizer, cannot be.
"""
import hashlib
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile

MESON, ROOT = shlex.split(sys.argv[1]), pathlib.Path(sys.argv[2])
BUILD_SECONDS = 900


def run(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, timeout=BUILD_SECONDS, **more)
    if done.returncode:
        print(done.stdout[-4000:])
        sys.exit(f"{' '.join(map(str, command[:4]))} …: exit {done.returncode}")


def set_up(source, env):
    run(*MESON, "setup", "_r", "--buildtype=release", "--prefix=/usr", "-Dtests=false", cwd=source, env=env)


def install(source, stage, env, umask):
    run("ninja", "-C", "_r", "-j2", cwd=source, env=env)
    run(*MESON, "install", "-C", "_r", "--destdir", stage, cwd=source, env=env, umask=umask)


def content(stage):
    return {str(p.relative_to(stage)): (hashlib.sha256(p.read_bytes()).hexdigest(), oct(p.stat().st_mode))
            for p in sorted(stage.rglob("*")) if p.is_file()}


def main():
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        print("skipped: no repository, only a copy of the tree")
        return 77
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "SOURCE_DATE"))}
    with tempfile.TemporaryDirectory(prefix="tocsin-repro.") as name:
        work = pathlib.Path(name)
        clone, other = work / "a", work / "of-another-length" / "b"
        run("git", "-c", "core.hooksPath=/dev/null", "clone", "--quiet", "--no-hardlinks", ROOT, clone)
        first = dict(plain, LC_ALL="C", TZ="UTC", CCACHE_DISABLE="1")
        set_up(clone, first)
        run(*MESON, "dist", "-C", "_r", "--no-tests", "--formats", "gztar", cwd=clone, env=first)
        archive = next(iter((clone / "_r" / "meson-dist").glob("*.tar.gz")))
        other.mkdir(parents=True)
        with tarfile.open(archive) as tar:
            tar.extractall(other)
        source = next(iter(other.iterdir()))
        second = dict(plain, LC_ALL="C.UTF-8", TZ="Asia/Kathmandu", CCACHE_DISABLE="1")
        set_up(source, second)
        install(clone, work / "stage-a", first, 0o022)
        install(source, work / "stage-b", second, 0o077)
        one, two = content(work / "stage-a"), content(work / "stage-b")
        if len(one) < 15:
            sys.exit(f"only {len(one)} files were installed")
        differ = sorted(n for n in one.keys() | two.keys() if one.get(n) != two.get(n))
        if differ:
            sys.exit("not the same: " + ", ".join(differ))
        print(f"{len(one)} files are the same, byte for byte")
        run(sys.executable, ROOT / "tests" / "lint" / "check-binary.py", clone / "_r" / "compile_commands.json",
            work / "stage-a" / "usr" / "bin" / "tocsin", next((work / "stage-a").rglob("tocsind")))
        print("and as hard as they are meant to be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
