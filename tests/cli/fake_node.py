# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A node's API side with canned answers, on a Unix socket, for tests of the command line.

    with FakeNode() as node:
        node.answer("GET", "/v1/status", {"ready": True})
        done = node.run("status", "--json")
        node.requests    # what was asked: Request(method, path, body)

An answer is a dict (200), a (status, dict) pair, bytes, or a function from a Request to one of
these. What has no answer is a 404 problem.
"""
import collections
import http.server
import json
import os
import socketserver
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from skips import may_skip  # noqa: E402 pylint: disable=wrong-import-position

TOCSIN = os.environ.get("TOCSIN", "tocsin")
Request = collections.namedtuple("Request", "method path body headers")


def problem(status, detail, kind="about"):
    return status, {"type": kind, "title": "Refused", "status": status, "detail": detail}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "local"

    def log_message(self, *_):
        pass

    def handle_expect_100(self):
        """Refuses by the headers alone, as a node does, if that was asked for."""
        if not self.server.node.early:
            return super().handle_expect_100()
        self.close_connection = True
        self.send_answer(*self.server.node.answers[self.command, self.path])
        return False

    def send_answer(self, status, document):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self):
        size = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(size)
        request = Request(self.command, self.path, json.loads(raw) if raw else None, dict(self.headers))
        node = self.server.node
        node.requests.append(request)
        answer = node.answers.get((self.command, self.path), problem(404, "There is nothing here"))
        answer = answer(request) if callable(answer) else answer
        self.send_answer(*(answer if isinstance(answer, tuple) else (200, answer)))

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


class Threads(socketserver.ThreadingMixIn):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client may have had enough
            super().handle_error(request, client_address)


class Server(Threads, socketserver.UnixStreamServer):
    pass


class TcpServer(Threads, socketserver.TCPServer):
    pass


class FakeNode:
    def __init__(self, tcp=False):
        self.dir = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.dir.name, "api.sock")
        self.answers = {}
        self.requests = []
        self.early = False  # refuse before the body
        self.server = TcpServer(("127.0.0.1", 0), Handler) if tcp else Server(self.socket, Handler)
        self.server.node = self
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        self.dir.cleanup()

    def answer(self, method, path, document):
        self.answers[method, path] = document

    def run(self, *arguments, **options):
        return run("--socket", self.socket, *arguments, **options)


def run(*arguments, stdin=b"", env=None):
    """Runs tocsin; gives the CompletedProcess, output as text."""
    done = subprocess.run([TOCSIN, *arguments], input=stdin, capture_output=True, timeout=60,
                          env={**os.environ, "NO_COLOR": "1", **(env or {})}, check=False)
    done.stdout = done.stdout.decode()
    done.stderr = done.stderr.decode()
    return done


def main(argv=None):
    """Runs the tests of the script and gives its exit status; one that is skipped where none may be has failed."""
    result = unittest.main(argv=argv, exit=False).result
    skipped = [] if may_skip() else [f"{test.id()}: {why}" for test, why in result.skipped]
    for line in skipped:
        print(f"nothing may be skipped here (TOCSIN_SKIP=never): {line}", file=sys.stderr)
    return 0 if result.wasSuccessful() and not skipped else 1


def read_terminal(parent, child):
    """What a program shows on a terminal that it has begun to use; both ends are closed."""
    os.close(child)
    shown = b""
    while True:
        try:
            piece = os.read(parent, 65536)
        except OSError:  # EIO: the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(parent)
    return shown.decode()
