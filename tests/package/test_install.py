#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Installs the build into a staging folder and looks at what is there.

Usage: test_install.py MESON BUILD_DIR ROOT

Exactly what is listed here, and a manual page, a completion and a catalogue that go with it; the
programs run from there.
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

MESON, BUILD, ROOT = shlex.split(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])

PROGRAMS = {"bin/tocsin", "bin/tocsind"}
EXPECTED = PROGRAMS | {
    "lib/systemd/system/tocsin.service",
    "lib/systemd/system/tocsin.socket",
    "lib/systemd/system/tocsin-api.socket",
    "lib/sysusers.d/tocsin.conf",
    "lib/tmpfiles.d/tocsin.conf",
    "share/bash-completion/completions/tocsin",
    "share/glib-2.0/schemas/org.tocsin.Node.gschema.xml",
    "share/tocsin/schemas/gschemas.compiled",
    "share/man/man1/tocsin.1",
    "share/metainfo/org.tocsin.Node.metainfo.xml",
    "share/man/man5/node.conf.5",
    "share/man/man7/tocsin-protocol.7",
    "share/man/man8/tocsind.8",
}


def expected():
    languages = re.sub(r"#.*", "", (ROOT / "po" / "LINGUAS").read_text(encoding="utf-8")).split()
    data = {f"share/tocsin/{d}/{p.name}" for d in ("profiles", "feeds.d") for p in (ROOT / "data" / d).glob("*.conf")}
    examples = {"node.conf.example", "nginx.conf", "Caddyfile", "nginx-gate.conf", "Caddyfile-gate"}
    return EXPECTED | data | {f"share/doc/tocsin/{n}" for n in examples} | {
        f"share/locale/{language}/LC_MESSAGES/tocsin.mo" for language in languages
    }


def check_settings(prefix, stage):
    """The node knows its settings without the system's compiled schemas, which a package gets too late."""
    if list(stage.rglob("glib-2.0/schemas/gschemas.compiled")):
        sys.exit("the system's schemas were compiled; this is to be tried without them")
    config = stage / "node.conf"
    env = {k: v for k, v in os.environ.items() if k not in ("GSETTINGS_SCHEMA_DIR", "XDG_DATA_DIRS")}
    for name, status in (("shared-networks=[]", 0), ("no-such-setting=1", 2)):
        config.write_text(f"[node]\nbase-url=https://tocsin.example.org\n{name}\n", encoding="utf-8")
        said = subprocess.run([prefix / "bin/tocsind", "--check-config", "--config", config], capture_output=True,
                              text=True, env=dict(env, LC_ALL="C.UTF-8"))
        if said.returncode != status or "is not installed" in said.stderr:
            sys.exit(f"tocsind --check-config with {name}: exit {said.returncode}, {said.stderr!r}")


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-install.") as stage:
        done = subprocess.run([*MESON, "install", "-C", BUILD, "--no-rebuild", "--destdir", stage],
                              capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stdout[-1500:] + done.stderr[-1500:])
        prefixes = list(pathlib.Path(stage).rglob("bin/tocsin"))
        if len(prefixes) != 1:
            sys.exit(f"the command line was to be installed once: {prefixes}")
        prefix = prefixes[0].parent.parent
        # Units may have a place of their own, outside the prefix.
        found = {re.sub(r"^.*?(?=lib/systemd/)", "", str(p.relative_to(prefix if p.is_relative_to(prefix) else stage)))
                 for p in pathlib.Path(stage).rglob("*") if p.is_file()}
        wanted = expected()
        if found != wanted:
            sys.exit(f"missing: {sorted(wanted - found)}; not expected: {sorted(found - wanted)}")
        for name in sorted(found):
            path = next(iter(pathlib.Path(stage).rglob(name)))
            mode = path.stat().st_mode & 0o7777
            if mode & 0o6022 or bool(mode & 0o111) != (name in PROGRAMS):
                sys.exit(f"{name} has the mode {oct(mode)}")
        unit = next(iter(pathlib.Path(stage).rglob("tocsin.service"))).read_text(encoding="utf-8")
        if "@bindir@" in unit or f"ExecStart=/{prefix.relative_to(stage)}/bin/tocsind" not in unit:
            sys.exit("the unit does not start what was installed")
        for program in sorted(PROGRAMS):
            said = subprocess.run([prefix / program, "--version"], capture_output=True, text=True, check=True,
                                  env=dict(os.environ, LC_ALL="C.UTF-8"))
            if not re.match(r"[Tt]ocsind? \d+\.\d+", said.stdout):
                sys.exit(f"{program} --version says {said.stdout!r}")
        check_settings(prefix, pathlib.Path(stage))
        print(f"{len(found)} files in their places")


if __name__ == "__main__":
    main()
