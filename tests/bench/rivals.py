# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What else could answer "is this address known?", each on core 0 with its own usual client on core 1:
Redis GET, a prepared look-up in PostgreSQL, rbldnsd, CrowdSec's local API. For bench-query.

They answer less: none weighs who said what. A rival is a context manager that gives a function of
seconds, which measures answers a second, and the process that answers; or it raises Missing with the
reason.
"""
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time

from node_bench import free_port, subject

KEYS_MAX = 1000000        # of the subjects, so that filling takes a minute at most
DECISIONS = 100000
CORE, CLIENT = ["taskset", "-c", "0"], ["taskset", "-c", "1"]


class Missing(Exception):
    """Why a rival cannot be measured here."""


def program(name: str, *places: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=":".join([*places, "/usr/sbin", "/sbin"]))
    if found is None:
        raise Missing(f"{name} is not installed")
    return found


def wait_for(port: int, process: subprocess.Popen) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    raise Missing("it did not start")


@contextlib.contextmanager
def running(command: list[str], stop: int = signal.SIGTERM, **more):
    process = subprocess.Popen(CORE + command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, **more)
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def output(command: list[str], **more) -> str:
    return subprocess.run(CLIENT + command, check=True, capture_output=True, text=True, **more).stdout


def addresses(count: int):
    """The IPv4 subjects of make-store among the first count."""
    return (subject(n)[1] for n in range(0, count, 4))


@contextlib.contextmanager
def redis(work: pathlib.Path, subjects: int, connections: int):
    """GET of a random key, without pipelining."""
    server, client = program("redis-server"), program("redis-benchmark")
    keys, port = min(subjects, KEYS_MAX), free_port()
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(work)]
    with running(command) as process:
        wait_for(port, process)
        base = [client, "-h", "127.0.0.1", "-p", str(port), "-q", "--csv", "-r", str(keys)]
        output([*base, "-c", "50", "-P", "64", "-n", str(2 * keys), "SET", "key:__rand_int__", "94"])
        probe = float(re.search(r'"([\d.]+)"', output([*base, "-c", str(connections), "-n", "20000", "GET",
                                                       "key:__rand_int__"]).splitlines()[-1]).group(1))

        def measure(seconds: float) -> float:
            out = output([*base, "-c", str(connections), "-n", str(int(probe * seconds)), "GET", "key:__rand_int__"])
            return float(re.search(r'"([\d.]+)"', out.splitlines()[-1]).group(1))
        yield measure, process.pid


@contextlib.contextmanager
def postgresql(work: pathlib.Path, subjects: int, connections: int):
    """A prepared SELECT by primary key, of inet addresses."""
    places = [str(p) for p in sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    initdb, server, bench = (program(name, *places) for name in ("initdb", "postgres", "pgbench"))
    psql = program("psql", *places)
    user = []
    data, port = work / "postgresql", free_port()
    data.mkdir()
    if os.geteuid() == 0:  # which PostgreSQL refuses to run as
        user = [program("runuser"), "-u", "postgres", "--"]
        try:
            shutil.chown(data, "postgres")
        except LookupError:
            raise Missing("there is no user postgres") from None
    subprocess.run([*user, initdb, "-D", str(data), "-A", "trust", "-U", "bench", "--no-sync"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    keys = min(subjects, KEYS_MAX)
    script = work / "look-up.sql"
    script.write_text(f"\\set n random(0, {keys - 1})\n"
                      "SELECT score FROM known WHERE address = '1.0.0.0'::inet + :n;\n")
    script.chmod(0o644)
    with running([*user, server, "-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c",
                  f"unix_socket_directories={data}", "-c", "fsync=off", "-c", f"max_connections={connections + 20}"],
                 signal.SIGTERM, cwd="/") as process:
        wait_for(port, process)
        common = ["-h", "127.0.0.1", "-p", str(port), "-U", "bench"]
        subprocess.run([psql, *common, "-q", "-d", "postgres", "-c",
                        "CREATE TABLE known (address inet PRIMARY KEY, score int)", "-c",
                        f"INSERT INTO known SELECT '1.0.0.0'::inet + n, n % 100 FROM generate_series(0, {keys - 1}) n", "-c",
                        "VACUUM ANALYZE known"], check=True, stdout=subprocess.DEVNULL)

        def measure(seconds: float) -> float:
            out = output([bench, *common, "-n", "-M", "prepared", "-f", str(script), "-c", str(connections), "-j", "1", "-T",
                          str(max(1, round(seconds))), "postgres"])
            return float(re.search(r"tps = ([\d.]+)", out).group(1))
        yield measure, process.pid


@contextlib.contextmanager
def rbldnsd(work: pathlib.Path, subjects: int, connections: int):
    """A DNS query for one address, over UDP."""
    server, client = program("rbldnsd"), program("dnsperf")
    keys, port = min(subjects, KEYS_MAX), free_port()
    zone, queries = work / "zone", work / "queries"
    zone.write_text(":127.0.0.2:listed\n" + "\n".join(addresses(keys)) + "\n")
    rand = random.Random(1)
    with open(queries, "w", encoding="ascii") as out:
        for _ in range(50000):
            _, value = subject(rand.randrange(keys // 4) * 4)
            out.write(".".join(reversed(value.split("."))) + ".bl.example A\n")
    user = ["-u", "rbldns"] if os.geteuid() == 0 else []
    command = [server, "-n", *user, "-b", f"127.0.0.1/{port}", "-w", str(work), "bl.example:ip4set:zone"]
    with running(command) as process:
        end = time.monotonic() + 60
        ask = [client, "-s", "127.0.0.1", "-p", str(port), "-d", str(queries), "-c", "1", "-q", str(connections)]

        def completed() -> int:
            return int(re.search(r"Queries completed: +(\d+)", output([*ask, "-n", "1", "-l", "1"])).group(1))

        while completed() == 0:
            if process.poll() is not None or time.monotonic() > end:
                raise Missing("it did not start")

        def measure(seconds: float) -> float:
            out = output([*ask, "-l", str(max(1, round(seconds)))])
            return float(re.search(r"Queries per second: +([\d.]+)", out).group(1))
        yield measure, process.pid


CROWDSEC = """
common: {{daemonize: false, log_media: file, log_dir: {dir}, log_level: error, working_dir: {dir}}}
config_paths: {{config_dir: {dir}, data_dir: {dir}, simulation_path: {dir}/simulation.yaml, hub_dir: {dir}, index_path: {dir}/index.json}}
cscli: {{output: raw}}
db_config: {{type: sqlite, db_path: {dir}/crowdsec.db, use_wal: true}}
api:
  client: {{insecure_skip_verify: false, credentials_path: {dir}/credentials.yaml}}
  server: {{enable: true, listen_uri: 127.0.0.1:{port}, log_level: error, profiles_path: {dir}/profiles.yaml, use_forwarded_for_headers: false}}
