#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a client of a node uses, over TCP and with tokens: checks, batches, ranges, changes, the
allow list, the gate for reverse proxies; every refusal; and the examples of docs/range.md, taken
from there. Afterwards no log has a subject that was named anywhere.
"""

import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse

from harness import befriend, expect, free_port, make_tokens, parse_arguments, run, wait_until

DOCS = os.path.join(os.path.dirname(__file__), "..", "..", "docs")
NGINX_GATE = os.path.join(os.path.dirname(__file__), "..", "..", "data", "nginx-gate.conf")
SPAMMER = ("ip", "203.0.113.77")
MAILBOX = ("email", "Cheap.Pills+offer@GMail.com")
CANONICAL_MAILBOX = "cheappills@gmail.com"
NAME = ("username", "Cheap_Pills_24")
PAGE = ("url", "http://shop.pills.example/cheap?x=1")
ACTOR = ("actor", "https://pills.example/users/bob")
BATCH_MAX_LINES = 10000
MIB = 1024 * 1024


def is_problem(reply, status, kind=None, *words):
    expect(reply.status == status, f"wanted {status}: {reply}")
    expect(reply.headers["Content-Type"] == "application/problem+json", f"not a problem: {reply}")
    problem = reply.json
    expect(problem["status"] == status, f"the problem has another status: {reply}")
    expect(kind is None or problem["type"].endswith(kind), f"wanted the type {kind}: {reply}")
    for word in words:
        expect(word in problem["detail"], f"wanted “{word}”: {reply}")


def one(kind, value):
    return json.dumps({"subjects": [{"type": kind, "value": value}]})


def check_single(node, tokens):
    def ask(body, token=tokens["check"]):
        return node.tcp("POST", "/v1/check", body, token)

    reply = ask(one(*MAILBOX))
    expect(reply.status == 200 and reply.json["verdict"] == "block", f"own word: {reply}")
    expect(reply.json["subjects"][0]["value"] == CANONICAL_MAILBOX, f"canonical form: {reply}")
    reply = ask(json.dumps({**json.loads(one(*SPAMMER)), "explain": True, "profile": "lenient"}))
    expect(reply.json["subjects"][0]["evidence"][0]["reporter"] == node.actor, f"why: {reply}")
    expect("without" in reply.json and reply.json["profile"] == "lenient", f"explained: {reply}")
    subject = '{"subjects":[{"type":"ip","value":"192.0.2.1"}%s]%s}'
    is_problem(ask("{"), 400, "invalid")
    is_problem(ask("[]"), 400, "invalid")
    is_problem(ask(b'{"subjects":[{"type":"username","value":"\xff"}]}'), 400, "invalid")
    is_problem(ask('{"subjects":[]}'), 400, "invalid", "/subjects")
    is_problem(ask(subject % ("", ',"extra":1')), 400, "invalid", "/extra")
    is_problem(ask(subject % ("", ',"explain":1')), 400, "invalid", "/explain")
    is_problem(ask(subject % (',{"type":"ip","value":"198.51.100.300"}', "")), 400, "invalid",
               "/subjects/1/value")
    is_problem(ask(subject % (',{"type":"ip"}', "")), 400, "invalid", "/subjects/1/value")
    is_problem(ask(subject % (',{"type":"phone","value":"1"}', "")), 422, None, "/subjects/1/type")
    is_problem(ask(subject % ("", ',"profile":"nobody"')), 422, None, "/profile")
    is_problem(ask(subject % (',{"type":"ip","value":"192.0.2.2"}' * 16, "")), 413, "too-large")
    is_problem(ask("[" * 100000), 400, "invalid")
    is_problem(ask("{}", None), 401, "unauthenticated")
    is_problem(ask("{}", "wrong"), 401, "unauthenticated")
    is_problem(ask("{}", tokens["range"]), 403, None, "check")
    is_problem(node.tcp("GET", "/v1/check"), 401)
    is_problem(node.tcp("PUT", "/v1/check", "{}", tokens["check"]), 405)
    reply = node.tcp("POST", "/v1/check", one(*SPAMMER), headers={"X-Api-Key": tokens["check"]})
    expect(reply.status == 200, f"X-Api-Key: {reply}")
    is_problem(node.tcp("POST", "/v1/reports", json.dumps(
        {"subjects": [{"type": "ip", "value": "192.0.2.1"}], "category": "rudeness"}),
        tokens["report"]), 422, None, "/category")


def check_get(node, tokens):
    path = "/v1/check?" + urllib.parse.urlencode({SPAMMER[0]: SPAMMER[1], MAILBOX[0]: MAILBOX[1]})
    reply = node.tcp("GET", path, token=tokens["check"])
    expect(reply.status == 200 and reply.json["verdict"] == "block", f"by GET: {reply}")
    is_problem(node.tcp("GET", "/v1/check?phone=1", token=tokens["check"]), 400, "invalid", "phone")
    is_problem(node.tcp("GET", "/v1/check", token=tokens["check"]), 400)
    is_problem(node.tcp("GET", "/v1/check?ip=%zz", token=tokens["check"]), 400)


def too_large(node, path, token, size):
    """The head announces a body past the limit; none of it is sent."""
    connection = http.client.HTTPConnection("127.0.0.1", node.api_port, timeout=30)
    connection.putrequest("POST", path)
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Length", str(size))
    connection.endheaders()
    response = connection.getresponse()
    expect(response.status == 413, f"{path} with {size} bytes: {response.status}")
    connection.close()


def check_batch(node, tokens):
    def ask(body, token=tokens["check"]):
        return node.tcp("POST", "/v1/check/batch", body, token, seconds=120)

    lines = [one(*SPAMMER), "{", "", one("ip", "192.0.2.1"), '{"subjects":[{"type":"phone","value":"1"}]}']
    reply = ask("\n".join(lines) + "\n\n")
    expect(reply.headers["Content-Type"] == "application/x-ndjson", f"{reply.headers}")
    answers = [json.loads(line) for line in reply.body.splitlines()]
    expect([a.get("verdict", a.get("status")) for a in answers] == ["block", 400, 400, "allow", 422],
           f"errors in their places: {reply}")
    many = (one("ip", "192.0.2.1") + "\n") * BATCH_MAX_LINES
    reply = ask(many)
    expect(reply.headers["Transfer-Encoding"] == "chunked", "a long batch is streamed")
    expect("Content-Length" in ask(one("ip", "192.0.2.1") + "\n").headers, "a short one is sent whole")
    expect(reply.body.count(b"\n") == BATCH_MAX_LINES, "a line for each line")
    is_problem(ask(many + one("ip", "192.0.2.1")), 413, "too-large", "10001")
    is_problem(ask(""), 400)
    is_problem(ask(one("ip", "192.0.2.1"), tokens["report"]), 403)
    too_large(node, "/v1/check/batch", tokens["check"], 16 * MIB + 1)
    too_large(node, "/v1/check", tokens["check"], MIB + 1)
    line = one("ip", "192.0.2.1").encode() + b"\n"
    expect(ask(line + b" " * (16 * MIB - len(line))).status == 200, "16 MiB are taken")
    is_problem(ask("\n\r\n "), 400)


def key_of(kind, canonical):
    return hashlib.sha256(f"tocsin:1:{kind}:{canonical}".encode()).hexdigest()[:32]


def check_range(node, tokens):
    key = key_of("email", CANONICAL_MAILBOX)
    reply = node.tcp("GET", f"/v1/range/{key[:5]}", token=tokens["range"])
    lines = reply.body.decode().splitlines()
    expect(reply.status == 200 and len(lines) % 64 == 0 and lines, f"padded: {reply}")
    expect(f"{key[5:]}:100:1" in lines, "the mailbox is in its range")
    expect("max-age" in reply.headers["Cache-Control"], "a range may be kept")
    etag = reply.headers["ETag"]
    for field, status in ((etag, 304), (f'"x", W/{etag}', 304), ("*", 304), (etag[:-2] + '"', 200),
                          ('"' * 5000, 200), ("", 200)):
        reply = node.tcp("GET", f"/v1/range/{key[:5]}", token=tokens["range"],
                         headers={"If-None-Match": field})
        expect(reply.status == status, f"If-None-Match {field[:80]}: {reply}")
        expect(reply.headers["ETag"] == etag, "one state, one ETag")
    prefixes = (key[:5], key_of("email", "nobody@mail.example")[:5], key_of(*SPAMMER)[:5])
    for method in ("GET", "HEAD"):
        sizes = set()
        for prefix in prefixes:
            reply = node.tcp(method, f"/v1/range/{prefix}", token=tokens["range"])
            sizes.add(len(reply.body) + len(str(reply.headers)))
        expect(len(sizes) == 1, f"the length of a range tells what it says: {method}: {sizes}")
    for prefix in ("abcd", "abcdef", "abcdg", "ABC%44", "", "abc%00", "abcde/x"):
        reply = node.tcp("GET", f"/v1/range/{prefix}", token=tokens["range"])
        wanted = {"ABC%44": 400, "": 404, "abcde/x": 404}.get(prefix, 400)
        expect(reply.status == wanted, f"range of {prefix}: {reply}")
    is_problem(node.tcp("GET", "/v1/range/abcde", token=tokens["check"]), 403, None, "range")
    expect(node.public("GET", "/v1/range/abcde").status == 404, "not on the public side")


def examples_of(name):
    with open(os.path.join(DOCS, name), encoding="utf-8") as page:
        blocks = re.findall(r"^```(\w+)\n(.*?)^```$", page.read(), re.MULTILINE | re.DOTALL)
    return {language: code for language, code in blocks}  # of one language the last


# What a reporter wrote; how it may be written in ASCII, if at all; and spellings that the examples of
# docs/range.md cannot put in canonical form, though a check finds the address by each.
SPELLINGS = (
    ("bad@straße.example", ("Bad@XN--STRAE-OQA.example.",), ("bad@STRAßE.example",)),
    ("bad@βόλος.example", ("bad+x@xn--nxasmm1c.example",), ("bad@βόλος.example.",)),
    ("Bad@MÜNCHEN.example", ("bad@xn--mnchen-3ya.example",), ("bad@mu\u0308nchen.example",)),
    ("bad@plain.example.", ("BAD@plain.example",), ("bad@\uff50lain.example", "bad\uff0bx@plain.example")),
    ("fi@kelvin.example", ("FI@KELVIN.EXAMPLE",), ("\ufb01@kelvin.example", "fi@\u212aelvin.example")),
    ("e\u0301@plain.example", (), ("\u00e9@plain.example", "E\u0301@plain.example")),
)
NO_ADDRESSES = (
    "no-address", "", "@plain.example", "bad@", "bad@plain", "bad@192.0.2.1", "bad@[192.0.2.1]", "bad@plain.example..",
    "bad@.plain.example", "bad@-plain.example", "bad@pl_ain.example", "bad@plain@plain.example", "bad @plain.example",
    "bad@plain.example ", "bad@plain.example\n", "x\nbad@plain.example", '"bad"@plain.example', "bad+(x@plain.example",
    "..+x@gmail.com", "bad@" + "a" * 64 + ".example", "a" * 255 + "@plain.example",
)


def check_examples(node, tokens):
    """docs/range.md, as it stands there: the right key, or a refusal."""
    code = examples_of("range.md")
    for language in ("sh", "python"):
        expect(len(code[language].splitlines()) <= 25, f"the {language} example is long")
    url = f"http://127.0.0.1:{node.api_port}"
    wanted = {MAILBOX[1]: (100, 1), "cheap.pills@googlemail.com": (100, 1), "nobody@mail.example": (0, 0),
              "+1234@sms.example": (100, 1), "p@mail.example": (100, 1), "p+\\@mail.example": None}
    wanted.update(dict.fromkeys(NO_ADDRESSES))
    for reported, in_ascii, others in SPELLINGS:
        node.report(("email", reported))
        wanted[reported] = (100, 1) if reported.isascii() else None
        wanted.update(dict.fromkeys(in_ascii, (100, 1)))
        wanted.update(dict.fromkeys(others))
        for spelling in (reported, *in_ascii, *others):
            node.lab.subjects.add(spelling)
            expect(node.check(("email", spelling))["verdict"] == "block", f"a check of {spelling}")
    script = os.path.join(node.lab.dir, "range-check")
    secret = os.path.join(node.lab.dir, "token")
    with open(script, "w", encoding="utf-8") as out:
        out.write(code["sh"])
    with open(secret, "w", encoding="utf-8") as out:
        out.write(tokens["range"] + "\n")
    environment = dict(os.environ, TOCSIN=url, TOKEN_FILE=secret)
    curl = shutil.which("curl")
    if curl is None:
        node.lab.skip("curl is not installed, so the shell of range.md is not tried")
    scope = {}
    exec(compile(code["python"], "range.md", "exec"), scope)
    for address, answer in wanted.items():
        if answer is not None:
            node.lab.subjects.add(address)
        for _ in range(2):  # the second time from its cache, by 304
            try:
                got = scope["range_check"](address, url, tokens["range"])
            except ValueError:
                got = None
            expect(got == answer, f"range.md in Python: {address!r}: {got}")
        if curl is not None:
            done = subprocess.run(["sh", script, address], env=environment, capture_output=True,
                                  text=True, check=False)
            got = (done.returncode, done.stdout, done.stderr.count("\n"))
            expect(got == ((2, "", 1) if answer is None else (0, f"{answer[0]} {answer[1]}\n", 0)),
                   f"range.md in shell: {address!r}: {done}")


def check_allow(node, tokens):
    """Wins at once over everything, says so, and ends."""
    def verdict():
        return node.tcp("POST", "/v1/check", json.dumps(
            {**json.loads(one(*SPAMMER)), "profile": "strict"}), tokens["check"]).json

    def allow(**more):
        body = {"type": SPAMMER[0], "value": SPAMMER[1], "reason": "our office", **more}
        return node.tcp("POST", "/v1/allow", json.dumps(body), tokens["admin"])

    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    expect(verdict()["verdict"] == "block", "before")
    expect(allow(expires=soon).status == 201, "an entry that ends")
    answer = verdict()
    if answer["verdict"] != "block":  # a machine that took two seconds for this is excused
        expect(answer["verdict"] == "allow" and answer["allowed_by"] == "our office", f"{answer}")
    wait_until(lambda: verdict()["verdict"] == "block", "the entry ends by itself")
    expect(allow().status == 201, "an entry for good")
    answer = verdict()
    expect(answer["verdict"] == "allow" and answer["allowed_by"] == "our office", f"{answer}")
    listed = node.tcp("GET", "/v1/allow", token=tokens["admin"]).json["allow"]
    expect([row["value"] for row in listed] == [SPAMMER[1]], f"{listed}")
    reply = node.tcp("DELETE", "/v1/allow/" + listed[0]["id"], token=tokens["admin"])
    expect(reply.status == 204 and verdict()["verdict"] == "block", "and without it")
    is_problem(node.tcp("POST", "/v1/allow", "{}", tokens["check"]), 403)


def check_changes(node, tokens):
    def ask(path, seconds=90):
        return node.tcp("GET", "/v1/changes" + path, token=tokens["stream"], seconds=seconds)

    def follow(cursor):
        copy, more = {}, True
        while more:
            page = ask(f"?cursor={cursor}").json
            if page["reset"]:
                copy = {}
            for change in page["changes"]:
                copy[change["key"]] = change["verdict"] if change["change"] != "removed" else None
            cursor, more = page["cursor"], page["more"]
        return copy, cursor

    copy, cursor = follow("")
    expect(copy[key_of("ip", SPAMMER[1])] == "block", f"the first copy: {copy}")
    report = node.report(("ip", "198.51.100.7"))[0]
    copy, cursor = follow(cursor)
    expect(copy == {key_of("ip", "198.51.100.7"): "block"}, f"what is new: {copy}")
    node.withdraw(report)
    copy, cursor = follow(cursor)
    expect(copy == {key_of("ip", "198.51.100.7"): None}, f"what is gone: {copy}")
    for bad in ("?cursor=x", "?cursor=1.2", "?cursor=" + "9" * 4000, "?wait=61", "?wait=-1",
                "?wait=1e3", "?min_verdict=x", "?cursor=1.1.1." + "g" * 32):
        is_problem(ask(bad), 400, "invalid")
    waiting = http.client.HTTPConnection("127.0.0.1", node.api_port, timeout=90)
    waiting.request("GET", f"/v1/changes?cursor={cursor}&wait=60",
                    headers={"Authorization": f"Bearer {tokens['stream']}"})
    node.report(("ip", "198.51.100.8"))
    page = json.loads(waiting.getresponse().read())
    expect([c["value"] for c in page["changes"]] == ["198.51.100.8"], f"a long poll: {page}")
    waiting.close()
    is_problem(node.tcp("GET", "/v1/changes", token=tokens["check"]), 403, None, "stream")
    return page["cursor"]


def check_authz(node, tokens):
    def ask(client, **more):
        headers = {} if client is None else {"X-Real-IP": client}
        return node.tcp("GET", "/v1/authz", token=tokens["check"], headers={**headers, **more})

    reply = ask(SPAMMER[1])
    expect(reply.status == 403 and reply.headers["X-Tocsin-Verdict"] == "block", f"{reply}")
    reply = ask("192.0.2.1")
    expect(reply.status == 204 and reply.headers["X-Tocsin-Verdict"] == "allow", f"{reply}")
    is_problem(ask(None), 400, "invalid", "X-Real-IP")
    is_problem(ask(None, **{"X-Forwarded-For": "192.0.2.1"}), 400, "invalid", "X-Real-IP")
    is_problem(ask("192.0.2.1, 192.0.2.2"), 400)
    is_problem(ask("nonsense"), 400)
    is_problem(node.tcp("GET", "/v1/authz", token=tokens["range"]), 403)


def check_other_proxies(lab):
    """Another header name; and a caller that is no trusted proxy may name nobody."""
    listed = lab.node("listed", api=True, settings="authz-client-header=X-Forwarded-For\n"
                      "trusted-proxies=['127.0.0.1', '10.0.0.0/8']\n").start()
    alone = lab.node("alone", api=True, settings="trusted-proxies=['10.0.0.0/8']\nallow-get-checks=false\n").start()
    for node in (listed, alone):
        node.report(SPAMMER)
        tokens = make_tokens(node)

        def ask(**headers):
            headers = {name.replace("_", "-"): value for name, value in headers.items()}
            return node.tcp("GET", "/v1/authz", token=tokens["check"], headers=headers)

        if node is alone:
            is_problem(ask(X_Real_IP=SPAMMER[1]), 400, "invalid", "trusted-proxies")
            is_problem(ask(), 400, "invalid", "trusted-proxies")
            is_problem(node.tcp("GET", "/v1/check?ip=192.0.2.1", token=tokens["check"]), 403, "refused")
            continue
        expect(ask(X_Forwarded_For=SPAMMER[1]).status == 403, "the client of a list of one")
        expect(ask(X_Forwarded_For=f"192.0.2.1, {SPAMMER[1]}, 10.1.2.3").status == 403, "the outermost")
        expect(ask(X_Forwarded_For=f"{SPAMMER[1]}, 192.0.2.1").status == 204, "what a client claims")
        is_problem(ask(X_Forwarded_For="unknown"), 400)
        is_problem(ask(X_Real_IP=SPAMMER[1]), 400, "invalid", "X-Forwarded-For")
    listed.stop()
    alone.stop()


NGINX = """
daemon off; master_process off; pid {dir}/nginx.pid; error_log {dir}/nginx.log;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {dir}/n1; proxy_temp_path {dir}/n2; fastcgi_temp_path {dir}/n3;
  uwsgi_temp_path {dir}/n4; scgi_temp_path {dir}/n5;
  set_real_ip_from 127.0.0.1; real_ip_header X-Test-Client;
  server {{ listen 127.0.0.1:{port}; {gate}
            location / {{ root {dir}/site; }} }}
}}
"""


def check_nginx(node, tokens):
    """data/nginx-gate.conf in a real nginx: let in, kept out, and open while the node is away."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
    if nginx is None:
        return node.lab.skip("nginx is not installed, so data/nginx-gate.conf is not tried")
    with open(NGINX_GATE, encoding="utf-8") as snippet:
        gate = snippet.read()
    expect("127.0.0.1:8478" in gate and "Bearer TOKEN" in gate, "what an operator fills in")
    directory = node.lab.dir
    os.makedirs(os.path.join(directory, "site"))
    with open(os.path.join(directory, "site", "index.html"), "w", encoding="ascii") as page:
        page.write("welcome\n")

    def run_nginx(text, probes):
        port = free_port()
        text = text.replace("127.0.0.1:8478", f"127.0.0.1:{node.api_port}")
        config = os.path.join(directory, "nginx.conf")
        with open(config, "w", encoding="utf-8") as out:
            out.write(NGINX.format(dir=directory, port=port, gate=text))
        process = subprocess.Popen([nginx, "-c", config, "-p", directory], stderr=subprocess.DEVNULL)

        def status(client):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                connection.request("GET", "/", headers={"X-Test-Client": client, "X-Real-IP": "192.0.2.1"})
                return connection.getresponse().status
            finally:
                connection.close()

        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        try:
            wait_until(listens, "nginx listens")
            probes(status)
        finally:
            process.kill()
            process.wait()

    def gated(status):
        expect(status("192.0.2.1") == 200, "a client that nobody reported comes in")
        expect(status(SPAMMER[1]) == 403, "the spammer stays out")
        node.stop()
        expect(status(SPAMMER[1]) == 200, "fail open: the node is away")
        node.start()
        expect(status(SPAMMER[1]) == 403, "and back")

    def closed(status):
        node.stop()
        expect(status("192.0.2.1") == 500, "fail closed: without the two lines")
        node.start()

    token = gate.replace("Bearer TOKEN", f"Bearer {tokens['check']}")
    run_nginx(token, gated)
    run_nginx(gate, lambda status: expect(status(SPAMMER[1]) == 200, "a wrong token opens too"))
    run_nginx(re.sub(r"^ *(proxy_intercept_errors|error_page) .*;$", "", token, flags=re.MULTILINE), closed)


