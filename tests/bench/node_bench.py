# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A node on a store of make-store, for bench-query and bench-start."""
import http.client
import os
import pathlib
import random
import shutil
import socket
import statistics
import subprocess
import sys
import time

TICK = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def subject(n: int) -> tuple[str, str]:
    """Subject n of make-store."""
    v4 = 0x01000000 + n
    return [
        ("ip", f"{v4 >> 24}.{v4 >> 16 & 255}.{v4 >> 8 & 255}.{v4 & 255}"),
        ("ip", f"2001:db8:{n >> 16 & 0xffff:x}:{n & 0xffff:x}::1"),
        ("domain", f"s{n}.example"),
        ("email", f"u{n}@mail.example"),
    ][n % 4]


def check(n: int) -> str:
    kind, value = subject(n)
    return f'{{"subjects":[{{"type":"{kind}","value":"{value}"}}]}}'


def checks(count: int, subjects: int, seed: int) -> list[str]:
    """Every other subject is in the store."""
    rand = random.Random(seed)
    return [check(rand.randrange(subjects) + subjects * (i % 2)) for i in range(count)]


def make_store(build: pathlib.Path, directory: pathlib.Path, subjects: int, evidence: int) -> None:
    directory.mkdir(mode=0o700)
    subprocess.run([build / "tests/tools/make-store", "--subjects", str(subjects), "--evidence", str(evidence), "--seed",
                    "1", directory], check=True)


class Node:
    """tocsind, on core 0 unless told otherwise; the clock runs from just before it is started."""

    def __init__(self, build: pathlib.Path, directory: pathlib.Path, threads: int = 1, cores: str = "0"):
        self.directory = directory
        self.port = free_port()
        config = directory / "node.conf"
        config.write_text(f"[node]\napi-threads={threads}\n")
        command = ["taskset", "-c", cores, build / "src/tocsind", "--base-url", "http://127.0.0.1:8477",
                   "--allow-address", "127.0.0.1", "--data-dir", directory, "--listen", f"127.0.0.1:{free_port()}",
                   "--api-listen", f"127.0.0.1:{self.port}", "--config", config]
        self.log = open(directory / "log", "a", encoding="utf-8")
        self.begin = time.monotonic()
        self.process = subprocess.Popen([str(part) for part in command], stdout=self.log, stderr=self.log)

    def first_answer_seconds(self, body: str) -> float:
        """From the start of the process to the first verdict over the Unix socket."""
        deadline = self.begin + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket(socket.AF_UNIX) as sock:
                try:
                    sock.connect(str(self.directory / "api.sock"))
                except OSError:
                    time.sleep(0.001)
                    continue
                sock.settimeout(10)
                sock.sendall(f"POST /v1/check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                             f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
                answer = sock.recv(65536)
            if answer.startswith(b"HTTP/1.1 200 "):
                return time.monotonic() - self.begin
            sys.exit(f"first answer: {answer[:200]!r}")
        sys.exit(f"the node did not start: {(self.directory / 'log').read_text()[-500:]}")

    def headers(self) -> dict[str, str]:
        token = (self.directory / "admin.token").read_text().strip()
        return {"Authorization": f"Bearer {token}"}

    def post(self, connection: http.client.HTTPConnection, path: str, body: str, media_type: str) -> bytes:
        connection.request("POST", path, body.encode(), self.headers() | {"Content-Type": media_type})
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            sys.exit(f"{path}: {response.status} {answer[:200]!r}")
        return answer

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process.pid)

    def resident_mib(self, field: str) -> float:
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
        raise KeyError(field)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()
        self.log.close()


def cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def tree_cpu_seconds(pid: int) -> float:
    """Of a process, of those that it has waited for, and of those below it."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    return sum(int(field) for field in fields[11:15]) / TICK + sum(tree_cpu_seconds(int(child)) for child in children)


def median(values: list[float]) -> float:
    return statistics.median(values)


def nginx_path() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
