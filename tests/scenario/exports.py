# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real servers read what a node lists: rbldnsd, Knot, BIND, Unbound, nginx, Postfix, nftables, bouncers.

Each gets the list as docs/exports.md says, is asked about a listed subject and about one that is
not, gets the next list after a withdrawal, and is asked again. A tool that is not installed is
skipped with a word. Subjects that want out of a syntax are in every list.
"""

import base64
import csv
import hashlib
import http.client
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from harness import expect, free_port, parse_arguments, run, wait_until
from own_network import OwnNetwork

ADDRESS = "192.0.2.10"
RANGE = "198.51.100.64/26"
V6 = "2001:db8:1:2::5"
DOMAIN = "spam.example"
ACTOR = "https://spam.example/users/x"
EMAIL = "Foo.Bar+baz@mail.example"
CLEAN = "203.0.113.5"
HOSTILE_URLS = (
    'http://a.example/";}server{listen 1;}#',
    "http://a.example/$host;\\",
    "http://a.example/'%20OR%20url:value%20=%20'b",
)
LONG_URL = "http://a.example/" + "x" * 1500
LONG_NAME = "b." + ".".join(["a" * 60] * 3 + ["b" * 55]) + ".example"
# What would have a rule of its own choice, be there twice, not fit, or shut a machine off from itself.
HOSTILE = (
    ("domain", "24.0.113.0.203.rpz-ip"),
    ("domain", "canary.test"),
    ("domain", LONG_NAME),
    ("url", LONG_URL),
    ("url", "http://a.example/Twin"),
    ("url", "http://a.example/twin"),
    ("actor", "http://a.example/twin"),
    ("ip", "127.0.0.1"),
    ("ip", "192.0.2.255"),
    ("network", "127.0.0.0/9"),
)
PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
FORMATS = (
    "json csv lines mastodon-csv mastodon-email-hashes fires rbldnsd rpz nginx-geo nginx-map postfix "
    "postfix-cidr nftables stix"
).split()


def find(tool):
    return shutil.which(tool, path=PATH)


DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs")


def documented(mark, name="dns.md"):
    """The blocks of a page that have this in them."""
    with open(os.path.join(DOCS, name), encoding="utf-8") as page:
        blocks = re.findall(r"^```(?:sh|text|yaml|nginx)\n(.*?)^```", page.read(), re.M | re.S)
    found = [block for block in blocks if mark in block]
    expect(found, f"docs/{name} has no block with {mark}")
    return found


class Tools:
    """A directory for the servers, which some want to read as another user, and their processes."""

    def __init__(self, node, token):
        self.node = node
        self.token = token
        self.dir = tempfile.mkdtemp(prefix="tocsin-exports.")
        os.chmod(self.dir, 0o755)
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text, mode=0o644):
        """As a cron job should: the file is there whole or not at all."""
        data = text if isinstance(text, bytes) else text.encode()
        with open(self.path(name + ".new"), "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
        os.replace(self.path(name + ".new"), self.path(name))
        return self.path(name)

    def fetch(self, target):
        reply = self.node.tcp("GET", "/v1/export/" + target, token=self.token)
        expect(reply.status == 200, f"{target}: {reply}")
        return reply

    def export(self, target, name):
        return self.write(name, self.fetch(target).body)

    def start(self, *command, **more):
        log = open(self.path("log"), "ab")
        with log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.dir, **more)
        self.processes.append(process)
        return process

    def end(self, process):
        process.terminate()
        process.wait(60)
        self.processes.remove(process)

    def log(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as log:
            return log.read()[-2000:]


# ---- what every reader does ----


def check_manifests(tools):
    for name in FORMATS:
        body = tools.fetch(name)
        manifest = tools.fetch(name + "/manifest").json
        expect(manifest["sha256"] == hashlib.sha256(body.body).hexdigest(), f"{name}: {manifest}")
        expect(manifest["bytes"] == len(body.body), f"{name}: {manifest}")
        expect(str(manifest["count"]) == body.headers["X-Tocsin-Count"], f"{name}: {manifest}")
        if manifest["canary"] is not None:
            expect(manifest["canary"].encode() in body.body.replace(b"\\", b""), f"{name}: {manifest}")
        again = tools.node.tcp(
            "GET", "/v1/export/" + name, token=tools.token, headers={"If-None-Match": body.headers["ETag"]}
        )
        expect(again.status == 304 and again.body == b"", f"{name}: {again}")
    refused = tools.node.tcp("GET", "/v1/export/csv")
    expect(refused.status == 401, f"without a token: {refused}")
    key = tools.node.tcp("GET", "/v1/export/csv", headers={"X-Api-Key": tools.token})
    expect(key.status == 200, f"X-Api-Key: {key}")
    basic = base64.b64encode(f"anyone:{tools.token}".encode()).decode()
    subscriber = tools.node.tcp("GET", "/v1/export/csv", headers={"Authorization": f"Basic {basic}"})
    expect(subscriber.status == 200, f"as GoToSocial subscribes: {subscriber}")


def check_lists(tools):
    """Read by readers that are not ours."""
    text = tools.fetch("mastodon-csv").body.decode()
    rows = list(csv.reader(io.StringIO(text)))
    expect(rows[0] == "#domain #severity #reject_media #reject_reports #public_comment #obfuscate".split(), rows[0])
    expect([DOMAIN, "suspend", "false", "false", "Reported for spam", "false"] in rows[1:], rows)
    expect(all(len(row) == 6 for row in rows), "GoToSocial passes over other lines")

    # As Mastodon's EmailHelper: lower case, no dots and nothing from a plus on before the @.
    canonical = hashlib.sha256(b"foobar@mail.example").hexdigest()
    expect(tools.fetch("mastodon-email-hashes").body.decode().split() == [canonical], "Mastodon's hash")

    bundle = tools.fetch("stix").json
    expect(bundle["type"] == "bundle", bundle["type"])
    indicators = [o for o in bundle["objects"] if o["type"] == "indicator"]
    patterns = {o["pattern"] for o in indicators}
    expect(f"[ipv4-addr:value = '{ADDRESS}']" in patterns, patterns)
    expect(all(re.fullmatch(r"\[[a-z0-9:_-]+ (=|ISSUBSET) '([^'\\]|\\['\\])*'\]", p) for p in patterns), patterns)
    expect(tools.fetch("stix").json == bundle, "the same ids in every export")

    fires = tools.fetch("fires").json
    items = {(o["entityKind"], o["entityKey"]): o for o in fires["orderedItems"]}
    expect(items["domain", DOMAIN]["recommendedPolicy"] == "drop", items)
    expect(items["actor", ACTOR]["type"] == "Recommendation", items)

    urls = {row["value"] for row in tools.fetch("json?type=url").json["subjects"]}
    expect(len(urls) == len(HOSTILE_URLS) + sum(kind == "url" for kind, _ in HOSTILE), urls)


def check_fetch_list(tools, withdraw, again):
    """The cron job of docs/exports.md: a whole new list or the old one, and nothing where nothing changed."""
    if find("curl") is None:
        return tools.node.lab.skip("curl is not installed")
    script = documented("# fetch-list FORMAT FILE", "exports.md")[0]
    tools.write("reader.token", tools.token, 0o600)
    script = script.replace("/etc/tocsin/reader.token", tools.path("reader.token"))
    tools.write("fetch-list", script.replace("127.0.0.1:8478", f"127.0.0.1:{tools.node.api_port}"), 0o755)
    refuse = f'case "$*" in *{tools.token}*) exit 99 ;; esac'
    tools.write("curl", f'#!/bin/sh\n{refuse}\nexec {find("curl")} "$@"\n', 0o755)  # no token in a process list
    environment = dict(os.environ, PATH=tools.dir + os.pathsep + PATH)
    target = tools.path("fetched")

    def fetch(status=0):
        done = subprocess.run([tools.path("fetch-list"), "lines", target], capture_output=True, text=True, check=False,
                              timeout=60, env=environment)
        expect(done.returncode == status, f"fetch-list: {done}")
        with open(target, "rb") as file:
            return os.stat(target).st_ino, file.read()

    first = fetch()
    expect(first[1] == tools.fetch("lines").body, "the list is there")
    # Each hour begins a new list, so perhaps not at once.
    wait_until(lambda: fetch() == fetch(), "what did not change is left alone")
    withdraw()
    second = fetch()
    expect(second[0] != first[0] and second[1] == tools.fetch("lines").body, "the next list takes its place")
    again()
    tools.write("reader.token", "tocsin_wrong", 0o600)
    expect(fetch(22) == second, "refused: the old one stays")


# ---- DNS ----


def ask_dns(dig, port, name, kind="A"):
    """The answers, or None while nobody answers."""
    done = subprocess.run(
        [dig, "@127.0.0.1", "-p", str(port), "+short", "+timeout=1", "+retry=0", name, kind],
        capture_output=True, text=True, check=False, timeout=60,
    )
    lines = [line for line in done.stdout.splitlines() if line and not line.startswith(";")]
    failed = done.returncode != 0 or "timed out" in done.stdout + done.stderr or "WARNING" in done.stdout
    return None if failed else lines


def reverse(address):
    return ".".join(reversed(address.split(".")))


def check_rbldnsd(tools, dig, withdraw):
    rbldnsd = find("rbldnsd")
    if rbldnsd is None or dig is None:
        return tools.node.lab.skip("rbldnsd or dig is not installed")
    zone, port = "bl.test", free_port()
    tools.export("rbldnsd", "tocsin.rbl")
    command = [rbldnsd, "-n", "-c", "1", "-b", f"127.0.0.1/{port}", "-w", tools.dir]
    if os.geteuid() == 0:
        command += ["-u", "nobody"]
    process = tools.start(*command, f"{zone}:combined:tocsin.rbl")
    wait_until(
        lambda: process.poll() is not None or ask_dns(dig, port, f"2.0.0.127.{zone}") == ["127.0.0.2"],
        "rbldnsd answers",
    )
    expect(process.poll() is None, f"rbldnsd: {tools.log()}")
    v6 = "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2"
    for name in (reverse(ADDRESS), reverse("198.51.100.70"), v6, DOMAIN, "www." + DOMAIN):
        expect(ask_dns(dig, port, f"{name}.{zone}") == ["127.0.0.4"], f"{name} is blocked")
        reason = ask_dns(dig, port, f"{name}.{zone}", "TXT")
        expect(reason == ['"Reported for spam"'], f"{name}: {reason}")
    expect(ask_dns(dig, port, f"{LONG_NAME[:200]}.{zone}") == [], "a name that is cut")
    for name in (reverse(CLEAN), reverse("198.51.100.1"), "example", "1.0.0.127"):
        expect(ask_dns(dig, port, f"{name}.{zone}") == [], f"{name} is not listed")
    expect(ask_dns(dig, port, f"test.{zone}") == ["127.0.0.2"], "the test entry of names")
    withdraw()
    tools.export("rbldnsd", "tocsin.rbl")
    wait_until(lambda: ask_dns(dig, port, f"{reverse(ADDRESS)}.{zone}") == [], "the withdrawn address is gone")
    expect(ask_dns(dig, port, f"{reverse('198.51.100.70')}.{zone}") == ["127.0.0.4"], "the range stays")
    tools.end(process)


KNOT = """
server:
    rundir: "{dir}"
    listen: [ 127.0.0.1@{port} ]
