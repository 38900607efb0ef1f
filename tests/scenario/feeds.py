#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Third-party lists against a real node and a real server of lists.

What a list says is shown with its source and age and is never more than a note; a list that broke
changes nothing and says why; what did not change writes nothing; two mirrors are one origin.
"""

import json
import os
import subprocess
import sys

from feed_server import FeedServer, Page, announced, cut_at_close, cut_gzip, cut_short, endless, gzip_bomb
from harness import befriend, expect, parse_arguments, run, wait_until

TOR = "192.0.2.1\n192.0.2.2\n198.51.100.7\n203.0.113.9\n"


def feed(node, name):
    return node.ask("GET", f"/v1/feeds/{name}", status=200)


def refresh(node, name, status=200, **body):
    return node.ask("POST", f"/v1/feeds/{name}/refresh", body or None, status)


def add(node, name, url, category, status=201, **more):
    body = {"name": name, "url": url, "format": "lines", "category": category, **more}
    node.ask("POST", "/v1/feeds", body, status)


def note_of(node, kind, value, text):
    answer = node.check((kind, value))
    found = [n["text"] for n in answer["subjects"][0]["notes"] if text in n["text"]]
    expect(found, f"{value}: no note with “{text}”: {answer}")
    expect(answer["verdict"] == "note", f"a fact is a note, not {answer['verdict']}")
    return answer


def nothing_of(node, kind, value):
    answer = node.check((kind, value))
    expect(answer["verdict"] == "allow" and not answer["known"], f"{value} is known: {answer}")


def first_list(lab, node, server):
    lab.step("a list over HTTP is a note with source and age")
    url = server.serve("/tor", TOR)
    add(node, "exits", url, "tor_exit", type="ip", title="Test exits")
    done = refresh(node, "exits")
    expect(done["entries"] == 4 and done["state"] == "ok", f"four entries: {done}")
    answer = note_of(node, "ip", "192.0.2.1", "Listed as Tor exit by “Test exits”, read just now")
    expect(answer["subjects"][0]["origins"] == 1, f"one origin: {answer}")
    expect(answer["subjects"][0]["expires"] is None, "valid while listed, without an end of its own")
    nothing_of(node, "ip", "192.0.2.3")
    expect(node.reports() == [], "a fact is no report")
    row = node.check(("ip", "192.0.2.1"), explain=True)["subjects"][0]["evidence"][0]
    expect(row["reporter"] == "urn:tocsin:feed:exits" and row["state"] == "imported", f"{row}")
    expect(row["report"] is None and row["strength"] == 0, f"it counts nothing: {row}")


def read_unchanged(node, server):
    """Whether the store was written to meanwhile."""
    before = os.stat(os.path.join(node.data_dir, "store", "data.mdb")).st_mtime_ns
    asked = len(server.asked["/tor"])
    done = refresh(node, "exits")
    expect(not done["written"] and done["added"] == 0 and done["removed"] == 0, f"nothing: {done}")
    expect(len(server.asked["/tor"]) == asked + 1, "it was asked for")
    expect("If-None-Match" in server.asked["/tor"][-1], "with the ETag")
    # Another comment, the same entries: read, compared, not written.
    server.serve("/tor", f"# reading {asked}\n" + TOR)
    done = refresh(node, "exits")
    expect(not done["written"], f"nothing to write: {done}")
    known = server.unchanged
    refresh(node, "exits")
    expect(server.unchanged == known + 1, "that list, too, is asked for with its ETag from then on")
    return os.stat(os.path.join(node.data_dir, "store", "data.mdb")).st_mtime_ns != before


def unchanged(lab, node, server):
    lab.step("what did not change is not fetched again and writes nothing")
    # The first round of housekeeping may come in between, but not twice within a minute.
    expect(not read_unchanged(node, server) or not read_unchanged(node, server), "the store was written to")


def by_date(lab, node, server):
    lab.step("a server without entity tags is asked by date")
    date = "Sat, 28 Nov 2026 00:00:00 GMT"
    add(node, "dated", server.serve("/dated", "192.0.2.77\n", modified=date), "hosting", type="ip")
    refresh(node, "dated")
    before = server.unchanged
    done = refresh(node, "dated")
    expect(server.unchanged == before + 1 and not done["written"], f"304: {done}")
    node.ask("DELETE", "/v1/feeds/dated", status=204)


def unasked(lab, node, server):
    lab.step("“not modified” is no answer to who has nothing")
    add(node, "unasked", server.serve("/unasked", status=304), "hosting", type="ip")
    problem = refresh(node, "unasked", status=502)
    now = feed(node, "unasked")
    expect("304" in problem["detail"] and now["state"] == "failing", f"{problem}: {now}")
    server.serve("/unasked", "192.0.2.77\n")
    expect(refresh(node, "unasked")["entries"] == 1, "and no obstacle to a list that comes later")
    node.ask("DELETE", "/v1/feeds/unasked", status=204)


def timer(lab, server):
    lab.step("a list is read by itself, again and again, and its last good state survives failures")
    lab.time_scale = 20000
    node = lab.node("timer").start()
    lab.time_scale = 1
    add(node, "often", server.serve("/often", "192.0.2.1\n192.0.2.2\n"), "hosting", type="ip",
        every_hours=1)
    wait_until(lambda: feed(node, "often")["entries"] == 2, "it is read")
    wait_until(lambda: len(server.asked["/often"]) >= 4, "and again")
    server.serve("/often", "192.0.2.1\n192.0.2.3\n")
    wait_until(lambda: node.check(("ip", "192.0.2.3"))["known"], "what is new comes by itself")
    server.serve("/often", "<html>")
    wait_until(lambda: feed(node, "often")["failures"] >= 2, "it fails, and is tried again")
    note_of(node, "ip", "192.0.2.3", "often")
    server.serve("/often", "192.0.2.1\n192.0.2.4\n")
    wait_until(lambda: feed(node, "often")["state"] == "ok", "it is well again by itself")
    note_of(node, "ip", "192.0.2.4", "often")
    node.stop()


def changed(lab, node, server):
    lab.step("a new list replaces the old one by the difference")
    server.serve("/tor", "192.0.2.1\n192.0.2.2\n198.51.100.7\n203.0.113.10\n")
    done = refresh(node, "exits")
    expect((done["added"], done["removed"], done["entries"]) == (1, 1, 4), f"difference: {done}")
    note_of(node, "ip", "203.0.113.10", "Test exits")
    nothing_of(node, "ip", "203.0.113.9")


BAD = [
    ("empty", b"", "empty"),
    ("blank", b"\n\n  \n", "empty"),
    ("html", b"<!DOCTYPE html><html>Too many requests</html>", "HTML"),
    ("utf16", "192.0.2.1\n".encode("utf-16"), "UTF-16"),
    ("latin1", b"192.0.2.1\n\xe9t\xe9\n", "UTF-8"),
    ("nul", b"192.0.2.1\n\0\n", "NUL"),
    ("gzip", b"\x1f\x8b\x08\x00rest", "gzip"),
    ("words", b"this\nis\nan\nerror\nmessage\n", "not such a list"),
    ("private", b"10.0.0.0/8\n127.0.0.1\n192.168.1.1\n", "private"),
    ("shrunk", b"192.0.2.1\n", "shrank"),
]


def malformed(lab, node, server):
    lab.step("a malformed list changes nothing and says why")
    good = feed(node, "exits")
    for name, body, why in BAD:
        server.serve("/tor", body)
        problem = refresh(node, "exits", status=422)
        expect(why in problem["detail"], f"{name}: {problem['detail']}")
        now = feed(node, "exits")
        expect(now["entries"] == good["entries"] and now["state"] == "failing", f"{name}: {now}")
        expect(why in now["error"], f"{name}: it says why: {now}")
        note_of(node, "ip", "203.0.113.10", "Test exits")
    for name, page, why in (("short", Page(raw=cut_short), ""), ("short at its close", Page(raw=cut_at_close), "cut short"),
                            ("cut gzip", cut_gzip(), ""), ("gone", None, "404")):
        server.pages.pop("/tor", None)
        if page is not None:
            server.pages["/tor"] = page
        problem = refresh(node, "exits", status=502)
        expect(why in problem["detail"], f"{name}: {problem}")
        now = feed(node, "exits")
        expect(now["entries"] == good["entries"] and now["error"] == problem["detail"], f"{name}: {now}")
        note_of(node, "ip", "203.0.113.10", "Test exits")


INSIDE = [
    ("private", "http://10.0.0.1/list", 403, "not a global one"),
    ("credentials", "http://169.254.169.254/latest/meta-data/", 403, "not a global one"),
    ("loopback", "http://[::1]:9/", 403, "not a global one"),
    ("mapped", "http://[::ffff:10.0.0.1]/", 403, "not a global one"),
    ("unspecified", "http://0.0.0.0:9/", 403, "not a global one"),
    ("file", "file:///etc/passwd", 502, "not a URL"),
    ("user", "http://a:b@192.0.2.1/", 502, "not a URL"),
]


def inside(lab, node, server):
    lab.step("a list leads to no address that is not global, at once or by a redirect")
    for name, where, status, why in INSIDE + [("itself", node.base + "/actor", 403, "itself")]:
        server.serve("/" + name, status=302, headers={"Location": where})
        add(node, name, server.url("/" + name), "hosting", type="ip")
        problem = refresh(node, name, status=status)
        expect(why in problem["detail"], f"redirected to {where}: {problem}")
        expect("root:" not in str(feed(node, name)), "what is there is not told")
        node.ask("DELETE", f"/v1/feeds/{name}", status=204)
        if status == 403:
            add(node, name, where, "hosting", type="ip")
            problem = refresh(node, name, status=403)
            expect(why in problem["detail"], f"{where}: {problem}")
            node.ask("DELETE", f"/v1/feeds/{name}", status=204)


def failing_is_told(lab, node, tocsin):
    lab.step("the doctor and the metrics tell which list fails")
    done = subprocess.run([tocsin, "doctor", "--local", "--json", "--socket", node.socket], capture_output=True,
                          text=True, timeout=120, check=False)
    found = [c for c in json.loads(done.stdout)["checks"] if c["name"] == "feeds"]
    expect(done.returncode == 1 and len(found) == 1 and not found[0]["ok"], f"{done}")
    expect("exits" in found[0]["text"] and "404" in found[0]["text"], f"{found}")
    expect("tocsin feed show" in found[0]["remedy"], f"{found}")
    samples = node.api("GET", "/metrics").body.decode().splitlines()
    expect('tocsin_feed_ok{feed="exits"} 0' in samples, "the newest reading failed")
    expect('tocsin_feed_entries{feed="exits"} 4' in samples, "the last good one is in force")
    expect(not [s for s in samples if "tor-exits" in s], "what is off has no series")


def too_long(lab, node, server):
    lab.step("a list without end, a bomb, and 1 GB are not taken")
    server.serve("/endless", raw=endless)
    server.serve("/huge", raw=announced(1 << 30))
    server.pages["/bomb"] = gzip_bomb()
    before = node.resident_bytes()
    for name in ("endless", "huge", "bomb"):
        add(node, name, server.url("/" + name), "hosting", type="ip", max_mib=1)
        problem = refresh(node, name, status=(413,))
        expect("long" in problem["detail"], f"{name}: {problem}")
        expect(feed(node, name)["entries"] == 0, f"{name}: nothing was taken")
        node.ask("DELETE", f"/v1/feeds/{name}", status=204)
    path = os.path.join(lab.dir, "huge")
    with open(path, "wb") as file:
        file.truncate(1 << 30)
    add(node, "huge", "file://" + path, "hosting", type="ip", max_mib=1)
    problem = refresh(node, "huge", status=413)
    expect("1 MiB" in problem["detail"], f"a file of 1 GB: {problem}")
    node.ask("DELETE", "/v1/feeds/huge", status=204)
    os.unlink(path)
    grown = node.resident_bytes() - before
    expect(grown < 64 << 20, f"it grew by {grown >> 20} MiB")
    expect(not [f for f in os.listdir(node.data_dir) if f.startswith("feed-")], "a file was left")


def shrinking(lab, node, server):
    lab.step("the operator may let a list shrink; its canary must be there")
    server.serve("/tor", "192.0.2.1\n")
    done = refresh(node, "exits", may_shrink=True)
    expect(done["entries"] == 1 and done["state"] == "ok", f"it shrank: {done}")
    url = server.serve("/canary", "192.0.2.50\n192.0.2.51\n")
    add(node, "canary", url, "hosting", type="ip", canary="127.0.0.2")
    problem = refresh(node, "canary", status=422)
    expect("canary" in problem["detail"], f"{problem}")
    server.serve("/canary", "192.0.2.50\n127.0.0.2\n192.0.2.51\n")
    done = refresh(node, "canary")
    expect((done["entries"], done["left_out"]) == (2, 0), f"the canary is no entry: {done}")


def never(lab, node, server):
    lab.step("no list may speak of a public suffix, a mail provider or a private range")
    body = "bad.example.org\nco.uk\ngmail.com\nworse.example.org\nthird.example.net\n"
    add(node, "never", server.serve("/never", body), "disposable_email", type="domain")
    done = refresh(node, "never")
    expect((done["entries"], done["left_out"]) == (3, 2), f"two left out: {done}")
    note_of(node, "email", "a@bad.example.org", "disposable")
    nothing_of(node, "email", "somebody@gmail.com")


def nothing_is_sent(lab, node, server):
    lab.step("of all this a peer is told nothing")
    peer = lab.node("peer").start()
    befriend(peer, node)
    add(node, "told", server.serve("/told", "192.0.2.180\n"), "hosting", type="ip")
    refresh(node, "told")
    note_of(node, "ip", "192.0.2.180", "told")
    node.report(("ip", "192.0.2.181"))
    wait_until(lambda: peer.reports(actor=node.actor), "the peer has what was reported")
    expect(len(peer.reports(actor=node.actor)) == 1, "and nothing else")
    for value in ("192.0.2.180", "192.0.2.1"):
        nothing_of(peer, "ip", value)
    peer.stop()


def mirrors(lab, node, server):
    lab.step("two lists that say the same are one origin")
    names = [f"d{i}.example.org" for i in range(100)]
    add(node, "original", server.serve("/original", "\n".join(names)), "disposable_email",
        type="domain", title="Original")
    refresh(node, "original")
    add(node, "copy", server.serve("/copy", "\n".join(names[4:] + ["more.example.org"])),
        "disposable_email", type="domain", title="Copy")
    done = refresh(node, "copy")
    expect(done["mirror_of"] == "original", f"a mirror: {done}")
    add(node, "other", server.serve("/other", "\n".join(names[:60])), "disposable_email",
        type="domain", title="Other")
    expect(refresh(node, "other")["mirror_of"] is None, "60 of 100 is another list")
    answer = node.check(("domain", "d50.example.org"))["subjects"][0]
    expect(answer["origins"] == 2, f"three lists, two origins: {answer}")
    texts = [n["text"] for n in answer["notes"]]
    expect(len(texts) == 2 and not any("Copy" in t for t in texts), f"the original speaks: {texts}")
    only_copy = node.check(("domain", "more.example.org"))["subjects"][0]
    expect("Copy" in only_copy["notes"][0]["text"], f"what only the mirror has: {only_copy}")
    add(node, "twin", server.serve("/twin", "\n".join(names)), "disposable_email", type="domain", title="Twin")
    expect(refresh(node, "twin")["mirror_of"] == "original", "another mirror")
    node.ask("DELETE", "/v1/feeds/original", status=204)
    mirrors_of_none(node)
    done = refresh(node, "twin")
    expect(done["mirror_of"] == "copy" and not done["written"], f"compared anew: {done}")


def mirrors_of_none(node):
    """Two that mirrored a list which has gone."""
    expect(feed(node, "copy")["mirror_of"] is None and feed(node, "twin")["mirror_of"] == "copy", "the first is one")
    answer = node.check(("domain", "d99.example.org"))["subjects"][0]
    expect(answer["origins"] == 1 and len(answer["notes"]) == 1, f"one origin still: {answer}")


def many_voices(lab, node, server):
    lab.step("many lists that say the gravest thing are a note still, and in no list for servers")
    for i in range(6):
        names = ["grave.example.org"] + [f"d{j}.of-{i}.example.org" for j in range(20)]
        add(node, f"grave-{i}", server.serve(f"/grave-{i}", "\n".join(names)), "malware", type="domain")
        refresh(node, f"grave-{i}")
    for profile in ("lenient", "default", "strict"):
        answer = node.check(("domain", "grave.example.org"), profile=profile)
        expect(answer["verdict"] == "note" and answer["subjects"][0]["origins"] == 6, f"{profile}: {answer}")
    token = node.ask("POST", "/v1/tokens", {"name": "lists", "scopes": ["stream"]}, 201)["token"]
    for least, there in (("note", True), ("review", False)):
        listed = node.tcp("GET", f"/v1/export/lines?profile=strict&min_verdict={least}", token=token)
        expect(listed.status == 200 and (b"grave.example.org" in listed.body) == there, f"from {least}: {listed}")
    decided = node.tcp("GET", "/v1/decisions?scope=domain&origins=tocsin,tocsin-review", token=token)
    expect(decided.json is None, f"no bouncer is told of a fact: {decided}")
    for i in range(6):
        node.ask("DELETE", f"/v1/feeds/grave-{i}", status=204)


def from_file(lab, node):
    lab.step("a file of the operator's")
    path = os.path.join(lab.dir, "ranges.csv")
    with open(path, "w", encoding="utf-8") as out:
        out.write('note,network\n"a, b",192.0.2.0/25\n"c",2001:db8:4::/48\n')
    add(node, "file", "file://" + path, "hosting", type="network", format="csv")
    expect(refresh(node, "file")["entries"] == 2, "two networks")
    note_of(node, "ip", "192.0.2.99", "hosting")
    note_of(node, "ip", "2001:db8:4:5::6", "hosting")
    os.unlink(path)
    problem = refresh(node, "file", status=502)
    expect("ranges.csv" in problem["detail"], f"{problem}")
    note_of(node, "ip", "192.0.2.99", "hosting")


def secrets(lab, node):
    lab.step("the node's own files are no list, and who is not on this machine names no file")
    link = os.path.join(lab.dir, "innocent.txt")
    token = os.path.join(node.data_dir, "admin.token")
    os.symlink(token, link)
    for path in (token, link, os.path.join(node.data_dir, "store", "..", "admin.token")):
        add(node, "secret", "file://" + path, "other", type="username")
        problem = refresh(node, "secret", status=403)
        expect("own directory" in problem["detail"], f"{path}: {problem}")
        expect(feed(node, "secret")["entries"] == 0, f"{path} was read")
        node.ask("DELETE", "/v1/feeds/secret", status=204)
    admin = node.ask("POST", "/v1/tokens", {"name": "far", "scopes": ["admin"]}, 201)["token"]
    outside = os.path.join(lab.dir, "outside.txt")
    with open(outside, "w", encoding="utf-8") as out:
        out.write("192.0.2.1\n")
    for url in ("file://" + outside, "FILE://" + outside):
        body = json.dumps({"name": "far", "url": url, "format": "lines", "type": "ip", "category": "hosting"})
        reply = node.tcp("POST", "/v1/feeds", body, token=admin, headers={"Content-Type": "application/json"})
        expect(reply.status == 403 and "socket" in reply.json["detail"], f"{url}: {reply}")
    node.ask("GET", "/v1/feeds/far", status=404)


def command_line(lab, node, tocsin, server):
    lab.step("the same by tocsin feed")
    url = server.serve("/cli", "198.51.100.200\n198.51.100.201\n")

    def run_tocsin(*args, status=0):
        done = subprocess.run([tocsin, *args, "--socket", node.socket], capture_output=True,
                              text=True, timeout=120, check=False)
        expect(done.returncode == status, f"tocsin {args}: {done.returncode} {done.stderr}")
        return done.stdout

    run_tocsin("feed", "add", "cli", url, "--format", "lines", "--type", "ip",
               "--category", "hosting")
    listed = json.loads(run_tocsin("feed", "list", "--json"))["feeds"]
    expect("tor-exits" in [f["name"] for f in listed], "ready-made feeds are listed")
    expect(not [f for f in listed if f["origin"] == "shipped" and f["enabled"]], "and are off")
    expect("198.51.100" not in run_tocsin("feed", "show", "cli"), "a feed shows no entry")
    run_tocsin("feed", "refresh", "cli")
    run_tocsin("feed", "disable", "cli")
    nothing_of(node, "ip", "198.51.100.200")
    run_tocsin("feed", "enable", "cli")
    wait_until(lambda: feed(node, "cli")["entries"] == 2, "the feed is read by itself")
    run_tocsin("feed", "remove", "cli")
    run_tocsin("feed", "show", "cli", status=3)
    nothing_of(node, "ip", "198.51.100.201")
    run_tocsin("feed", "add", "cli", url, status=2)


def refusals(lab, node):
    lab.step("what is no feed is refused")
    cases = [
        ({"name": "x", "url": "ftp://192.0.2.1/", "format": "lines"}, 400, "url"),
        ({"name": "X y", "url": "https://a.example/", "format": "lines"}, 400, "name"),
        ({"name": "../x", "url": "https://a.example/", "format": "mmdb"}, 400, "name"),
        ({"name": "a/b", "url": "https://a.example/", "format": "mmdb"}, 400, "name"),
        ({"name": "x.mmdb", "url": "https://a.example/", "format": "mmdb"}, 400, "name"),
        ({"name": "x", "url": "https://a.example/", "format": "tar"}, 400, "format"),
        ({"name": "x", "url": "https://a.example/", "format": "lines", "type": "ip"}, 400, "/category"),
        ({"name": "x", "url": "https://a.example/", "format": "lines", "type": "email",
          "category": "tor_exit"}, 422, "/category"),
        ({"name": "x", "url": "https://a.example/\n[feed]", "format": "lines"}, 400, "/url"),
        ({"name": "none"}, 404, "no such"),
        ({"name": "exits", "url": "https://a.example/", "format": "lines"}, 409, "already"),
    ]
    for body, status, where in cases:
        problem = node.ask("POST", "/v1/feeds", body, status)
        expect(where in problem["detail"], f"{body}: {problem}")
    for name in ("..%2Fadmin.token", "..", "%2e%2e%2fstore"):
        reply = node.api("POST", f"/v1/feeds/{name}/refresh", {})
        expect(reply.status in (400, 404), f"{name}: {reply}")


def from_directory(lab, node, server):
    lab.step("feeds.d beside the settings file, checked strictly")
    directory = os.path.join(lab.dir, "feeds.d")
    os.mkdir(directory)
    good = f"[feed]\nurl={server.serve('/own', '192.0.2.130')}\nformat=lines\ntype=ip\ncategory=hosting\n"

    def write(name, text):
        with open(os.path.join(directory, name), "w", encoding="utf-8") as out:
            out.write(text)

    def check_config(*more):
        done = subprocess.run([lab.tocsind, "--config", node.config, "--check-config", *more], timeout=60,
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    write("own.conf", good)
    write("tor-exits.conf", good.replace("hosting", "other"))
    here = ("--allow-address", "127.0.0.1")
    status, text = check_config()
    expect(status == 2 and ".conf:2: url must begin with https://" in text, f"without TLS: {status} {text}")
    expect(check_config(*here)[0] == 0, "a right file")
    write("bad.conf", good + "colour=red\n")
    status, text = check_config(*here)
    expect(status == 2 and "bad.conf:6: there is no key" in text, f"{status} {text}")
    os.unlink(os.path.join(directory, "bad.conf"))
    node.stop()
    node.start()
    expect(feed(node, "own")["state"] == "disabled", "off until it is enabled")
    expect(feed(node, "tor-exits")["category"] == "other", "it takes the place of a ready-made one")
    node.ask("POST", "/v1/feeds", {"name": "own"}, 200)
    wait_until(lambda: feed(node, "own")["entries"] == 1, "it is read")
    note_of(node, "ip", "192.0.2.130", "own")
    node.ask("DELETE", "/v1/feeds/own", status=204)
    expect(feed(node, "own")["state"] == "disabled", "what is in a file is not forgotten")
    node.ask("POST", "/v1/feeds/own/enable", None, 200)
    wait_until(lambda: feed(node, "own")["entries"] == 1, "it is read again")
    os.unlink(os.path.join(directory, "own.conf"))
    node.stop()
    node.start()
    node.ask("GET", "/v1/feeds/own", status=404)
    # Of the file feed, which covers it, there is a note still.
    wait_until(lambda: "own" not in str(node.check(("ip", "192.0.2.130"))["subjects"][0]["notes"]),
               "nothing is left of a feed whose file has gone")


def restart(lab, node, server):
    lab.step("a restart keeps feeds, and an automatic reading brings them up to date")
    server.serve("/tor", TOR)
    node.stop()
    node.start()
    note_of(node, "ip", "192.0.2.1", "Test exits")
    mirrors_of_none(node)
    node.ask("POST", "/v1/feeds/exits/disable", None, 200)
    nothing_of(node, "ip", "203.0.113.9")
    node.ask("POST", "/v1/feeds/exits/enable", None, 200)
    wait_until(lambda: feed(node, "exits")["entries"] == 4, "it is read after it was enabled")


def test(lab, tocsin):
    with FeedServer() as server:
        node = lab.node("a", api=True).start()
        first_list(lab, node, server)
        unchanged(lab, node, server)
        by_date(lab, node, server)
        unasked(lab, node, server)
        changed(lab, node, server)
        malformed(lab, node, server)
        failing_is_told(lab, node, tocsin)
        inside(lab, node, server)
        too_long(lab, node, server)
        shrinking(lab, node, server)
        never(lab, node, server)
        mirrors(lab, node, server)
        many_voices(lab, node, server)
        from_file(lab, node)
        secrets(lab, node)
        command_line(lab, node, tocsin, server)
        refusals(lab, node)
        nothing_is_sent(lab, node, server)
        restart(lab, node, server)
        from_directory(lab, node, server)
        timer(lab, server)
        lab.subjects.update({"192.0.2.1", "203.0.113.10", "bad.example.org", "d50.example.org"})
        node.stop()


if __name__ == "__main__":
    options = parse_arguments(__doc__, 1, [("tocsin", {"help": "the command line"})])
    sys.exit(run("feeds", options, lambda lab: test(lab, os.path.abspath(options.tocsin))))
