# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A bad network in front of one node.

Every request to the node's public address comes through here; as long as `faults` is true, some of
them, or of their answers, are delayed, dropped, cut, sent twice, sent again much later (which is
also what reordering comes to, since a sender has one request in flight to a node), answered by the
proxy itself with an error or with garbage, left hanging, or reset.
"""

import random
import socket
import struct
import threading
import time

UPSTREAM_SECONDS = 20
HANG_SECONDS = 2
HEAD_MAX_BYTES = 64 * 1024
RESET = struct.pack("ii", 1, 0)  # struct linger: on, 0 seconds

ANSWERS = {
    "500": b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "429": b"HTTP/1.1 429 No\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n",
    "401": b"HTTP/1.1 401 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "garbage": b"\x00\xff garbage \r\n\r\n<html>" * 10,
    "garbage 200": b"HTTP/1.1 200 OK\r\nContent-Type: application/activity+json\r\n"
    b"Content-Length: 7\r\nConnection: close\r\n\r\n{\xff\xfe...",
    "cut answer": b"HTTP/1.1 200 OK\r\nContent-Type: application/activity+json\r\n"
    b'Content-Length: 500\r\nConnection: close\r\n\r\n{"id":',
}
FAULTS = ("delay", "drop", "lose answer", "cut request", "twice", "again later", "hang", "reset")


class Proxy:
    """Listens on a port and forwards to another, badly."""

    def __init__(self, upstream_port, seed, share=0.4):
        self.upstream_port = upstream_port
        self.random = random.Random(seed)
        self.share = share
        self.faults = False
        self.done = {}
        self.kept = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _address = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def close(self):
        self.listener.close()

    def choose(self):
        with self.lock:
            if not self.faults or self.random.random() >= self.share:
                return None
            fault = self.random.choice(FAULTS + tuple(ANSWERS))
            self.done[fault] = self.done.get(fault, 0) + 1
            return fault

    def serve(self, client):
        with client:
            try:
                client.settimeout(UPSTREAM_SECONDS)
                request = read_request(client)
                if request:
                    self.handle(client, request, self.choose())
            except OSError:
                pass

    def handle(self, client, request, fault):
        if fault in ANSWERS:
            client.sendall(ANSWERS[fault])
        elif fault == "drop":
            pass
        elif fault == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        elif fault == "hang":
            self.hang()
        elif fault == "cut request":
            self.forward(request[: len(request) // 2], wait=False)
        elif fault == "lose answer":
            self.forward(request)
        else:
            if fault == "delay":
                time.sleep(self.random.random() * 0.5)
            if fault == "twice":
                self.forward(request)
            if fault == "again later":
                with self.lock:
                    self.kept.append(request)
            client.sendall(self.forward(request))

    def hang(self):
        deadline = time.monotonic() + HANG_SECONDS
        while self.faults and time.monotonic() < deadline:
            time.sleep(0.05)

    def forward(self, request, wait=True):
        """Gives the whole answer, or nothing if the node is not there."""
        try:
            address = ("127.0.0.1", self.upstream_port)
            with socket.create_connection(address, timeout=UPSTREAM_SECONDS) as upstream:
                upstream.sendall(request)
                answer = b""
                while wait:
                    more = upstream.recv(65536)
                    if not more:
                        break
                    answer += more
                return answer
        except OSError:
            return b""

    def repeat_kept(self):
        """What was kept comes once more, in another order."""
        with self.lock:
            kept, self.kept = self.kept, []
            self.random.shuffle(kept)
        for request in kept:
            self.forward(request)


def read_request(client):
    """One request of a client that sends Content-Length, made to end its connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(65536)
        if not more or len(data) > HEAD_MAX_BYTES:
            return None
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    first, *lines = head.split(b"\r\n")
    length = 0
    kept = []
    for line in lines:
        name = line.split(b":")[0].strip().lower()
        if name == b"content-length":
            length = int(line.split(b":")[1])
        if name not in (b"connection", b"keep-alive"):
            kept.append(line)
    while len(body) < length:
        more = client.recv(65536)
        if not more:
            return None
        body += more
    return b"\r\n".join([first, *kept, b"Connection: close"]) + b"\r\n\r\n" + body