log:
  - target: stderr
    any: warning
database:
    storage: "{dir}"
acl:
  - id: loopback
    address: 127.0.0.0/8
    action: [ transfer, notify ]
remote:
  - id: other
    address: 127.0.0.1@{other}
template:
  - id: default
    storage: "{dir}"
    acl: loopback
    zonefile-load: difference
    journal-content: changes
    semantic-checks: off
zone:
  - domain: rpz.test
    file: "{dir}/rpz.zone"
    {role}: other
"""


def changes_since(dig, port, serial):
    """The records that a secondary of that serial would get, but SOAs: of the difference alone."""
    done = subprocess.run([dig, "@127.0.0.1", "-p", str(port), "rpz.test", "-t", f"IXFR={serial}"],
                          capture_output=True, text=True, check=False, timeout=60)
    return [line.split() for line in done.stdout.splitlines() if line and line[0] != ";" and "SOA" not in line.split()]


def start_knot(tools, name, port, other, role):
    directory = tools.path(name)
    os.makedirs(directory, exist_ok=True)
    config = tools.write(name + ".conf", KNOT.format(dir=directory, port=port, other=other, role=role))
    return tools.start(find("knotd"), "-c", config)


def serial_of(dig, port):
    soa = ask_dns(dig, port, "rpz.test", "SOA")
    return int(soa[0].split()[2]) if soa else 0


def check_knot(tools, dig, withdraw):
    """A primary that reads the file, and a secondary that has the zone by transfer alone."""
    if find("knotd") is None or dig is None:
        return tools.node.lab.skip("Knot or dig is not installed")
    primary, secondary = free_port(), free_port()
    os.makedirs(tools.path("primary"), exist_ok=True)
    tools.export("rpz?type=domain,ip,network", "primary/rpz.zone")
    first = tools.fetch("rpz/manifest?type=domain,ip,network").json["serial"]
    processes = [
        start_knot(tools, "primary", primary, secondary, "notify"),
        start_knot(tools, "secondary", secondary, primary, "master"),
    ]

    def has(serial):
        for process in processes:
            expect(process.poll() is None, f"knotd: {tools.log()}")
        return serial_of(dig, secondary) == serial

    wait_until(lambda: has(first), "the secondary has the zone")
    for name in (DOMAIN, "www." + DOMAIN, "canary.test", "32.10.2.0.192.rpz-ip", "26.64.100.51.198.rpz-ip",
                 "64.zz.2.1.db8.2001.rpz-ip"):
        answer = ask_dns(dig, secondary, f"{name}.rpz.test", "CNAME")
        expect(answer == ["."], f"{name}: {answer}")
    expect(ask_dns(dig, secondary, "example.rpz.test", "CNAME") == [], "what is not listed")
    withdraw()
    tools.export("rpz?type=domain,ip,network", "primary/rpz.zone")
    second = tools.fetch("rpz/manifest?type=domain,ip,network").json["serial"]
    expect(second > first, f"serial {first}, then {second}")
    processes[0].send_signal(signal.SIGHUP)
    wait_until(lambda: has(second), "the secondary has the next zone")
    expect(ask_dns(dig, secondary, f"{DOMAIN}.rpz.test", "CNAME") == [], "the withdrawn name is gone")
    moved = {line[0] for line in changes_since(dig, primary, first)}
    expect(moved == {f"{DOMAIN}.rpz.test.", f"*.{DOMAIN}.rpz.test."}, f"the difference alone is transferred: {moved}")
    expect(ask_dns(dig, secondary, "32.10.2.0.192.rpz-ip.rpz.test", "CNAME") == ["."], "the address stays")
    for process in processes:
        tools.end(process)


BIND = """
options {{
  directory "{dir}"; pid-file none; session-keyfile none; dnssec-validation no;
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  allow-query {{ 127.0.0.0/8; }}; recursion yes;
  {policy}
}};
controls {{ }};
zone "rpz.test" {{ {role} }};
zone "example" {{ type primary; file "{root}/example.zone"; }};
"""
EXAMPLE_ZONE = """$TTL 300
@ SOA localhost. hostmaster.localhost. 1 3600 600 604800 300
@ NS localhost.
* A 203.0.113.80
at-listed A {address}
"""
UNBOUND = """
server:
    directory: "{dir}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    interface: 127.0.0.1@{port}
    do-ip6: no
    do-not-query-localhost: no
    domain-insecure: example