prometheus: {{enabled: false}}
"""


@contextlib.contextmanager
def crowdsec(work: pathlib.Path, subjects: int, connections: int):
    """GET /v1/decisions?ip=… of the local API, as its bouncers ask, with 100,000 decisions."""
    server, cli, wrk = program("crowdsec"), program("cscli"), program("wrk")
    directory, port = work / "crowdsec", free_port()
    directory.mkdir()
    config = directory / "config.yaml"
    config.write_text(CROWDSEC.format(dir=directory, port=port))
    for name, text in (("profiles.yaml", "name: none\nfilters: ['false']\ndecisions: []\n"), ("simulation.yaml", "simulation: false\n"),
                       ("index.json", "{}"), ("credentials.yaml", "")):
        (directory / name).write_text(text)

    def say(*arguments: str) -> str:
        done = subprocess.run([cli, "-c", str(config), *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Missing(f"cscli {arguments[0]}: {done.stderr.strip().splitlines()[-1:]}")
        return done.stdout

    say("machines", "add", "bench", "--password", "bench", "-f", str(directory / "credentials.yaml"), "-u",
        f"http://127.0.0.1:{port}", "--force")
    key = say("bouncers", "add", "bench", "-o", "raw").strip().splitlines()[-1]
    decisions = directory / "decisions.json"
    values = [value for _, value in zip(range(DECISIONS), addresses(4 * DECISIONS))]
    decisions.write_text(json.dumps([{"duration": "24h", "reason": "bench", "scope": "ip", "type": "ban", "value": v} for v in values]))
    script = work / "crowdsec.lua"
    script.write_text(f"""
local n = 0
function request()
  n = (n + 7919) % {DECISIONS}
  local v = n * 4
  return wrk.format("GET", string.format("/v1/decisions?ip=1.%d.%d.%d", math.floor(v / 65536), math.floor(v / 256) % 256, v % 256), {{ ["X-Api-Key"] = "{key}" }})
end
""")
    with running([server, "-c", str(config), "-no-cs"]) as process:
        wait_for(port, process)
        say("decisions", "import", "-i", str(decisions))

        def measure(seconds: float) -> float:
            out = output([wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(script), f"http://127.0.0.1:{port}"])
            if "Non-2xx" in out:
                raise Missing(f"it refuses: {out.splitlines()[-3:]}")
            return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
        yield measure, process.pid


ALL = {
    "CrowdSec, 100 k decisions": crowdsec,
    "Redis GET": redis,
    "PostgreSQL, prepared": postgresql,
    "rbldnsd (DNS over UDP)": rbldnsd,
}
