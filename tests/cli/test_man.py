# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Holds the manual pages to what the programs take, and renders them.

Usage: TOCSIN=PATH TOCSIND=PATH test_man.py DOCS_MAN SCHEMA PAGE…

Every command and option of the programs is in its page, and the page names no other; every
setting is in node.conf(5); no page makes man complain.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET

from every_command import commands
from fake_node import main, run

SOURCES, SCHEMA, *PAGES = (pathlib.Path(a) for a in sys.argv[1:])
COMMON = {"--socket", "--url", "--token-file", "--json", "--help"}


def section(text, title):
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.M | re.S).group(1)


def options_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def options_of_help(text):
    return set(re.findall(r"^  (?:-\w, )?(--[a-z][a-z-]*)", text, re.M)) - {"--help-all"}


class Manual(unittest.TestCase):
    def test_commands(self):
        page = (SOURCES / "tocsin.1.md").read_text(encoding="utf-8")
        told = {}
        for synopsis in re.findall(r"^(\*\*[a-z].*)\n:   ", section(page, "Commands"), re.M):
            name = re.match(r"\*\*([a-z -]+)\*\*", synopsis).group(1)
            told[tuple(name.split())] = options_in(synopsis)
        real = {c: options_of_help(run(*c, "--help", env={"LANGUAGE": "C"}).stdout) - COMMON for c in commands()}
        self.assertGreater(len(real), 30)
        self.assertEqual(told, real)

    def test_help_and_completion_agree(self):
        for command in commands():
            listed = options_in(run("--list-commands", *command).stdout)
            self.assertEqual(listed, options_of_help(run(*command, "--help").stdout) | {"--help"}, command)

    def test_formats(self):
        """What completion offers is what the page lists."""
        page = (SOURCES / "tocsin.1.md").read_text(encoding="utf-8")
        export = re.search(r"for a program: ([^.]*)\.", page).group(1)
        for command, told in ((("report", "export"), re.split(r", | or ", export)),
                              (("report", "import"), re.findall(r"^\*\*([a-z-]+)\*\*$", section(page, "Imports"), re.M)),
                              (("feed", "add"), re.findall(r"^\*\*([a-z-]+)\*\*$", section(page, "Feeds"), re.M))):
            self.assertEqual(run("--list-commands", *command, "--format").stdout.split(), told, command)

    def test_common_options(self):
        page = (SOURCES / "tocsin.1.md").read_text(encoding="utf-8")
        told = options_in("\n".join(re.findall(r"^(\*\*--.*)\n:   ", section(page, "Options"), re.M)))
        self.assertEqual(told, COMMON | {"--yes"})

    def test_exit_statuses(self):
        page = (SOURCES / "tocsin.1.md").read_text(encoding="utf-8")
        self.assertEqual(re.findall(r"^\*\*(\d+)\*\*$", section(page, "Exit status"), re.M),
                         "0 1 2 3 4 5 10 11".split())

    def test_daemon(self):
        page = (SOURCES / "tocsind.8.md").read_text(encoding="utf-8")
        done = subprocess.run([os.environ["TOCSIND"], "--help"], capture_output=True, text=True, check=True,
                              env={**os.environ, "LANGUAGE": "C"}, timeout=60)
        told = options_in("\n".join(re.findall(r"^(\*\*--.*)\n:   ", section(page, "Options"), re.M)))
        self.assertEqual(told, options_of_help(done.stdout) | {"--help"})

    def test_settings(self):
        page = next(p for p in PAGES if p.name == "node.conf.5").read_text(encoding="utf-8")
        for key in ET.parse(SCHEMA).getroot().iter("key"):
            self.assertIn(f"\\fB{key.get('name')}\\fR".replace("-", "\\-"), page)

    def test_examples(self):
        """The daemon takes what the page shows, and refuses what it calls wrong."""
        page = (SOURCES / "node.conf.5.md").read_text(encoding="utf-8")
        shown = dict(re.findall(r"^    \[(node|profile|feed)\]\n((?:    .*\n)+)", page, re.M))
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            config, profile, feed = (directory / f for f in ("node.conf", "profiles.d/own.conf", "feeds.d/own.conf"))
            for path, group in ((config, "node"), (profile, "profile"), (feed, "feed")):
                path.parent.mkdir(exist_ok=True)
                path.write_text(f"[{group}]\n" + re.sub("^ +", "", shown[group], flags=re.M), encoding="utf-8")
            command = [os.environ["TOCSIND"], "--check-config", "--config", config]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            feed.write_text(feed.read_text(encoding="utf-8").replace("url=https", "url=http"), encoding="utf-8")
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr, r"feeds.d/own.conf:3: url must begin with https")
            done = subprocess.run([*command, "--allow-address", "127.0.0.1"], capture_output=True, text=True,
                                  check=False, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    @unittest.skipUnless(shutil.which("man"), "no man here")
    def test_they_render(self):
        for page in PAGES:
            done = subprocess.run(["man", "--warnings", "-l", str(page)], capture_output=True, text=True,
                                  check=True, timeout=60,
                                  env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80", "MANPAGER": "cat"})
            self.assertEqual(done.stderr, "", page)
            self.assertNotRegex(done.stdout, r"\*\*|@settings@|^:   |`", page)
            self.assertIn("SEE ALSO", done.stdout)


if __name__ == "__main__":
    sys.exit(main(sys.argv[:1]))
