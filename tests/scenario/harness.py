# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real nodes on loopback, for tests that look at them from outside.

    with Lab("name", seed) as lab:
        a = lab.node("a")
        a.start()

At the end of a test that passed the lab stops every node that still runs, which has to end well: in
a sanitized build a leak is an exit status of its own. It kills by process id what is left however
the test ends, and reads every log: no node may have written a subject, a token or a private key, or
what a sanitizer or GLib's criticals say, or a warning that the test does not name. With TOCSIN_KEEP
in the environment the directory stays.
"""

import argparse
import http.client
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from skips import may_skip  # noqa: E402 pylint: disable=wrong-import-position

START_SECONDS = 60
STOP_SECONDS = 60
WAIT_SECONDS = 60
POLL_SECONDS = 0.05
LOG_TAIL_LINES = 40
LOG_BAD_LINES = 120  # from what is bad on
SCOPES = ("check", "range", "report", "stream", "admin", "metrics")
DESCRIPTORS = 65536  # of a test and of the nodes it starts; Debian lets a process have 1,024 unasked

# What no log of a node may hold: g_critical is a bug.
BAD_LOG = re.compile(
    r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|UndefinedBehavior|\b(?:CRITICAL|ERROR) \*\*"
)
# A peer cannot cause g_warning: each that a test causes otherwise is named in Lab.warnings.
WARNING = re.compile(r"\bWARNING \*\*: .*")


class Failure(Exception):
    """What a test found wrong, in one sentence."""


def expect(condition, message):
    """Unlike assert it is there under python3 -O too."""
    if not condition:
        raise Failure(message)


def wait_until(condition, what, seconds=WAIT_SECONDS, poll_seconds=POLL_SECONDS):
    """Asks condition() until it is true and gives what it gave; fails after that many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise Failure(f"after {seconds} s still not: {what}")
        time.sleep(poll_seconds)


def free_port():
    """A port that nobody has now. Two nodes of one lab keep theirs over a restart."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Reply:
    """A status, headers and a body that is JSON or is not."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    def __str__(self):
        return f"{self.status} {self.body[:300].decode('utf-8', 'replace')}"


