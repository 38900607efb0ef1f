# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A server of lists on loopback: what it answers is set from the test, and it counts."""

import gzip
import hashlib
import http.server
import threading


class Page:
    """One path: a body, or a function that writes what no good server would."""

    def __init__(self, body=b"", status=200, headers=None, raw=None, modified=None):
        self.body = body.encode() if isinstance(body, str) else body
        self.status = status
        self.headers = dict(headers or {})
        self.raw = raw
        self.modified = modified  # an HTTP date: then there is no ETag

    def is_known_to(self, headers):
        if self.status != 200:
            return False
        if self.modified:
            return headers.get("If-Modified-Since") == self.modified
        return headers.get("If-None-Match") == self.etag

    def validator(self):
        return ("Last-Modified", self.modified) if self.modified else ("ETag", self.etag)

    @property
    def etag(self):
        return '"' + hashlib.sha256(self.body).hexdigest()[:16] + '"'


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server.owner
        page = server.find(self.path)
        server.count(self.path, self.headers)
        if page is None:
            self.answer(Page(b"no such list", status=404))
        elif page.raw is not None:
            page.raw(self)
            self.close_connection = True
        elif page.is_known_to(self.headers):
            server.unchanged += 1
            self.send_response(304)
            self.send_header(*page.validator())
            self.end_headers()
        else:
            self.answer(page)

    def answer(self, page):
        self.send_response(page.status)
        self.send_header("Content-Length", str(len(page.body)))
        if page.status == 200:
            self.send_header(*page.validator())
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page.body)


class QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A node that hangs up is what some pages are for."""


class FeedServer:
    def __init__(self):
        self.pages = {}
        self.made_pages = {}  # a beginning of paths, and what makes the body for one of them
        self.asked = {}
        self.unchanged = 0
        self.lock = threading.Lock()
        self.http = QuietServer(("127.0.0.1", 0), Handler)
        self.http.owner = self
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()
        return False

    def find(self, path):
        for beginning, make in self.made_pages.items():
            if path.startswith(beginning):
                return Page(make(path))
        return self.pages.get(path)

    def count(self, path, headers):
        with self.lock:
            self.asked.setdefault(path, []).append(dict(headers))

    def url(self, path):
        return f"http://127.0.0.1:{self.http.server_address[1]}{path}"

    def serve(self, path, body=b"", **more):
        self.pages[path] = Page(body, **more)
        return self.url(path)


def cut_short(handler):
    """Announces more than comes."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b"192.0.2.77\n" * 10)


def cut_at_close(handler):
    """The same, and says that it closes the connection: libsoup takes what came for the whole."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(b"192.0.2.77\n" * 10)


def endless(handler):
    """Chunks without end; the node has to hang up."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    chunk = b"203.0.113.1\n" * 5000
    try:
        while True:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
    except OSError:
        pass


def announced(size):
    """A Content-Length of which not a byte should be wanted."""

    def write(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(size))
        handler.end_headers()
        try:
            handler.wfile.write(b"192.0.2.1\n")
            handler.rfile.read(1)
        except OSError:
            pass

    return write


def cut_gzip():
    """Half of a compressed list, as if that were all."""
    whole = gzip.compress(b"".join(b"192.0.2.%d\n" % i for i in range(256)))
    return Page(whole[: len(whole) // 2], headers={"Content-Encoding": "gzip"})


def gzip_bomb():
    """A Page of some KiB that unpacks to 100 MiB."""
    return Page(gzip.compress(b"198.51.100.1\n" * (8 << 20), 6), headers={"Content-Encoding": "gzip"})