def check_profiles(lab):
    """The operator's own, one file each: used by name and as the default, or refused by line."""
    directory = os.path.join(lab.dir, "profiles.d")
    os.makedirs(directory)

    def write(name, text):
        with open(os.path.join(directory, name), "w", encoding="utf-8") as out:
            out.write(text)

    write("forum.conf", "# ours\n[profile]\nbase=strict\nspam=ignore\n")
    node = lab.node("profiles", settings="default-profile=forum\n")
    node.start()
    node.report(SPAMMER)
    answer = node.check(SPAMMER, profile="default")
    expect((answer["verdict"], answer["profile"]) == ("block", "default"), f"{answer}")
    answer = node.check(SPAMMER)
    expect((answer["verdict"], answer["profile"]) == ("allow", "forum"), f"spam is ignored: {answer}")
    node.stop()
    for name, text, words in (
        ("forum.conf", "[profile]\n\nspam=maybe\n", "forum.conf: line 3: spam: “maybe” is not one of"),
        ("forum.conf", "[profile]\nspan=note\n", "forum.conf: line 2: “span” is not a category"),
        ("Forum.conf", "[profile]\n", "Forum.conf: “Forum”: a profile's name"),
    ):
        write(name, text)
        for more in ((), ("--check-config",)):
            done = subprocess.run([lab.tocsind, "--config", node.config, "--base-url", "https://a.example",
                                   "--data-dir", os.path.join(lab.dir, "none"), *more],
                                  capture_output=True, text=True, check=False)
            expect(done.returncode == 2 and words in done.stderr, f"{name}: {done}")
        write("forum.conf", "[profile]\n")
    shutil.rmtree(directory)
    expect(not os.path.exists(os.path.join(lab.dir, "none")), "a refused start changes nothing")
    done = subprocess.run([lab.tocsind, "--config", node.config, "--base-url", "https://a.example",
                           "--check-config"], capture_output=True, text=True, check=False)
    expect(done.returncode == 2 and "no profile “forum”" in done.stderr, f"{done}")