stub-zone:
    name: example
    stub-addr: 127.0.0.1@{primary}
remote-control:
    control-enable: no
"""
def check_documented(tools):
    """The name servers take what docs/dns.md says."""
    path = tools.path("documented.conf")
    for command, mark in ((["named-checkconf", path], 'zone "rpz.example.org" {'),
                          (["knotc", "-c", path, "conf-check"], "domain: rpz"), (["unbound-checkconf", path], "rpz:\n")):
        if find(command[0]) is None:
            tools.node.lab.skip(f"{command[0]} is not installed")
            continue
        for block in documented(mark):
            tools.write("documented.conf", block)
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60,
                                  env={**os.environ, "PATH": PATH})
            expect(done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}{block}")


def outcome(dig, port, name):
    """What a resolver says of a name: NXDOMAIN, NOERROR, or None while nobody answers."""
    done = subprocess.run([dig, "@127.0.0.1", "-p", str(port), "+timeout=2", "+retry=0", name], capture_output=True,
                          text=True, check=False, timeout=60)
    found = re.search(r"status: ([A-Z]+)", done.stdout)
    return found.group(1) if found else None


def start_bind(tools, name, port, role, policy=""):
    os.makedirs(tools.path(name), exist_ok=True)
    config = tools.write(name + ".conf", BIND.format(dir=tools.path(name), root=tools.dir, port=port, role=role,
                                                     policy=policy))
    return tools.start(find("named"), "-g", "-c", config)


def check_bind(tools, dig, withdraw):
    """BIND as primary; BIND and Unbound as resolvers, which have the zone by transfer and apply it."""
    if find("named") is None or dig is None:
        return tools.node.lab.skip("BIND or dig is not installed")
    primary, bind, unbound = free_port(), free_port(), free_port()
    os.makedirs(tools.path("bind-primary"), exist_ok=True)
    query = "rpz?type=domain,ip,network"
    tools.export(query, "bind-primary/rpz.zone")
    tools.write("example.zone", EXAMPLE_ZONE.format(address=ADDRESS))
    processes = [
        start_bind(tools, "bind-primary", primary, "type primary; file \"rpz.zone\"; ixfr-from-differences yes; "
                   "allow-transfer { 127.0.0.0/8; }; "
                   f"also-notify {{ 127.0.0.1 port {bind}; 127.0.0.1 port {unbound}; }};"),
        start_bind(tools, "bind-resolver", bind, "type secondary; file \"rpz.copy\"; "
                   f"primaries {{ 127.0.0.1 port {primary}; }};",
                   "response-policy { zone \"rpz.test\"; } qname-wait-recurse no;"),
    ]
    resolvers = [bind]
    if find("unbound") is None:
        tools.node.lab.skip("Unbound is not installed")
    else:
        zone = documented("rpz:\n")[0].replace("rpz.example.org", "rpz.test").replace("192.0.2.53", f"127.0.0.1@{primary}")
        config = tools.write("unbound.conf", UNBOUND.format(dir=tools.dir, port=unbound, primary=primary) + zone)
        processes.append(tools.start(find("unbound"), "-d", "-c", config))
        resolvers.append(unbound)

    def settled(name, wanted):
        for process in processes:
            expect(process.poll() is None, f"{process.args[0]}: {tools.log()}")
        return all(outcome(dig, port, name) == wanted for port in resolvers)

    wait_until(lambda: settled("clean.example", "NOERROR"), "what is not listed is answered")
    for name in (DOMAIN, "www." + DOMAIN, "at-listed.example"):
        wait_until(lambda n=name: settled(n, "NXDOMAIN"), f"the resolvers deny {name}")
    first = tools.fetch(query.replace("rpz?", "rpz/manifest?")).json["serial"]
    withdraw()
    tools.export(query, "bind-primary/rpz.zone")
    second = tools.fetch(query.replace("rpz?", "rpz/manifest?")).json["serial"]
    expect(second > first, f"serial {first}, then {second}")
    processes[0].send_signal(signal.SIGHUP)
    wait_until(lambda: settled(DOMAIN, "NOERROR"), "the withdrawn name is answered again")
    expect(settled("at-listed.example", "NXDOMAIN"), "the listed address stays")
    for process in processes:
        tools.end(process)


# ---- servers ----

NGINX_HEAD = """
daemon off; master_process off; pid {dir}/nginx.pid; error_log {dir}/log warn;
events {{}}
http {{
  access_log off;
  client_body_temp_path {dir}/t; proxy_temp_path {dir}/t; fastcgi_temp_path {dir}/t;
  uwsgi_temp_path {dir}/t; scgi_temp_path {dir}/t;
"""
NGINX = NGINX_HEAD + """
  geo $arg_ip $by_address {{ default allow; include {dir}/geo; }}
  map_hash_bucket_size 4096;
  map $arg_name $by_name {{ hostnames; default allow; include {dir}/map; }}
  map $http_x_url $by_url {{ default allow; include {dir}/urls; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ return 200 "$by_address $by_name $by_url"; }}
  }}
}}
"""


def start_nginx(tools, nginx):
    """The process, and how to ask it."""
    port = free_port()
    for name, target in (("geo", "nginx-geo"), ("map", "nginx-map"), ("urls", "nginx-map?type=url,actor")):
        tools.export(target, name)
    config = tools.write("nginx.conf", NGINX.format(dir=tools.dir, port=port))
    process = tools.start(nginx, "-c", config, "-p", tools.dir)

    def ask(query, url=""):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", "/?" + query, headers={"X-Url": url})
            return connection.getresponse().read().decode()
        except OSError:
            return None
        finally:
            connection.close()

    wait_until(lambda: process.poll() is not None or ask("") is not None, "nginx answers")
    expect(process.poll() is None, f"nginx: {tools.log()}")
    return process, ask


def check_nginx(tools):
    nginx = find("nginx")
    if nginx is None:
        return tools.node.lab.skip("nginx is not installed")
    process, ask = start_nginx(tools, nginx)
    block = documented("geo $tocsin_client", "exports.md")[0]
    block = block.replace("/etc/nginx/tocsin-geo.conf", "geo").replace("/etc/nginx/tocsin-map.conf", "map")
    config = tools.write("documented.conf", NGINX_HEAD.format(dir=tools.dir) + block + "}\n")
    tested = subprocess.run([nginx, "-t", "-c", config, "-p", tools.dir], capture_output=True, text=True, check=False)
    expect(tested.returncode == 0, f"nginx takes what docs/exports.md says: {tested.stderr}")
    expect(ask(f"ip={ADDRESS}&name={DOMAIN}") == "block block allow", "an address and a name that are listed")
    expect(ask(f"ip=198.51.100.70&name=www.{DOMAIN}") == "block block allow", "what they cover")
    expect(ask(f"ip=2001:db8:1:2:9::1&name=canary.test") == "block block allow", "IPv6, and the canary")
    expect(ask(f"ip={CLEAN}&name=example") == "allow allow allow", "what is not listed")
    expect(ask(f"ip=127.0.0.1&name={LONG_NAME}") == "allow block allow", "loopback, and a long name")
    for url in tools.fetch("json?type=url,actor").json["subjects"]:
        expect(ask("", url["value"]) == "allow allow block", f"{url['value']!r}, as a whole")
    tools.end(process)
    # What is allowed in a range, or below a name, is let in, and the rest is not.
    entries = [tools.node.ask("POST", "/v1/allow", {"type": kind, "value": value}, 201)["id"]
               for kind, value in (("ip", "198.51.100.70"), ("domain", "good." + DOMAIN))]
    process, ask = start_nginx(tools, nginx)
    expect(ask(f"ip=198.51.100.70&name=www.good.{DOMAIN}") == "allow allow allow", "what is allowed")
    for address in ("198.51.100.64", "198.51.100.69", "198.51.100.71", "198.51.100.127"):
        expect(ask(f"ip={address}&name=www.{DOMAIN}") == "block block allow", f"what is around it: {address}")
    tools.end(process)
    for entry in entries:
        tools.node.ask("DELETE", "/v1/allow/" + entry, None, 204)


def check_postfix(tools):
    postmap = find("postmap")
    if postmap is None:
        return tools.node.lab.skip("postmap is not installed")
    os.makedirs(tools.path("postfix"), exist_ok=True)
    tools.write("postfix/main.cf", "compatibility_level = 3.6\n")
    access = tools.export("postfix", "access")
    cidr = tools.export("postfix-cidr", "cidr")

    def ask(key, table):
        done = subprocess.run([postmap, "-c", tools.path("postfix"), "-q", key, table], capture_output=True,
                              text=True, check=False, timeout=60)
        expect("fatal" not in done.stderr and "warning" not in done.stderr, f"postmap: {done.stderr}")
        return done.stdout.strip()

    for key, table in ((DOMAIN, f"texthash:{access}"), (ADDRESS, f"texthash:{access}"), (ADDRESS, f"cidr:{cidr}"),
                       ("198.51.100.70", f"cidr:{cidr}"), (V6, f"cidr:{cidr}")):
        expect(ask(key, table) == "REJECT Reported for spam", f"{key} in {table}: {ask(key, table)}")
    for key, table in (("example", f"texthash:{access}"), (CLEAN, f"cidr:{cidr}")):
        expect(ask(key, table) == "", f"{key} in {table}")
    built = subprocess.run([postmap, "-c", tools.path("postfix"), f"hash:{access}"], capture_output=True, text=True,
                           check=False, timeout=60)
    expect(built.returncode == 0, f"postmap hash: {built.stderr}")
    expect(ask("canary.test", f"hash:{access}") == "REJECT Test entry", "the canary, after postmap")


def check_nft(tools, withdraw):
    nft = find("nft")
    if nft is None:
        return tools.node.lab.skip("nft is not installed")
    if not OwnNetwork.available(nft, "list", "ruleset"):
        return tools.node.lab.skip("nft may have no network of its own")
    first = tools.export("nftables", "first.nft")
    withdraw()
    second = tools.export("nftables", "second.nft")
    script = tools.write("nft.sh", f"""set -e
