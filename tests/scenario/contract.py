#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every operation of /openapi.json at a node that knows two others, in good and in bad ways, and each
answer held to what the document says, strictly (openapi.py). What answers mean is answers.py's.
"""

import json
import os
import re
import socket
import sys
import time

from harness import SCOPES, befriend, expect, make_tokens, parse_arguments, run, wait_until
from openapi import Document

TIME_SCALE = 60
NOBODY = "https://nobody.example/actor"
DOMAIN = "pills.example"
SUBJECTS = (
    ("ip", "203.0.113.7"), ("ip", "2001:db8:1:2::5"), ("network", "198.51.100.0/24"), ("email", "j.doe@spam.example"),
    ("domain", DOMAIN), ("url", "https://bad.example/x?y=1"), ("username", "spammer77"),
    ("actor", "https://evil.example/users/eve"),
)
UNKNOWN = ("phone", "1")
LONG = "x" * 321 + "@a.example"
# What stands in a path where a call is refused before, or finds nothing.
PLACES = {"prefix": "abcde", "format": "csv", "id": "nothing", "name": "nothing", "batch": "99999", "actor": NOBODY}
# Bouncers, Prometheus and whoever watches add parameters of their own.
ANY_QUERY = ("decisions", "decisionStream", "usageMetrics", "authz", "metrics", "live", "ready", "openapi")
MIB = 1 << 20
POINTER = re.compile(r"(/|JSON byte |The document |[a-z-]+: no such parameter)")


def named(kind, value, **more):
    return {"type": kind, "value": value, **more}


class Client:
    """Calls operations by their ids, with names for the path and a token that may call them."""

    def __init__(self, node):
        self.node = node
        self.tokens = make_tokens(node)
        self.document = Document(node.tcp("GET", "/openapi.json").json)

    def __call__(self, operation, want, body=None, query=None, token=None, headers=None, by_socket=False, **path):
        known = self.document.operations[operation]
        path = self.document.path(operation, path, query)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if token is None and "x-scopes" in known:
            token = self.tokens[known["x-scopes"][0]]
        if by_socket:
            reply = self.node.api(known["method"], path, body)
        else:
            reply = self.node.tcp(known["method"], path, data, token or None, headers, seconds=90)
        self.document.check_reply(operation, reply)
        wanted = want if isinstance(want, tuple) else (want,)
        expect(reply.status in wanted, f"{known['method']} {path} {(data or b'')[:200]}: wanted {want}: {reply}")
        if body is not None and reply.status in (400, 422) and "requestBody" in known:
            expect(POINTER.match(reply.json["detail"]), f"{operation}: which member? {reply}")
        return reply.json if reply.headers.get("Content-Type") == "application/json" else reply


def fill(a, b):
    """Reports of every kind at a: its own, b's, withdrawn ones, some of one event, some not in clear."""
    b.report(("domain", "first.example"))
    befriend(a, b, 80)
    befriend(b, a, 70)
    for subject in SUBJECTS:
        a.report(subject)
    a.report(("ip", "203.0.113.8"), ("username", "bundled"), comment=f"and {DOMAIN}", action="suspended")
    a.report(("ip", "203.0.113.9"), opinion="benign")
    for subject in (("ip", "203.0.113.7"), ("email", "x@other.example"), ("username", "frombee")):
        b.report(subject)
    gone = b.report(("domain", "gone.example"))[0]
    wait_until(lambda: any(r["id"] == gone for r in a.reports()), "b's reports arrive")
    b.withdraw(gone)
    wait_until(lambda: any(r["id"] == gone and r["state"] == "withdrawn" for r in a.reports()), "and its Remove")


