# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a person sees, recorded from a pseudo-terminal."""

import os
import pty
import re
import select
import signal
import time

from harness import Failure, expect

START_SECONDS = 120
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Terminal:
    """A program on a terminal of its own, and everything that it showed."""

    def __init__(self, lab, *command, **environment):
        self.shown = b""
        self.record = os.path.join(lab.dir, "terminal.log")
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(environment, TERM="xterm", GIO_USE_PROXY_RESOLVER="dummy", LC_ALL="C.UTF-8")
            os.chdir(ROOT)
            os.execv(command[0], command)

    @property
    def text(self):
        return self.shown.decode("utf-8", "replace")

    def read(self, seconds):
        """One piece of what comes; False once the program has closed its terminal."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            piece = os.read(self.fd, 65536)
        except OSError:
            piece = b""
        self.shown += piece
        return bool(piece)

    def wait_for(self, pattern, seconds=START_SECONDS):
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            if time.monotonic() > deadline or not self.read(1):
                raise Failure(f"the terminal never showed {pattern}:\n{self.text[-2000:]}")
        return re.search(pattern, self.text)

    def end(self, seconds=60):
        deadline = time.monotonic() + seconds
        while self.read(1):
            expect(time.monotonic() < deadline, f"it did not end:\n{self.text[-2000:]}")
        with open(self.record, "wb") as record:
            record.write(self.shown)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        self.pid = None
        return os.waitstatus_to_exitcode(status)

    def kill(self):
        if self.pid:
            os.kill(self.pid, signal.SIGTERM)
            self.end()