nft --check --file {first}
nft --file {first}
nft get element inet tocsin listed4 '{{ {ADDRESS} }}'
nft get element inet tocsin listed4 '{{ 198.51.100.70 }}'
nft get element inet tocsin listed4 '{{ 192.0.2.255 }}'
nft get element inet tocsin listed6 '{{ {V6} }}'
! nft get element inet tocsin listed4 '{{ {CLEAN} }}' 2>/dev/null
nft add chain inet tocsin input '{{ type filter hook input priority 0; }}'
nft add rule inet tocsin input ip saddr @listed4 drop
nft --file {second}
! nft get element inet tocsin listed4 '{{ {ADDRESS} }}' 2>/dev/null
nft get element inet tocsin listed4 '{{ 198.51.100.70 }}'
nft list chain inet tocsin input | grep -q @listed4
""")
    done = subprocess.run([*OwnNetwork.unshare(), "sh", script], capture_output=True, text=True, check=False, timeout=60,
                          env={**os.environ, "PATH": PATH})
    expect(done.returncode == 0, f"nft: {done.stdout}{done.stderr}")


# ---- bouncers ----

BOUNCER = """
bin_path: {program}
feed_via_stdin: false
total_retries: 0
scenarios_containing: []
scenarios_not_containing: []
origins: []
piddir: {dir}/
update_frequency: 1s
cache_retention_duration: 1s
daemonize: false
log_mode: stdout
log_dir: {dir}/
log_level: info
api_url: {url}
api_key: {key}
prometheus:
  enabled: false
