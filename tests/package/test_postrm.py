#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A purge takes the store and the keys, wherever they are, nothing else, and never gets stuck.

Usage: test_postrm.py DEBIAN

Runs DEBIAN/tocsin.postrm on directories of its own. And no installation brings a web server along,
nor is there a package for 32 bits.
"""
import os
import pathlib
import pwd
import re
import subprocess
import sys
import tempfile
import unittest


class Control(unittest.TestCase):
    def field(self, name):
        text = (pathlib.Path(DEBIAN) / "control").read_text(encoding="utf-8")
        found = re.search(rf"^{name}:((?:.*\n)(?: .*\n)*)", text.partition("\nPackage:")[2], re.M)
        return re.findall(r"[a-z0-9-]+", found[1] if found else "")

    def test_no_server_beside_that_of_a_container(self):
        for name in ("Depends", "Recommends"):
            self.assertFalse({"nginx", "caddy", "httpd"} & set(self.field(name)), name)

    def test_64_bits(self):
        machines = set(self.field("Architecture"))
        self.assertIn("amd64", machines)
        self.assertFalse({"any", "all", "linux-any", "armel", "armhf", "i386", "mipsel", "powerpc"} & machines)


class Postrm(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.work = pathlib.Path(work.name)
        (self.work / "etc" / "feeds.d").mkdir(parents=True)
        for name in ("node.conf", "node.conf.before"):
            (self.work / "etc" / name).touch()
        self.data = self.work / "data"
        try:
            self.owner = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            self.owner = "UNKNOWN"  # so stat(1) calls a user that has no name
        self.env = dict(os.environ)

    def fill(self, directory):
        (directory / "keys").mkdir(parents=True)
        (directory / "keys" / "rsa.pem").touch()
        (directory / ".hidden").touch()
        (directory / "away").symlink_to(self.work / "etc")

    def postrm(self, what="purge"):
        text = pathlib.Path(DEBIAN, "tocsin.postrm").read_text(encoding="utf-8")
        for before, after in (("/var/lib/tocsin", str(self.data)), ("/etc/tocsin", str(self.work / "etc")),
                              ("= tocsin ]", f"= {self.owner} ]")):
            self.assertIn(before, text)
            text = text.replace(before, after)
        done = subprocess.run(["sh", "-c", text, "postrm", what], env=self.env, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr

    def test_plain(self):
        self.fill(self.data)
        self.postrm("remove")
        self.assertTrue((self.data / "keys" / "rsa.pem").exists())
        self.assertTrue((self.work / "etc" / "node.conf").exists())
        self.assertEqual(self.postrm(), "")
        self.assertFalse(self.data.exists())
        self.assertEqual(os.listdir(self.work / "etc"), ["feeds.d"])
        self.assertEqual(self.postrm(), "")

    def test_mount(self):
        """A directory that cannot go is emptied, and that is no failure."""
        self.fill(self.data)
        (self.work / "bin").mkdir()
        (self.work / "bin" / "rmdir").write_text("#!/bin/sh\necho busy >&2\nexit 1\n")
        (self.work / "bin" / "rmdir").chmod(0o755)
        self.env["PATH"] = f"{self.work}/bin:{self.env['PATH']}"
        self.assertEqual(self.postrm(), "busy\n")
        self.assertEqual(os.listdir(self.data), [])

    def test_link(self):
        self.fill(self.work / "disk")
        self.data.symlink_to("disk")
        self.postrm()
        self.assertFalse(self.data.is_symlink())
        self.assertEqual(os.listdir(self.work / "disk"), [])

    def test_link_to_what_is_another_s(self):
        self.fill(self.work / "disk")
        self.data.symlink_to("disk")
        self.owner = "somebody-else"
        self.postrm()
        self.assertFalse(self.data.is_symlink())
        self.assertTrue((self.work / "disk" / "keys" / "rsa.pem").exists())


if __name__ == "__main__":
    DEBIAN = sys.argv.pop(1)
    sys.exit(unittest.main())