class Node:
    """One tocsind and its data directory, which outlives the process."""

    def __init__(self, lab, name, port=None, settings="", base=None, api=False, observe=False,
                 data_dir=None, environment=None, user=None):
        self.lab = lab
        self.name = name
        self.port = port or free_port()
        self.api_port = free_port() if api else None
        self.base = base or f"http://127.0.0.1:{self.port}"
        self.actor = self.base + "/actor"
        self.data_dir = data_dir or os.path.join(lab.dir, name)
        self.environment = environment or {}
        self.user = user  # number of another user, for who is root
        self.socket = os.path.join(self.data_dir, "api.sock")
        self.log = os.path.join(lab.dir, name + ".log")
        self.config = os.path.join(lab.dir, name + ".conf")
        self.process = None
        with open(self.config, "w", encoding="utf-8") as config:
            days = "" if observe else "observe-days=0\n"
            config.write(f"[node]\nname=Node {name}\n{days}{settings}")

    @property
    def actor_path(self):
        return urllib.parse.quote(self.actor, safe="")

    def start(self, wait=True):
        expect(self.process is None, f"{self.name} runs already")
        command = [*self.lab.wrapper, self.lab.tocsind, "--config", self.config, "--base-url", self.base]
        command += ["--data-dir", self.data_dir, "--listen", f"127.0.0.1:{self.port}"]
        listen = f"127.0.0.1:{self.api_port}" if self.api_port else "none"
        command += ["--api-listen", listen, "--allow-address", "127.0.0.0/8"]
        command += ["--time-scale", str(self.lab.time_scale), "--verbose"]
        environment = dict(os.environ, GIO_USE_PROXY_RESOLVER="dummy", LC_ALL="C.UTF-8", **self.environment)
        with open(self.log, "ab") as log:
            as_user = {}
            if self.user is not None:
                os.chown(self.lab.dir, self.user, -1)
                as_user = {"user": self.user, "group": self.user, "extra_groups": []}
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, **as_user
            )
        if wait:
            self.wait_ready()
        return self

    def is_ready(self):
        expect(
            self.process.poll() is None,
            f"{self.name} ended with {self.process.returncode} while starting",
        )
        try:
            if self.api_port:  # the last one to listen
                self.tcp("GET", "/health/live")
            return self.api("GET", "/health/ready").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def wait_ready(self):
        wait_until(self.is_ready, f"{self.name} is ready", START_SECONDS)

    def kill(self):
        """SIGKILL: what a power cut does to the process, which has to be there for it."""
        status = self.process.poll()
        expect(status is None, f"{self.name} had ended with {status} before it was killed")
        self.put_away()

    def put_away(self):
        """Whatever it does or did."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self):
        """SIGTERM, and it has to end well."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.put_away()
            raise Failure(f"{self.name} did not stop within {STOP_SECONDS} s") from None
        self.process = None
        expect(status == 0, f"{self.name} ended with {status}")

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    # What the operator says, over the API's socket.

    def api(self, method, path, body=None, seconds=30):
        connection = UnixConnection(self.socket, seconds)
        try:
            data = None if body is None else json.dumps(body).encode()
            headers = {"Content-Type": "application/json"} if data is not None else {}
            connection.request(method, path, data, headers)
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def ask(self, method, path, body=None, status=(200, 201, 202, 204)):
        """api() that has to be answered so; gives the JSON, if there is one."""
        reply = self.api(method, path, body)
        wanted = status if isinstance(status, tuple) else (status,)
        expect(reply.status in wanted, f"{self.name}: {method} {path}: {reply}")
        answer = reply.json if reply.body else None
        if (method, path) == ("POST", "/v1/tokens") and reply.status == 201:
            self.lab.tokens.add(answer["token"])
        return answer

    def ask_text(self, path):
        reply = self.api("GET", path)
        expect(reply.status == 200, f"{self.name}: GET {path}: {reply}")
        return reply.body.decode()

    def follow(self, actor, trust=50):
        return self.ask("POST", "/v1/peers", {"actor": actor, "trust": trust})

    def peer(self, actor):
        """How this node sees that actor, or None."""
        reply = self.api("GET", "/v1/peers/" + urllib.parse.quote(actor, safe=""))
        return reply.json if reply.status == 200 else None

    def act(self, actor, action):
        return self.ask("POST", f"/v1/peers/{urllib.parse.quote(actor, safe='')}/{action}")

    def check(self, *subjects, **more):
        self.lab.subjects.update(value for _, value in subjects)
        body = {"subjects": [{"type": t, "value": v} for t, v in subjects], **more}
        return self.ask("POST", "/v1/check", body, 200)

    def report(self, *subjects, category="spam", **more):
        """Reports and gives the ids; answered 201, so it is durable."""
        self.lab.subjects.update(value for _, value in subjects)
        listed = [{"type": t, "value": v} for t, v in subjects]
        body = {"subjects": listed, "category": category, **more}
        answer = self.ask("POST", "/v1/reports", body, 201)
        return [report["id"] for report in answer["reports"]]

    def withdraw(self, report):
        self.ask("DELETE", "/v1/reports/" + report.rsplit("/", 1)[-1])

    def reports(self, **query):
        """Every report that the listing gives, page after page."""
        rows, cursor = [], None
        while True:
            asked = dict(query, **({"cursor": cursor} if cursor else {}))
            page = self.ask("GET", "/v1/reports?" + urllib.parse.urlencode(asked), status=200)
            rows += page["reports"]
            cursor = page.get("cursor")
            if not cursor:
                return rows

    # What a program says, over TCP with a token.

    def tcp(self, method, path, body=None, token=None, headers=None, seconds=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.api_port, timeout=seconds)
        try:
            headers = dict(headers or {})
            if token is not None:
                headers["Authorization"] = f"Bearer {token}"
            connection.request(method, path, body, headers)
            return Reply(connection.getresponse())
        finally:
            connection.close()

    # What the world sees.

    def public(self, method, path, body=None, headers=None, seconds=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, body, headers or {})
            return Reply(connection.getresponse())
        finally:
            connection.close()


def befriend(reader, publisher, trust=50):
    """reader follows publisher, whose operator accepts it as a reader."""
    reader.follow(publisher.actor, trust)
    wait_until(
        lambda: (publisher.peer(reader.actor) or {}).get("follower") == "pending",
        f"{reader.name}'s Follow reached {publisher.name}",
    )
    publisher.act(reader.actor, "accept")
    wait_until(
        lambda: (reader.peer(publisher.actor) or {}).get("following") == "accepted",
        f"{publisher.name}'s Accept reached {reader.name}",
    )


def make_tokens(node):
    """A token for each scope."""
    tokens = {}
    for scope in SCOPES:
        answer = node.ask("POST", "/v1/tokens", {"name": f"t-{scope}", "scopes": [scope]}, 201)
        tokens[scope] = answer["token"]
    return tokens