"""


def check_bouncer(tools, withdraw, again):
    bouncer = find("crowdsec-custom-bouncer")
    if bouncer is None:
        return tools.node.lab.skip("crowdsec-custom-bouncer is not installed")
    told = tools.path("told")
    program = tools.write("tell", f"#!/bin/sh\necho \"$1 $2 $3\" >>{told}\n", 0o755)
    config = tools.write("bouncer.yaml", BOUNCER.format(
        program=program, dir=tools.dir, url=f"http://127.0.0.1:{tools.node.api_port}/", key=tools.token), 0o600)
    process = tools.start(bouncer, "-c", config)

    def lines():
        expect(process.poll() is None, f"crowdsec-custom-bouncer: {tools.log()}")
        if not os.path.exists(told):
            return []
        with open(told, encoding="utf-8") as file:
            return [line.split() for line in file]

    def heard(verb, value):
        return any(line[:2] == [verb, value] for line in lines())

    for value in (ADDRESS, RANGE, "2001:db8:1:2::/64"):
        wait_until(lambda v=value: heard("add", v), f"the bouncer heard of {value}")
    durations = [int(line[2]) for line in lines() if line[0] == "add"]
    expect(all(d > 3600 for d in durations), f"how long: {durations}")
    withdraw()
    wait_until(lambda: heard("del", ADDRESS), "the bouncer heard that the address is withdrawn")
    expect(not heard("del", RANGE), "and of nothing else")
    again()
    wait_until(lambda: sum(line[:2] == ["add", ADDRESS] for line in lines()) == 2, "the bouncer heard it anew")
    tools.end(process)


FIREWALL = """
mode: {mode}
pid_dir: {dir}/
update_frequency: 1s
daemonize: false
log_mode: stdout
log_dir: {dir}/
log_level: info
api_url: {url}
api_key: {key}
disable_ipv6: false
deny_action: DROP
supported_decisions_types: [ban]
blacklists_ipv4: crowdsec-blacklists
blacklists_ipv6: crowdsec6-blacklists
ipset_type: nethash
iptables_chains: [INPUT]
nftables:
  ipv4: {{ enabled: true, set-only: false, table: crowdsec, chain: crowdsec-chain }}
  ipv6: {{ enabled: true, set-only: false, table: crowdsec6, chain: crowdsec6-chain }}