def check_questions(ask):
    for subject in SUBJECTS + (("ip", "9.9.9.9"), ("email", "x@other.example")):
        event = {"event": "signup", "profile": "strict", "subjects": [named(*subject)]}
        ask("check", 200, event)
        ask("check", 200, {**event, "explain": True})
        ask("checkGet", 200, query={subject[0]: subject[1], "explain": "true"})
    one = [named(*SUBJECTS[0])]
    for body, want in (
        ({"subjects": []}, 400), ({"subjects": one * 17}, 413), ({"subjects": [named(*UNKNOWN)]}, 422), ({}, 400),
        ({"subjects": one, "extra": 1}, 400), ({"subjects": [named("ip", "1.2.3.4", extra=1)]}, 400),
        ({"subjects": one, "explain": 1}, 400), ({"subjects": one, "event": "x" * 257}, 400),
        ({"subjects": one, "profile": "x"}, 422), ({"subjects": [named("email", LONG)]}, 413),
    ):
        ask("check", want, body)
    for query, want in (({}, 400), ({"ip": "x"}, 400), ({"ip": "1.2.3.4", "profile": "x"}, 422),
                        ({"ip": "1.2.3.4", "explain": "x"}, 400), ({"email": LONG}, 413)):
        ask("checkGet", want, query=query)
    lines = [json.dumps({"subjects": [named(*s)]}) for s in SUBJECTS + (UNKNOWN,)] + ["{"]
    ask("checkBatch", 200, "\n".join(lines).encode())
    ask("checkBatch", 413, b"{}\n" * 10001)
    reply = ask("range", 200, prefix="abcde")
    ask("range", 304, headers={"If-None-Match": reply.headers["ETag"]}, prefix="abcde")
    ask("range", 400, prefix="abcdefg")
    ask("authz", 204, headers={"X-Real-IP": "8.8.8.8"})
    ask("authz", 403, headers={"X-Real-IP": "203.0.113.7"})
    ask("authz", 400)


def check_lists(ask):
    formats = ask.document.document["components"]["schemas"]["ExportFormat"]["enum"]
    for name in formats:
        made = ask.node.tcp("GET", f"/v1/export/{name}", token=ask.tokens["stream"])
        ask("export", 200, format=name)
        ask("export", 304, headers={"If-None-Match": made.headers["ETag"]}, format=name)
        manifest = ask("exportManifest", 200, format=name)
        expect(manifest["bytes"] == len(made.body) and manifest["content_type"] == made.headers["Content-Type"],
               f"{name}: its manifest is of another list: {manifest}")
        ask("export", (200, 422), query={"min_verdict": "allow", "profile": "strict", "_": "1"}, format=name)
        ask("exportManifest", 200, query={"category": "spam,intrusion", "min_verdict": "review"}, format=name)
    ask("exportManifest", 304, headers={"If-None-Match": manifest["etag"]}, format=formats[-1])
    for operation in ("export", "exportManifest"):
        ask(operation, 404, format="nothing")
        for query, want in (({"profile": "x"}, 422), ({"min_verdict": "x"}, 422), ({"type": "x"}, 422),
                            ({"category": "x"}, 422), ({"typ": "ip"}, 400)):
            ask(operation, want, query=query, format="csv")
    everything = {"scopes": "ip,range,email,domain,url,username,actor", "origins": "tocsin,tocsin-review"}
    for query, want in (({}, 200), ({"ip": "203.0.113.7"}, 200), (everything, 200), ({"ip": "8.8.8.8"}, 200),
                        ({"ip": "x"}, 400), ({"contains": "false", "ip": "1.2.3.4"}, 422),
                        ({"scope": "email", "value": LONG}, 413)):
        ask("decisions", want, query=query)
    for query in ({**everything, "startup": "true"}, everything, {}):
        ask("decisionStream", 200, query=query)
    ask("usageMetrics", 201, {"remediation_components": [], "log_processors": None})
    ask("usageMetrics", 400, {"x": 1})


def check_changes(ask):
    page = ask("changes", 200, query={"limit": 5})
    while page["more"]:
        page = ask("changes", 200, query={"limit": 5, "cursor": page["cursor"]})
    ask.node.report(("ip", "203.0.113.99"))
    ask.node.withdraw(ask.node.report(("ip", "203.0.113.98"))[0])
    ask("changes", 200, query={"cursor": page["cursor"], "wait": 1, "min_verdict": "note"})
    for query in ({"min_verdict": "x"}, {"cursor": "x"}, {"wait": 61}, {"limit": 0}, {"limit": 1001}):
        ask("changes", 400, query=query)


