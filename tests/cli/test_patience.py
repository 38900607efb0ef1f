# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A command waits for a node that is at work for as long as that takes, and for one that hangs a while.

Usage: TOCSIN=PATH test_patience.py

What may be at work for long is what src/http marks with TOCSIN_ROUTE_LONG.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import unittest

from every_command import Everything
from fake_node import FakeNode, TOCSIN

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "src" / "http"
ROUTE = re.compile(r'\{ "(\w+)", "([^"]+)",[^}]*?TOCSIN_ROUTE_LONG\b')
ANSWER = {"batch": "7", "accepted": 1, "rejected": [], "name": "x", "id": "7", "checks": []}
LONG = (("backup", "/x"), ("doctor", "--recount", "--local"), ("housekeeping",), ("export-subject", "ip=192.0.2.1"),
        ("erase", "ip=192.0.2.1", "--yes"), ("feed", "add", "x"), ("feed", "enable", "x"), ("feed", "refresh", "x"),
        ("feed", "disable", "x"), ("feed", "remove", "x"),
        ("review", "accept", "7"), ("review", "reject", "7", "--yes"), ("report", "undo", "7", "--yes"),
        ("report", "import", "LIST", "--category", "spam", "--type", "ip"), ("report", "export"),
        ("report", "export", "--manifest"))
SECONDS = 60


class Patience(unittest.TestCase):
    def setUp(self):
        self.node = FakeNode()
        self.node.__enter__()
        self.addCleanup(self.node.__exit__)
        self.listed = tempfile.NamedTemporaryFile("w", encoding="ascii")
        self.addCleanup(self.listed.close)
        self.listed.write("192.0.2.1\n")
        self.listed.flush()
        self.asked = threading.Semaphore(0)  # once for each request
        self.done = threading.Event()
        self.addCleanup(self.done.set)
        self.node.answers = Everything(self.work)

    def work(self, request):
        """Silent until the work is done."""
        self.asked.release()
        self.done.wait(SECONDS)
        return ANSWER

    def start(self, *words):
        words = [self.listed.name if word == "LIST" else word for word in words]
        return subprocess.Popen([TOCSIN, "--socket", self.node.socket, *words], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={**os.environ, "NO_COLOR": "1", "TOCSIN_WAIT_SECONDS": "1"})

    def test_long(self):
        running = [(words, self.start(*words)) for words in LONG]
        for words, _ in running:
            self.assertTrue(self.asked.acquire(timeout=SECONDS), words)
        # It began to wait after all of them, so that its time is over after theirs would be.
        hung = self.start("status")
        self.assertIn("does not answer", hung.communicate(timeout=SECONDS)[1])
        self.assertEqual(hung.returncode, 5)
        self.done.set()
        for words, process in running:
            said = "".join(process.communicate(timeout=SECONDS))
            with self.subTest(words):
                self.assertNotEqual(process.returncode, 5, said)
                self.assertNotIn("does not answer", said)
        asked = {f"{request.method} {request.path.partition('?')[0]}" for request in self.node.requests}
        routes = [found for file in SOURCES.glob("route-*.c") for found in ROUTE.findall(file.read_text(encoding="utf-8"))]
        self.assertGreater(len(routes), 10)
        for method, path in routes:
            pattern = method + " " + re.sub(r"{[a-z]+}", "[^/]+", path)
            self.assertTrue(any(re.fullmatch(pattern, one) for one in asked), f"{method} {path} is not tried here")


if __name__ == "__main__":
    sys.exit(unittest.main())