prometheus:
  enabled: false
"""
V6_LISTED = "2001:db8:1:2::"  # the first of the /64, which is all that the mode nftables takes
IN_RANGE = "198.51.100.70"
# Of each mode: how to see what is possible, that an address is dropped, and the rule.
FIREWALL_MODES = {
    "nftables": (["nft", "list", "ruleset"],
                 lambda a: ["nft", "get", "element", *(("ip6", "crowdsec6", "crowdsec6-blacklists") if ":" in a else
                                                       ("ip", "crowdsec", "crowdsec-blacklists")), "{ " + a + " }"],
                 ["nft", "list", "chain", "ip", "crowdsec", "crowdsec-chain"]),
    "iptables": (["sh", "-c", "ipset create probe hash:net && iptables -L -n && ip6tables -L -n"],
                 lambda a: ["ipset", "test", "crowdsec6-blacklists" if ":" in a else "crowdsec-blacklists", a],
                 ["iptables", "-S", "INPUT"]),
}


def check_firewall(tools, mode, withdraw, again):
    """The bouncer that changes a firewall; in a network of its own, so that it is none of the host's."""
    possible, asks, rule = FIREWALL_MODES[mode]
    bouncer = find("crowdsec-firewall-bouncer")
    if bouncer is None or find(possible[0]) is None:
        return tools.node.lab.skip(f"crowdsec-firewall-bouncer or {possible[0]} is not installed")
    if not OwnNetwork.available(*possible):
        return tools.node.lab.skip(f"no network of its own can have what crowdsec-firewall-bouncer needs for {mode}")
    key = tools.node.ask("POST", "/v1/tokens", {"name": "firewall-" + mode, "scopes": ["stream"]}, 201)["token"]
    config = tools.write("firewall.yaml", FIREWALL.format(
        mode=mode, dir=tools.dir, url=f"http://127.0.0.1:{tools.node.api_port}/", key=key), 0o600)
    network = OwnNetwork(tools.dir, tools.node.api_port)
    process = tools.start(*network.command(bouncer, "-c", config))

    def inside(command):
        expect(process.poll() is None, f"crowdsec-firewall-bouncer: {tools.log()}")
        return subprocess.run([*network.enter(process), *command], capture_output=True, text=True, check=False,
                              timeout=60)

    def drops(address):
        return inside(asks(address)).returncode == 0

    for listed in (ADDRESS, V6_LISTED):
        wait_until(lambda a=listed: drops(a), f"{mode}: the firewall drops {listed}")
    if mode != "nftables":  # its command wants a set's element as it was added
        wait_until(lambda: drops(IN_RANGE), f"{mode}: the firewall drops what is in a listed range")
    found = inside(rule).stdout
    expect("crowdsec-blacklists" in found and "drop" in found.lower(), f"{mode}: its rule: {found}")
    expect(not drops(CLEAN), f"{mode}: and nothing else")
    withdraw()
    wait_until(lambda: not drops(ADDRESS), f"{mode}: the withdrawn address passes")
    expect(drops(V6_LISTED), f"{mode}: the other stays")
    again()
    wait_until(lambda: drops(ADDRESS), f"{mode}: it is dropped anew")
    tools.end(process)
    network.close()