def check_reports(ask, b):
    tries = iter(range(1, 250))
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))

    def post(want, **more):
        ask("reportAdd", want, {"subjects": [named("ip", f"198.18.0.{next(tries)}")], "category": "spam", **more})

    for more in ({"confidence": 1}, {"confidence": 100}, {"sharing": "green"}, {"comment": "é" * 280},
                 {"automatic": True}, {"action": "limited"}, {"opinion": "benign"}, {"expires": soon}):
        post(201, **more)
    for more, want in (
        ({"confidence": 0}, 400), ({"confidence": 60.0}, 400), ({"action": "x"}, 400), ({"sharing": "clear"}, 422),
        ({"comment": "é" * 281}, 400), ({"expires": "2020-01-01T00:00:00Z"}, 400), ({"expires": "soon"}, 400),
        ({"category": "rudeness"}, 422), ({"subjects": []}, 400), ({"subjects": [named(*UNKNOWN)]}, 422),
        ({"subjects": [named("ip", "1.2.3.4")] * 17}, 413), ({"extra": 1}, 400),
    ):
        post(want, **more)
    for query, want in (
        ({"state": "live"}, 200), ({"state": "withdrawn"}, 200), ({"subject": "ip:203.0.113.7"}, 200),
        ({"actor": b.actor}, 200), ({"category": "spam"}, 200), ({"bundle": 1}, 200), ({"limit": 1}, 200),
        ({"limit": 0}, 400), ({"limit": 201}, 400), ({"bundle": 0}, 400), ({"state": "x"}, 400), ({"cursor": "x"}, 400),
        ({"subject": "x"}, 400), ({"subject": "phone:1"}, 422), ({"subject": f"email:{LONG}"}, 413),
        ({"category": "x"}, 422),
    ):
        ask("reportList", want, query=query)
    rows = ask("reportList", 200)["reports"]
    for row in rows[:5] + [row for row in rows if row["actor"] == b.actor]:
        ask("reportGet", 200, id=row["id"])
    theirs = next(row for row in rows if row["actor"] == b.actor)
    ask("reportWithdraw", (403, 404), id=theirs["number"])
    ask("reportWithdraw", 400, query={"reason": "x"}, id=rows[0]["id"])
    own = ask.node.report(("ip", "203.0.113.61"))[0]
    ask("reportWithdraw", 200, query={"reason": "error"}, id=own)
    ask("reportWithdraw", 410, id=own)
    ask("reportGet", 200, id=own)


def check_imports(ask):
    body = {"source": f"https://{DOMAIN}/list", "category": "spam", "type": "domain", "entries": [
        {"value": "imported.example"}, {"value": "imported.example"}, {"value": "co.uk"},
        {"value": "198.51.100.9", "type": "ip", "category": "intrusion", "comment": "x"}]}
    ask("importAdd", 200, {**body, "dry_run": True})
    batch = ask("importAdd", 201, body)["batch"]
    ask("importAdd", 201, {**body, "batch": batch})
    ask("importAdd", 201, {**body, "as": "first_hand", "entries": [{"value": "own.example"}]})
    for more, want in (({"as": "x"}, 400), ({"type": "phone"}, 422), ({"category": "x"}, 422), ({"batch": "999"}, 404),
                       ({"entries": [1] * 5001}, 413), ({"entries": [1]}, 400), ({"extra": 1}, 400)):
        ask("importAdd", want, {**body, **more})
    ask("reportList", 200, query={"subject": "domain:imported.example"})
    ask("check", 200, {"explain": True, "subjects": [named("domain", "imported.example")]})
    ask("importUndo", 200, batch=batch)
    ask("importUndo", 410, batch=batch)
    ask("importAdd", (409, 410), {**body, "batch": batch})
    ask("importList", 200)
    ask("importList", 400, query={"cursor": "x"})


