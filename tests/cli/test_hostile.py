# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What strangers write reaches a terminal and a shell as letters alone, and a bad node ends in one sentence.

Usage: TOCSIN=PATH COMPLETION=PATH test_hostile.py
"""
import base64
import hashlib
import json
import os
import pty
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from every_command import Everything, every_command
from fake_node import FakeNode, TOCSIN, main, read_terminal, run

# Clears the screen, as C0 and as C1; turns the line round; is not seen; piles up on the line above.
EVIL = "a\x1b[2J\x9b2J\x7f\r\u202e\u200b\u2060\U000e0041" + "\u0301" * 40 + "\ttocsin: \nall is well"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
                    "\U000e0000-\U000e007f]|\u0301{9}")
ROW = {name: EVIL for name in (
    "id", "kind", "actor", "acct", "state", "text", "reason", "type", "value", "matched", "verdict", "slug", "summary",
    "allowed_by", "name", "title", "error", "mirror_of", "category", "subject", "reporter", "via", "opinion", "due",
    "relation", "breaker", "trusted_by", "branch", "direct", "token", "batch", "cursor", "time", "who", "action",
    "object", "detail", "expires", "last_seen", "created", "read", "strength", "rank", "version", EVIL)}


def answer():
    """Something in every list and member that a command looks at, all of it said by somebody bad."""
    row = {**ROW, "subjects": [{**ROW, "categories": [ROW], "notes": [ROW], "evidence": [ROW]}], "count": 1,
           "subject": {"type": EVIL, "value": EVIL}}
    lists = {name: [row] for name in (
        "reports", "items", "entries", "peers", "feeds", "allow", "tokens", "actors", "suggestions", "paths", "checks",
        "rejected")}
    return {**row, **lists, "verdict": "block", "fingerprints": [EVIL], "scopes": [EVIL], "without": {EVIL: EVIL},
            "rejected": [{"index": 0, "error": EVIL}], "accepted": 1, "ok": False}


def shown_on_terminal(*arguments):
    """What standard output and error show there, and how it ends."""
    parent, child = pty.openpty()
    done = subprocess.Popen([TOCSIN, *arguments], stdin=subprocess.DEVNULL, stdout=child, stderr=child,
                            env={**os.environ, "NO_COLOR": "1", "TERM": "dumb"})
    return read_terminal(parent, child).replace("\r\n", "\n"), done.wait(timeout=60)


class Hostile(unittest.TestCase):
    def test_every_command(self):
        told = 0
        for node, command, words in every_command(self):
            if command in (("report", "export"), ("init",)):  # no document; no node
                continue
            for status, document in ((200, answer()), (500, {"title": EVIL})):
                node.answers = Everything((status, document))
                with self.subTest(command=command, status=status):
                    done = node.run(*command, *words)
                    told += "all is well" in done.stdout + done.stderr
                    self.assertNotRegex(done.stdout, OBEYED)
                    self.assertNotRegex(done.stderr, OBEYED)
            node.answers = Everything(answer())
            with self.subTest(command=command, json=True):
                shown, _ = shown_on_terminal("--socket", node.socket, *command, *words, "--json")
                self.assertNotRegex(shown.replace("\u0301", ""), OBEYED)
                if shown.startswith("{"):
                    json.loads(shown)
        self.assertGreater(told, 60)

    def answered_by(self, raw, *arguments):
        """Runs it against what sends @raw, whatever it is asked, and hangs up."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                try:
                    while True:
                        connection, _ = listener.accept()
                        with connection:
                            connection.recv(65536)
                            connection.sendall(raw)
                except OSError:
                    pass
            thread = threading.Thread(target=serve)
            thread.start()
            try:
                return run("--url", f"http://127.0.0.1:{listener.getsockname()[1]}", *arguments)
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                thread.join()

    def test_half_an_answer(self):
        head = b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
        page = b"<p>" + b"sorry " * 50000
        for raw, status, said in (
                (b"", 5, "does not answer"), (b"\x1b[2J\x00\xff" * 100, 5, "does not answer"),
                (head % (b"200 OK", 100) + b"{", 1, "no API of a Tocsin node"),
                (head % (b"200 OK", 4) + b"nope", 1, "no API of a Tocsin node"),
                (head % (b"200 OK", 2) + b"[]", 1, "no API of a Tocsin node"),
                (head % (b"502 Bad Gateway", len(page)) + page, 1, "HTTP status 502"),
                (head % (b"302 Found\r\nLocation: http://127.0.0.1:1/", 0), 1, "HTTP status 302")):
            with self.subTest(raw[:40]):
                done = self.answered_by(raw, "status")
                self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
                self.assertIn(said, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)
                self.assertNotRegex(done.stderr, OBEYED)

    def test_export_cut_short(self):
        """Where the connection ends between two chunks, half a list looks like a whole one."""
        whole = b"a.example\nb.example\n"
        digest = base64.b64encode(hashlib.sha256(whole).digest())
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nRepr-Digest: sha-256=:" + digest + b":\r\n\r\n"
        half = head + b"a\r\na.example\n\r\n"
        rest = b"a\r\nb.example\n\r\n0\r\n\r\n"
        done = self.answered_by(half + rest, "report", "export", "--format", "lines")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, whole.decode(), ""))
        done = self.answered_by(half, "report", "export", "--format", "lines")
        self.assertEqual((done.returncode, done.stdout), (5, "a.example\n"))
        self.assertRegex(done.stderr, r"\Atocsin: http://127\.0\.0\.1:\d+ did not send all of it")

    def test_export_on_a_terminal(self):
        """There it is cleaned; anything else gets every byte of it."""
        evil = EVIL.encode("utf-8", "surrogateescape")
        with FakeNode() as node:
            node.answer("GET", "/v1/export/lines", b"b.example\r\n" + evil + b"\xff\x9b2J")
            shown, status = shown_on_terminal("--socket", node.socket, "report", "export", "--format", "lines")
            self.assertEqual(status, 0)
            self.assertTrue(shown.startswith("b.example\na\ufffd[2J\ufffd2J\ufffd"), shown)
            self.assertIn(" tocsin: \nall is well\ufffd", shown)
            self.assertNotRegex(shown, OBEYED)
            done = subprocess.run([TOCSIN, "--socket", node.socket, "report", "export", "--format", "lines"],
                                  stdout=subprocess.PIPE, check=True, timeout=60)
            self.assertEqual(done.stdout, b"b.example\r\n" + evil + b"\xff\x9b2J")

    def test_raw_cr_between_tokens(self):
        """JSON has it for a blank; on a terminal what follows would stand on what was before."""
        with FakeNode() as node:
            node.answer("GET", "/v1/status", b'{"verdict":\r"block"\r}\r\n')
            shown, _ = shown_on_terminal("--socket", node.socket, "status", "--json")
            self.assertNotIn("\r", shown)
            self.assertEqual(json.loads(shown), {"verdict": "block"})

    def test_export_to_who_has_had_enough(self):
        with FakeNode() as node:
            node.answer("GET", "/v1/export/lines", b"a.example\n" * 100000)
            reading, writing = os.pipe()
            os.close(reading)
            done = subprocess.run([TOCSIN, "--socket", node.socket, "report", "export", "--format", "lines"],
                                  stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60)
            os.close(writing)
            self.assertEqual((done.returncode, done.stderr), (-13, b""))

    @unittest.skipUnless(shutil.which("bash"), "no bash here")
    def test_completed_file(self):
        """Where a file has the name of a command, completing it and pressing Enter must not run that."""
        with tempfile.TemporaryDirectory() as directory, tempfile.NamedTemporaryFile("w") as rc:
            with open(os.path.join(directory, "$(touch ran).conf"), "w", encoding="ascii"):
                rc.write(f"source {shlex.quote(os.environ['COMPLETION'])}\nPS1=ready.\n")
                rc.flush()
            parent, child = pty.openpty()
            shell = subprocess.Popen(
                ["bash", "--noprofile", "--rcfile", rc.name, "-i"], cwd=directory, stdin=child, stdout=child, stderr=child,
                start_new_session=True,
                env={**os.environ, "PATH": f"{os.path.dirname(TOCSIN)}:{os.environ['PATH']}", "TERM": "dumb"})
            os.close(child)
            os.write(parent, b"tocsin config check \t\nexit\n")
            shown = b""
            while True:
                try:
                    piece = os.read(parent, 65536)
                except OSError:
                    break
                shown += piece
            os.close(parent)
            shell.wait(timeout=60)
            self.assertIn(b"touch", shown)
            self.assertFalse(os.path.exists(os.path.join(directory, "ran")), shown.decode())


if __name__ == "__main__":
    sys.exit(main())