def check_decisions(tools):
    """Without a bouncer: as one in live mode asks."""
    def ask(query):
        reply = tools.node.tcp("GET", "/v1/decisions" + query, headers={"X-Api-Key": tools.token})
        expect(reply.status == 200, f"{query}: {reply}")
        return reply.json

    expect(ask(f"?ip={CLEAN}") is None, "null where nothing is decided")
    decision = ask(f"?ip={ADDRESS}")[0]
    expect((decision["scope"], decision["value"], decision["type"]) == ("Ip", ADDRESS, "ban"), decision)
    expect(ask("?ip=198.51.100.70")[0]["value"] == RANGE, "the range around it")
    expect(ask("?ip=127.0.0.1") is None, "no machine is to keep itself out")
    values = {d["value"] for d in ask("?scope=ip") + ask("?scope=range")}
    expect(ADDRESS in values and not any(v.startswith("127.") for v in values), f"all that is decided: {values}")
    head = tools.node.tcp("HEAD", "/v1/decisions", headers={"X-Api-Key": tools.token})
    expect(head.status == 200 and head.body == b"", f"HEAD: {head}")
    metrics = {"remediation_components": [{"type": "crowdsec-firewall-bouncer", "version": "v0", "metrics": []}]}
    told = tools.node.tcp("POST", "/v1/usage-metrics", json.dumps(metrics),
                          headers={"X-Api-Key": tools.token, "Content-Type": "application/json"})
    expect(told.status == 201, f"usage-metrics: {told}")