class Lab:
    """A directory with nodes in it."""

    def __init__(self, name, options):
        self.name = name
        self.tocsind = os.path.abspath(options.tocsind)
        self.time_scale = options.time_scale
        self.seed = options.seed
        self.random = random.Random(options.seed)
        self.nodes = []
        self.subjects = set()
        self.tokens = set()
        self.warnings = []  # regular expressions of those that the nodes may log here
        self.wrapper = []  # what runs the daemons, for tests that look into them
        self.dir = None

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix=f"tocsin-{self.name}.")
        print(f"# {self.name}: seed {self.seed}, time scale {self.time_scale}", flush=True)
        return self

    def node(self, name, **more):
        node = Node(self, name, **more)
        self.nodes.append(node)
        return node

    def step(self, text):
        print(f"# {text}", flush=True)

    def skip(self, text):
        """Says which part of the test cannot run here and why; a failure where none may be left out."""
        self.step(f"skipped: {text}")
        expect(may_skip(), f"nothing may be skipped here (TOCSIN_SKIP=never), but {text}")

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                self.stop_nodes()
                self.read_logs()
        except Failure:
            kind = Failure
            raise
        finally:
            for node in self.nodes:
                node.put_away()
            if kind is not None:
                self.show_logs()
            if os.environ.get("TOCSIN_KEEP"):
                print(f"# kept: {self.dir}")
            else:
                shutil.rmtree(self.dir, ignore_errors=True)
        return False

    def stop_nodes(self):
        for node in self.nodes:
            if node.process is not None:
                node.stop()

    def secrets(self, node):
        """What a node must not tell: tokens, and its private keys, line by line."""
        told = set(self.tokens)
        keys = os.path.join(node.data_dir, "keys")
        files = [os.path.join(node.data_dir, "admin.token")]
        files += [os.path.join(keys, name) for name in (os.listdir(keys) if os.path.isdir(keys) else [])
                  if name.endswith((".pem", ".new"))]
        for path in filter(os.path.exists, files):
            with open(path, encoding="ascii") as file:
                told.update(line for line in file.read().splitlines() if len(line) > 20 and "-----" not in line)
        return told

    def read_logs(self):
        """No subject and no secret in any log, no warning, nothing that a sanitizer found."""
        for node in self.nodes:
            if not os.path.exists(node.log):
                continue
            with open(node.log, encoding="utf-8", errors="replace") as log:
                text = log.read()
            bad = BAD_LOG.search(text)
            if bad:
                raise Failure(f"the log of {node.name} has {bad.group()}")
            for warning in WARNING.findall(text):
                expect(any(re.search(expected, warning) for expected in self.warnings),
                       f"the log of {node.name} has {warning}")
            told = [subject for subject in self.subjects if subject in text]
            if told:
                raise Failure(f"the log of {node.name} tells a subject: {told[0]}")
            expect(not any(secret in text for secret in self.secrets(node)), f"the log of {node.name} tells a secret")

    def show_logs(self):
        for node in self.nodes:
            if os.path.exists(node.log):
                with open(node.log, encoding="utf-8", errors="replace") as log:
                    lines = log.read().splitlines()
                bad = next((i for i, line in enumerate(lines) if BAD_LOG.search(line)), None)
                for line in lines[-LOG_TAIL_LINES:] if bad is None else lines[bad : bad + LOG_BAD_LINES]:
                    print(f"# {node.name}: {line[:400]}")


def raise_descriptor_limit():
    """As far as the system lets it: what a test cannot do with fewer, it has to say itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def parse_arguments(description, time_scale, arguments=()):
    """The options of every test here; `arguments` are further (flags, keywords)."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("tocsind", help="the daemon under test")
    parser.add_argument("--seed", type=int, default=None, help="as an earlier run printed it")
    parser.add_argument("--time-scale", type=int, default=time_scale)
    for flag, keywords in arguments:
        parser.add_argument(flag, **keywords)
    options = parser.parse_args()
    raise_descriptor_limit()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 32)
    return options


def run(name, options, test):
    """Runs test(lab) and turns its end into an exit status."""
    try:
        with Lab(name, options) as lab:
            test(lab)
    except Failure as failure:
        print(f"{name}: {failure} (replay with --seed {options.seed})", file=sys.stderr)
        return 1
    print(f"# {name}: passed")
    return 0