def check_feeds(ask, directory):
    path = os.path.join(directory, "feed.txt")

    def write(count):
        with open(path, "w", encoding="ascii") as out:
            out.write("".join(f"feed{i}.example\n" for i in range(count)))

    write(30)
    feed = {"name": "mine", "title": "Mine", "url": f"file:{path}", "format": "lines", "type": "domain",
            "category": "spam", "every_hours": 720, "max_mib": 1}
    ask("feedAdd", 403, feed)
    ask("feedAdd", 201, feed, by_socket=True)
    ask("feedAdd", 409, feed, by_socket=True)
    for more, want in (({"every_hours": 0}, 400), ({"max_mib": 1025}, 400), ({"title": 5}, 400), ({"name": "A"}, 400),
                       ({"format": "x"}, 400), ({"type": "x"}, 422), ({"category": "x"}, 422), ({"extra": 1}, 400)):
        ask("feedAdd", want, {**feed, "name": "another", **more}, by_socket=True)
    wait_until(lambda: ask("feedShow", 200, name="mine")["state"] == "ok", "the feed is read")
    ask("feedRefresh", 200, {"may_shrink": True}, name="mine")
    ask("check", 200, {"explain": True, "subjects": [named("domain", "feed3.example")]})
    ask("export", 200, query={"type": "domain"}, format="json")
    write(1)
    ask("feedRefresh", 422, name="mine")
    ask("feedRefresh", 400, {"extra": 1}, name="mine")
    ask("feedDisable", 200, name="mine")
    ask("feedEnable", 200, name="mine")
    ask("feedAdd", 200, {"name": "mine"})
    ask("feedRemove", 204, name="mine")
    ask("feedAdd", 404, {"name": "mine"})
    ask("feedAdd", 201, {**feed, "name": "away", "url": "http://127.0.0.1:1/list"})
    ask("feedRefresh", 502, name="away")
    ask("feedList", 200)


def check_admin(ask, directory):
    for subject in SUBJECTS:
        ask("allowAdd", 201, named(*subject, reason="ours"))
    ask("check", 200, {"subjects": [named(*SUBJECTS[0])]})
    held = ask("subjectExport", 200, named("domain", DOMAIN))
    expect(all(held[name] for name in ("stored", "evidence", "reports", "mentions", "allow", "imports")), f"{held}")
    ask("subjectExport", 200, named("ip", "9.9.9.9"))
    entry = ask("allowAdd", 201, named("ip", "192.0.2.77", expires="2030-01-01T00:00:00Z"))
    for body, want in ((named("ip", "x"), 400), (named(*UNKNOWN), 422), (named("ip", "1.2.3.4", extra=1), 400),
                       (named("ip", "1.2.3.4", expires="2020-01-01T00:00:00Z"), 400),
                       (named("ip", "1.2.3.4", reason="x" * 1025), 400)):
        ask("allowAdd", want, body)
    ask("allowList", 200)
    ask("allowList", 400, query={"cursor": "x"})
    ask("export", 200, query={"min_verdict": "allow"}, format="json")
    ask("allowRemove", 204, id=entry["id"])
    ask("allowRemove", 404, id=entry["id"])
    for subject, want in [(s, 204) for s in SUBJECTS] + [(SUBJECTS[0], 404), (UNKNOWN, 422), (("ip", "x"), 400)]:
        ask("allowRemoveSubject", want, named(*subject))
    for name, scopes, want in (("A-z0.9_", SCOPES, 201), ("A-z0.9_", ["check"], 409), ("..", ["check"], 400),
                               ("q", [], 400), ("q", ["x"], 400)):
        ask("tokenAdd", want, {"name": name, "scopes": scopes})
    ask("tokenGet", 200, name="A-z0.9_")
    ask("tokenList", 200)
    ask("tokenRemove", 200, name="A-z0.9_")
    ask("tokenRemove", 409, name="admin")
    for operation in ("status", "config", "ready", "live", "openapi", "metrics", "auditList", "auditVerify"):
        ask(operation, 200)
    ask("auditList", 400, query={"cursor": "x"})
    for body in ({}, {"recount": True}):
        ask("doctor", 200, body)
    for body in ({"dry_run": True}, {}):
        ask("housekeeping", 200, body)
    ask("backup", 200, {"dir": os.path.join(directory, "backup")})
    ask("backup", 409, {"dir": os.path.join(directory, "backup")})
    ask("backup", 400, {"dir": "relative"})
    for operation in ("subjectExport", "subjectErase"):
        for body, want in ((named(*UNKNOWN), 422), (named("ip", "x"), 400), (named("ip", "1.2.3.4", extra=1), 400)):
            ask(operation, want, body)
    ask("subjectErase", 200, named(*SUBJECTS[0], dry_run=True))
    ask("subjectErase", 200, named(*SUBJECTS[0]))
    ask("keysRotate", 200)