def test(lab):
    node = lab.node("lists", api=True).start()
    token = node.ask("POST", "/v1/tokens", {"name": "reader", "scopes": ["stream"]}, 201)["token"]
    dig = find("kdig") or find("dig")
    held = {}

    def report(kind, value):
        held[value] = node.report((kind, value))

    def withdraw(value):
        for one in held.pop(value):
            node.withdraw(one)

    for kind, value in (("ip", ADDRESS), ("network", RANGE), ("ip", V6), ("domain", DOMAIN), ("actor", ACTOR),
                        ("email", EMAIL)):
        report(kind, value)
    for kind, value in [("url", url) for url in HOSTILE_URLS] + list(HOSTILE):
        report(kind, value)
    lab.subjects.discard("127.0.0.1")  # the log says where the node listens
    with Tools(node, token) as tools:
        check_manifests(tools)
        check_lists(tools)
        check_documented(tools)
        check_fetch_list(tools, lambda: withdraw(ADDRESS), lambda: report("ip", ADDRESS))
        check_nginx(tools)
        check_postfix(tools)
        check_decisions(tools)
        check_nft(tools, lambda: withdraw(ADDRESS))
        if ADDRESS not in held:
            report("ip", ADDRESS)
        check_rbldnsd(tools, dig, lambda: withdraw(ADDRESS) if ADDRESS in held else None)
        if ADDRESS not in held:
            report("ip", ADDRESS)
        check_bouncer(tools, lambda: withdraw(ADDRESS), lambda: report("ip", ADDRESS))
        for mode in FIREWALL_MODES:
            check_firewall(tools, mode, lambda: withdraw(ADDRESS), lambda: report("ip", ADDRESS))
        check_knot(tools, dig, lambda: withdraw(DOMAIN))
        if DOMAIN not in held:
            report("domain", DOMAIN)
        check_bind(tools, dig, lambda: withdraw(DOMAIN))
    node.stop()


if __name__ == "__main__":
    sys.exit(run("exports", parse_arguments(__doc__, 1), test))