def check_command(node):
    """What `tocsin check` says with its exit status; the subjects reach no log either."""
    tocsin = os.path.join(os.path.dirname(node.lab.tocsind), "tocsin")
    for arguments, status in (
        (["ip=192.0.2.1"], 0), (["=".join(SPAMMER)], 11), (["=".join(SPAMMER), "=".join(MAILBOX), "--explain"], 11),
        (["ip=198.51.100.300"], 2), (["phone=1"], 2), ([], 2), (["=".join(SPAMMER), "--profile", "nobody"], 2),
    ):
        done = subprocess.run([tocsin, "--socket", node.socket, "check", *arguments], capture_output=True,
                              text=True, check=False)
        expect(done.returncode == status, f"tocsin check {arguments}: {done}")
        expect(status in (0, 11) or len(done.stderr.strip().splitlines()) == 1, f"one sentence: {done}")
    done = subprocess.run([tocsin, "--socket", "/nonexistent", "check", "ip=192.0.2.1"], capture_output=True,
                          text=True, check=False)
    expect(done.returncode == 5, f"no node: {done}")


def check_review(lab):
    """What a new peer brings is live at once, and one line in the queue; rejected, it is gone."""
    reader = lab.node("reader", api=True).start()
    for name, action, verdict in (("accepted", "accept", "note"), ("rejected", "reject", "allow")):
        writer = lab.node(name).start()
        subject = ("username", f"from_{name}")
        writer.report(subject)
        befriend(reader, writer)
        wait_until(lambda: reader.check(subject)["verdict"] == "note", f"the first read of {name}")

        def lines():
            queue = reader.ask("GET", "/v1/review", status=200)["items"]
            return [line for line in queue if line["actor"] == writer.actor and line["state"] == "open"]

        line = wait_until(lines, "a line in the review queue")[0]
        reader.ask("POST", f"/v1/review/{line['id']}/{action}", {})
        wait_until(lambda: not lines(), "the line is closed")
        wait_until(lambda: reader.check(subject)["verdict"] == verdict, f"{action}: {verdict}")
        expect(reader.api("POST", f"/v1/review/{line['id']}/{action}", {}).status in (404, 409, 410), "only once")
        writer.stop()
    reader.stop()


