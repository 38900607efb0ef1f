# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs `tocsin init` by flags and on a terminal: what it writes, asks, prints and refuses.

Usage: TOCSIN=PATH test_init.py
"""
import json
import os
import pathlib
import pty
import select
import subprocess
import sys
import tempfile
import unittest

from fake_node import TOCSIN, main, run

URL = "https://tocsin.village.example"


class Terminal:
    """The program on a terminal; what it asks there is answered."""

    def __init__(self, *arguments, env=None):
        self.parent, child = pty.openpty()
        self.shown = b""
        self.process = subprocess.Popen([TOCSIN, *arguments], stdin=child, stdout=subprocess.PIPE, stderr=child,
                                        env={**os.environ, "TERM": "xterm", **(env or {})}, start_new_session=True)
        os.close(child)

    def answer(self, question, text):
        """Waits for the question, then types."""
        while question.encode() not in self.shown:
            ready, _, _ = select.select([self.parent], [], [], 60)
            if not ready:
                raise AssertionError(f"not asked: {question}; shown: {self.shown.decode()}")
            self.shown += os.read(self.parent, 4096)
        self.shown = self.shown.split(question.encode(), 1)[1]
        os.write(self.parent, text)

    def end(self):
        out = self.process.stdout.read().decode()
        self.process.stdout.close()
        status = self.process.wait(timeout=60)
        os.close(self.parent)
        return status, out


class Init(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.file = pathlib.Path(self.dir.name) / "etc" / "node.conf"

    def init(self, *arguments):
        return run("init", "--config", str(self.file), *arguments)

    def test_unattended(self):
        done = self.init("--base-url", URL, "--contact", "it's me <me@village.example>", "--follow-policy", "open")
        self.assertEqual(done.returncode, 2, "not an address")
        self.assertRegex(done.stderr, r"\Atocsin: --contact must be an e-mail address[^\n]*\n\Z")
        self.assertFalse(self.file.parent.exists(), "nothing wrong is left behind")
        done = self.init("--base-url", URL, "--contact", "me@village.example", "--follow-policy", "open")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(f"base-url='{URL}'\ncontact='me@village.example'\nfollow-policy='open'\n", self.file.read_text())
        self.assertEqual(run("config", "check", str(self.file)).returncode, 0)
        for line in ("server_name tocsin.village.example;", "proxy_set_header Host $http_host;",
                     "tocsin.village.example {", "reverse_proxy 127.0.0.1:8477"):
            self.assertIn(line, done.stdout)
        self.assertNotIn("tocsin.example", done.stdout)

    def test_unattended_needs_no_temporary_directory(self):
        done = run("init", "--config", str(self.file), "--base-url", URL, env={"TMPDIR": "/proc/nope"})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(self.file.exists())

    def test_the_node_can_read_it(self):
        """It runs as another user than who writes it, whose umask may be a careful one."""
        before = os.umask(0o077)
        try:
            self.assertEqual(self.init("--base-url", URL).returncode, 0)
        finally:
            os.umask(before)
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o644)
        self.assertEqual(self.file.parent.stat().st_mode & 0o777, 0o755)

    def test_check_says_what_is_missing(self):
        self.file.parent.mkdir()
        self.file.write_text("[node]\nname=x\n")
        done = run("config", "check", str(self.file))
        self.assertEqual((done.returncode, done.stdout), (0, f"{self.file} is in order\n"))
        self.assertRegex(done.stderr, r"\Atocsind: base-url is not set: .*\n\Z")
        self.file.write_text("[node]\nnome=x\n")
        done = run("config", "check", str(self.file))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertTrue(done.stderr.startswith(f"tocsin: {self.file}:2: "), done.stderr)
        done = run("config", "check", str(self.file) + ".not")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        if not os.path.exists("/etc/tocsin/node.conf"):
            done = run("config", "check")
            self.assertEqual((done.returncode, done.stdout), (3, ""))
            self.assertIn("tocsin init", done.stderr)

    def test_another_port_and_an_address(self):
        for url, nginx, caddy in (
                ("https://x.example:8443", ("listen 8443 ssl", "listen [::]:8443 ssl", "server_name x.example;",
                                            "live/x.example/", "https://$host:8443$request_uri"), "\nx.example:8443 {"),
                ("https://[2001:db8::1]", ("listen 443 ssl", "server_name [2001:db8::1];", "https://$host$request_uri"),
                 "\n[2001:db8::1] {"),
                ("https://[2001:db8::1]:8443", ("listen 8443 ssl", "server_name [2001:db8::1];"), "\n[2001:db8::1]:8443 {")):
            with self.subTest(url):
                said = json.loads(self.init("--base-url", url, "--json", "--yes").stdout)
                for line in nginx:
                    self.assertIn(line, said["nginx"])
                self.assertIn(caddy, said["caddy"])
                self.assertNotIn("tocsin.example", said["nginx"] + said["caddy"])

    def test_a_host_that_contains_the_examples(self):
        said = json.loads(self.init("--base-url", "https://my-tocsin.example.org", "--json", "--yes").stdout)
        self.assertIn("live/my-tocsin.example.org/fullchain.pem", said["nginx"])
        self.assertIn("server_name my-tocsin.example.org;", said["nginx"])
        self.assertIn("\nmy-tocsin.example.org {", said["caddy"])

    def test_json(self):
        done = self.init("--base-url", URL, "--json")
        said = json.loads(done.stdout)
        self.assertEqual(said["config"], str(self.file))
        self.assertIn("server_name tocsin.village.example;", said["nginx"])
        self.assertNotIn("contact", self.file.read_text())

    def test_never_overwrites_unasked(self):
        self.assertEqual(self.init("--base-url", URL).returncode, 0)
        before = self.file.read_text()
        done = self.init("--base-url", "https://other.example")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--yes", done.stderr)
        self.assertEqual(self.file.read_text(), before)
        self.assertEqual(self.init("--base-url", "https://other.example", "--yes").returncode, 0)
        self.assertIn("https://other.example", self.file.read_text())
        self.assertEqual(self.file.with_name("node.conf.before").read_text(), before)

    def test_refusals(self):
        for arguments, words in (((), "--base-url is missing"), (("--base-url", ""), "--base-url is missing"),
                                 (("--base-url", "http://plain.example"), "tocsin: --base-url must begin with https"),
                                 (("--base-url", URL + "/path"), "tocsin: --base-url must be an origin"),
                                 (("--base-url", "\x1b[2J"), "tocsin: --base-url"),
                                 (("--base-url", URL, "--follow-policy", ""), "follow-policy"),
                                 (("--base-url", URL, "--follow-policy", "opne"), "did you mean “open”")):
            with self.subTest(arguments):
                done = self.init(*arguments)
                self.assertEqual(done.returncode, 2)
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)
                self.assertNotIn("\x1b", done.stderr)
                self.assertFalse(self.file.exists())
        self.file.parent.mkdir(exist_ok=True)
        self.file.mkdir()
        self.assertEqual(self.init("--base-url", URL, "--yes").returncode, 2)
        self.assertTrue(self.file.is_dir())

    def test_on_a_terminal(self):
        terminal = Terminal("init", "--config", str(self.file), env={"TMPDIR": self.dir.name})
        terminal.answer("https://tocsin.example: ", URL.encode() + b"\n")
        terminal.answer("web page: ", b"\n")
        terminal.answer("[manual]: ", b"listed\n")
        status, out = terminal.end()
        self.assertEqual(status, 0)
        self.assertIn("server_name tocsin.village.example;", out)
        self.assertIn(f"base-url='{URL}'\nfollow-policy='listed'\n", self.file.read_text())
        self.assertEqual(os.listdir(self.dir.name), ["etc"], "what was checked is not left behind")
        terminal = Terminal("init", "--config", str(self.file))
        terminal.answer("Type “yes” to go on: ", b"no\n")
        self.assertEqual(terminal.end()[0], 1)
        terminal = Terminal("init", "--config", str(self.file) + "2")
        terminal.answer("https://tocsin.example: ", b"\x04")
        self.assertEqual(terminal.end()[0], 2, "the end of the input is no answer")

    def test_asks_again_at_once(self):
        terminal = Terminal("init", "--config", str(self.file))
        terminal.answer("https://tocsin.example: ", b"\n")
        terminal.answer("https://tocsin.example: ", b"tocsin.village.example\n")
        terminal.answer("base-url must be an https origin", b"")
        terminal.answer("https://tocsin.example: ", URL.encode() + b"\n")
        terminal.answer("web page: ", b"on the market square\n")
        terminal.answer("contact must be an e-mail address", b"")
        terminal.answer("web page: ", b"me@village.example\n")
        terminal.answer("[manual]: ", b"opne\n")
        terminal.answer("did you mean “open”", b"")
        terminal.answer("[manual]: ", b"open\n")
        self.assertEqual(terminal.end()[0], 0)
        self.assertIn(f"base-url='{URL}'\ncontact='me@village.example'\nfollow-policy='open'\n", self.file.read_text())
        terminal = Terminal("init", "--config", str(self.file) + "2", "--base-url", "tocsin.village.example")
        self.assertEqual(terminal.end()[0], 2, "what was typed as an option is not asked for")

    def test_a_wrong_option_ends_it_before_the_first_question(self):
        for option, value, words in (("--contact", "on the market", "--contact must be an e-mail address"),
                                     ("--follow-policy", "opne", "did you mean “open”")):
            with self.subTest(option):
                terminal = Terminal("init", "--config", str(self.file), option, value)
                terminal.answer(words, b"")
                status, out = terminal.end()
                self.assertEqual((status, out), (2, ""))
                self.assertFalse(self.file.parent.exists())


if __name__ == "__main__":
    sys.exit(main())