def check_observing(ask):
    ask("observe", 200, {"on": True})
    ask("check", 200, {"subjects": [named(*SUBJECTS[4])]})
    for operation in ("status", "changes"):
        ask(operation, 200)
    ask("export", 200, format="json")
    ask("exportManifest", 200, format="json")
    ask("observe", 200, {"on": False})
    ask("observe", 400, {"on": 1})


def check_trust(ask, b):
    for area in ("any", "spam", "abuse", "security"):
        ask("peerTrust", 200, {"weight": 60, "area": area}, id=b.actor)
        ask("trustList", 200, query={"area": area})
        ask("trustGet", 200, query={"area": area}, actor=b.actor)
    for body, want in (({"weight": 0}, 200), ({"weight": 100, "full": True, "private": True}, 200), ({}, 400),
                       ({"weight": 101}, 400), ({"weight": 60.0}, 400), ({"weight": "1"}, 400),
                       ({"weight": 0, "full": True}, 422), ({"weight": 1, "area": "x"}, 422), ({"weight": None}, 200),
                       ({"weight": 70}, 200)):
        ask("peerTrust", want, body, id=b.actor)
    ask("trustList", 422, query={"area": "x"})
    ask("trustGet", 404, actor=NOBODY)


def check_review(ask, b):
    """b sends more than it may, so that reports are held and lines stand in the queue."""
    for i in range(1, 45):
        b.report(("ip", f"203.0.112.{i}"))
    wait_until(lambda: ask("reportList", 200, query={"state": "held"})["reports"], "some are held")
    lines = {line["kind"]: line for line in ask("reviewList", 200)["items"]}
    first, burst = lines["batch"], lines["burst"]
    ask("reviewAccept", 400, query={"count": 0}, id=first["id"])
    ask("reviewAccept", 409, query={"count": 99999}, id=first["id"])
    ask("reviewAccept", 204, query={"count": first["count"]}, id=first["id"])
    ask("reviewAccept", 409, id=first["id"])
    ask("reviewReject", 204, id=burst["id"])
    ask("reviewAccept", 404, id=99999)
    ask("reviewList", 200, query={"all": "true"})
    ask("reviewList", 400, query={"all": "x"})


