#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A program in a network of its own, which sees one port of the host's loopback.

What changes a firewall may not change the host's. Its network has a loopback device alone; what it
says to 127.0.0.1:PORT there goes through a Unix socket to the same port here.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading

SIOCSIFFLAGS = 0x8914
IFF_UP = 1
CHUNK_BYTES = 65536


def pump(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK_BYTES):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def relay(client, connect):
    try:
        upstream = connect()
    except OSError:
        client.close()
        return
    with client, upstream:
        back = threading.Thread(target=pump, args=(upstream, client), daemon=True)
        back.start()
        pump(client, upstream)
        back.join()


def serve(listener, connect):
    """Until the listener is closed."""
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=relay, args=(client, connect), daemon=True).start()


def connect_unix(path):
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(path)
    return peer


class OwnNetwork:
    """unshare(1) gives the network; without it, or without the right to, available() is false."""

    def __init__(self, directory, port):
        self.port = port
        self.path = os.path.join(directory, "way-out")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=serve, daemon=True, args=(
            self.listener, lambda: socket.create_connection(("127.0.0.1", port)))).start()

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.unlink(self.path)

    @staticmethod
    def unshare():
        return ["unshare", *(["--user", "--map-root-user"] if os.geteuid() else []), "--net"]

    @classmethod
    def available(cls, *check):
        """Whether a command can be run in such a network."""
        return all(shutil.which(tool) for tool in ("unshare", "nsenter")) and subprocess.run(
            [*cls.unshare(), *check], capture_output=True, check=False, timeout=60).returncode == 0

    def command(self, *program):
        """What to start; its process becomes the program's."""
        return [*self.unshare(), sys.executable, os.path.abspath(__file__), self.path, str(self.port), *program]

    @staticmethod
    def enter(process):
        """What to put before a command that should see the network of that process."""
        user = ["--user", "--preserve-credentials"] if os.geteuid() else []
        return ["nsenter", *user, "--net", "--target", str(process.pid)]


def inside(path, port, program):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP).ljust(40, b"\0"))
    listener = socket.create_server(("127.0.0.1", port))
    alive, held = os.pipe()
    if os.fork() == 0:
        # Until the program has ended, which holds the other end.
        os.close(held)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        threading.Thread(target=serve, daemon=True, args=(listener, lambda: connect_unix(path))).start()
        os.read(alive, 1)
        os._exit(0)
    os.set_inheritable(held, True)
    os.close(alive)
    listener.close()
    os.execvp(program[0], program)


if __name__ == "__main__":
    inside(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
