# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every command that the program lists, with --json: one JSON document on standard output or nothing.

Usage: TOCSIN=PATH test_json.py

A node that answers everything with an empty object must not crash any command either; one that
refuses everything must leave standard output empty.
"""
import json
import sys
import unittest

from every_command import Everything, every_command
from fake_node import main, problem


class Json(unittest.TestCase):
    def test_every_command(self):
        told = 0
        for node, command, words in every_command(self):
            with self.subTest(command):
                node.answers = Everything({})
                done = node.run(*command, *words, "--json")
                self.assertLess(done.returncode, 12, done.stderr)
                self.assertNotEqual(done.returncode, 2, done.stderr)
                if done.returncode == 0 or done.stdout:
                    json.loads(done.stdout)
                    told += 1
                node.answers = Everything(problem(403, "That will not do"))
                asked = len(node.requests)
                done = node.run(*command, *words, "--json")
                if len(node.requests) > asked and command not in (("doctor",), ("peer", "list")):
                    self.assertEqual((done.returncode, done.stdout), (4, ""), done.stderr)
                    self.assertEqual(done.stderr.count("\n"), 1)
        self.assertGreater(told, 40)


if __name__ == "__main__":
    sys.exit(main())