def check_resume(node, tokens, cursor):
    """After a restart a cursor goes on exactly, or the reader is told to begin anew."""
    page = node.tcp("GET", f"/v1/changes?cursor={cursor}", token=tokens["stream"]).json
    expect(page["reset"] or page["changes"] == [], f"after a restart: {page}")


def test(lab):
    node = lab.node("answers", api=True).start()
    tokens = make_tokens(node)
    node.report(SPAMMER, MAILBOX, NAME, PAGE, ACTOR)
    node.report(("email", "+1234@sms.example"), ("email", "P@mail.example"))
    lab.subjects.update((CANONICAL_MAILBOX, NAME[1].lower(), "192.0.2.1", "192.0.2.2", "198.51.100.300"))
    check_single(node, tokens)
    check_get(node, tokens)
    check_batch(node, tokens)
    check_range(node, tokens)
    check_examples(node, tokens)
    check_allow(node, tokens)
    cursor = check_changes(node, tokens)
    check_command(node)
    check_authz(node, tokens)
    check_nginx(node, tokens)
    check_resume(node, tokens, cursor)
    check_other_proxies(lab)
    check_profiles(lab)
    check_review(lab)
    node.stop()


if __name__ == "__main__":
    sys.exit(run("answers", parse_arguments(__doc__, 600), test))
