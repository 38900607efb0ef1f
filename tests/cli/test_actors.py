# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""An ACTOR on the command line, however it is written, against a fake node.

Usage: TOCSIN=PATH test_actors.py
"""
import re
import sys
import unittest
import urllib.parse

from fake_node import FakeNode, main

B = "https://b.example/actor"
CONFIRMED = "https://web.example/x"
PENDING = "https://[2001:db8::1]:8443/actor"
PEERS = {"peers": [
    {"actor": B, "acct": "acct:tocsin@b.example"},
    {"actor": "https://c.example/actor", "acct": "acct:tocsin@c.example"},
    {"actor": "https://two.example/a", "acct": "acct:a@two.example"},
    {"actor": "https://two.example/b", "acct": "acct:b@two.example"},
    # Of these but one no account was confirmed: they only asked to follow.
    {"actor": PENDING, "acct": None, "preferred_username": "Tocsin", "follower": "pending"},
    {"actor": "https://odd.example/actor", "acct": None, "preferred_username": "a\x1b[2Jb"},
    {"actor": "https://mail.example/actor", "acct": None, "preferred_username": "ops"},
    {"actor": CONFIRMED, "acct": "acct:ops@mail.example", "preferred_username": "x"},
]}


def quoted(text):
    return urllib.parse.quote(text, safe="")


class Actors(unittest.TestCase):
    def setUp(self):
        self.node = FakeNode()
        self.node.__enter__()
        self.addCleanup(self.node.__exit__)
        self.node.answer("GET", "/v1/peers", PEERS)

    def check(self, done, code, out=None, err=None):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        if out is not None:
            self.assertRegex(done.stdout, out)
        if err is not None:
            self.assertRegex(done.stderr, err)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def accepts(self, actor, *spellings):
        path = f"/v1/peers/{quoted(actor)}/accept"
        self.node.answer("POST", path, {})
        for typed in spellings:
            with self.subTest(typed):
                self.check(self.node.run("peer", "accept", typed), 0, re.escape(actor))
                self.assertEqual(self.node.requests[-1].path, path)

    def test_spellings(self):
        self.node.answer("GET", f"/v1/reports?actor={quoted(B)}", {"reports": [{"id": "r1"}], "cursor": None})
        self.check(self.node.run("report", "list", "--actor", "b.example"), 0, "r1")
        self.accepts(B, B, "acct:tocsin@b.example", "@tocsin@b.example", "tocsin@b.example", "b.example", "B.example")

    def test_never_followed(self):
        self.accepts(PENDING, "acct:tocsin@[2001:db8::1]:8443", "@Tocsin@[2001:db8::1]:8443",
                     "tocsin@[2001:DB8::1]:8443", "[2001:db8::1]:8443")

    def test_confirmed_before_claimed(self):
        self.accepts(CONFIRMED, "ops@mail.example", "x@web.example")
        self.accepts("https://mail.example/actor", "mail.example")

    def test_hostile_name(self):
        self.check(self.node.run("peer", "accept", "a\x1b[2Jb@odd.example"), 3, r"\A\Z", "no peer")
        self.assertNotIn("\x1b", self.node.run("peer", "accept", "ab@odd.example").stderr)

    def test_unknown(self):
        self.check(self.node.run("peer", "show", "b.exmaple"), 3, r"\A\Z", "did you mean “b.example”")
        self.check(self.node.run("peer", "show", "@tocsni@b.example"), 3, None, "did you mean “tocsin@b.example”")
        self.check(self.node.run("peer", "show", "osp@mail.example"), 3, None, "did you mean “ops@mail.example”")
        self.check(self.node.run("report", "list", "--actor", "b.exmaple"), 3, r"\A\Z", "did you mean “b.example”")
        self.check(self.node.run("peer", "show", "elsewhere.test"), 3, None, "no peer “elsewhere.test”")
        self.check(self.node.run("peer", "accept", "https://d.example/actor"), 3, None, "no peer")
        self.check(self.node.run("peer", "accept", "two.example"), 2, None, "two.example/a or https://two.example/b")

    def test_block_a_stranger(self):
        path = f"/v1/peers/{quoted('https://d.example/actor')}/block"
        self.node.answer("POST", path, {})
        self.check(self.node.run("peer", "block", "https://d.example/actor"), 0)
        self.assertEqual(self.node.requests[-1].path, path)


if __name__ == "__main__":
    sys.exit(main())