def check_peers(ask, a, b):
    state = ask("peerCatchUp", 200, id=b.actor)
    ask("peerCatchUp", 200, query={"wait": 1, "cursor": state["cursor"]}, id=b.actor)
    ask("peerCatchUp", 400, query={"wait": 61}, id=b.actor)
    known = ask("peerGet", 200, id=b.actor)["fingerprints"][0]
    ask("peerConfirmKey", (200, 409), {"fingerprint": known}, id=b.actor)
    ask("peerConfirmKey", 400, {}, id=b.actor)
    for query in ("pending", "following", "followers"):
        ask("peerList", 200, query={"filter": query})
    ask("peerList", 400, query={"filter": "x"})
    ask("peerSuggestions", 200)
    for body, want in (({"actor": b.actor, "trust": 0}, 400), ({"actor": b.actor, "areas": {"x": 1}}, 422), ({}, 400),
                       ({"actor": b.actor, "areas": {"spam": 101}}, 400), ({"actor": "not an actor"}, 400),
                       ({"actor": a.actor}, (409, 422)), ({"actor": "http://127.0.0.1:1/actor"}, 502),
                       ({"actor": b.actor, "trust": 70, "areas": {"spam": 60}}, 201)):
        ask("peerFollow", want, body)
    for operation in ("peerReset", "peerUnfollow", "peerReject", "peerAccept", "peerBlock", "peerUnblock"):
        ask(operation, 200, id=b.actor)
    for operation in ("peerUnfollow", "peerAccept"):
        ask(operation, 409, id=b.actor)
    ask("peerGet", 404, id=NOBODY)
    ask("peerList", 200)


def announce(ask, operation, size):
    """The status for a body of which nothing but its length comes."""
    known = ask.document.operations[operation]
    head = f"{known['method']} {ask.document.path(operation, PLACES, None)} HTTP/1.1\r\nHost: x\r\n"
    head += f"Authorization: Bearer {ask.tokens[known['x-scopes'][0]]}\r\nContent-Length: {size}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", ask.node.api_port), 30) as client:
        client.sendall(head.encode())
        return int(client.recv(65536).split()[1])


def check_refusals(ask):
    """Whatever it is: without a token or with a wrong one, with parameters and bodies that it does not take."""
    for operation, known in ask.document.operations.items():
        scopes = known.get("x-scopes", [])
        body = b"{" if "requestBody" in known else None
        if scopes:
            ask(operation, 401, body, token="", **PLACES)
            ask(operation, 401, body, token="wrong", **PLACES)
            others = [scope for scope in SCOPES if scope not in (*scopes, "admin")]
            ask(operation, 403, body, token=ask.tokens[others[0]], **PLACES)
        if operation not in ANY_QUERY:
            names = [name for name in ask.document.query_names(operation) if name != "_"]
            for query in ([("nonsense", 1)], *([(name, 1), (name, 1)] for name in names)):
                ask(operation, 400, body, query=query, **PLACES)
        if "requestBody" not in known:
            if known["method"] == "POST":
                ask(operation, 400, b'{"extra":1}', **PLACES)
            continue
        cap = known.get("x-body-max-bytes", MIB)
        expect(announce(ask, operation, cap + 1) == 413, f"{operation}: more than {cap} bytes")
        ask(operation, 415, b"{}", headers={"Content-Encoding": "gzip"}, **PLACES)
        if operation != "checkBatch":
            for text in (b"[]", b"null", b"{", b"\xef\xbb\xbf{}", b'{"x":"\xff"}', b"{} x"):
                ask(operation, (400, 404), text, **PLACES)


def test(lab):
    b = lab.node("b", api=True).start()
    a = lab.node("a", api=True, settings="burst-per-hour=30\n").start()
    ask = Client(a)
    began = time.monotonic()

    def step(check, *arguments):
        check(*arguments)
        lab.step(f"{check.__name__}: {time.monotonic() - began:.1f} s")

    step(fill, a, b)
    step(check_questions, ask)
    step(check_lists, ask)
    step(check_changes, ask)
    step(check_reports, ask, b)
    step(check_imports, ask)
    step(check_feeds, ask, lab.dir)
    step(check_trust, ask, b)
    step(check_review, ask, b)
    step(check_observing, ask)
    step(check_admin, ask, lab.dir)
    step(check_peers, ask, a, b)
    step(check_refusals, ask)
    complaints = list(ask.document.complaints())
    for complaint in complaints:
        lab.step(complaint)
    expect(not complaints, f"{len(complaints)} answers are not what /openapi.json says: {complaints[:1]}")


if __name__ == "__main__":
    sys.exit(run("contract", parse_arguments(__doc__, TIME_SCALE), test))
