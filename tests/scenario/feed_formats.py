#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real lists, datasets in pages and databases of places, read by a real node as feeds.

Every list of tests/data/lists is read and its entries are looked up (all with --long), networks by
an address in them; a FIRES dataset is followed from its snapshot through what changes, retractions included; what
a MaxMind database says is compared with mmdblookup.
"""

import ipaddress
import json
import os
import shutil
import subprocess
import sys

import mmdb
from feed_server import FeedServer
from harness import UnixConnection, expect, parse_arguments, run

LISTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "lists")
BATCH_LINES = 10000
SAMPLE = 200  # entries of a list that are looked up, but in a long test

# Of each list: format, type, category. What no list may say is left out, as its domains say.
FEEDS = {
    "amazon-aws.json": ("misp-warninglist", "network", "hosting"),
    "bank-website.json": ("misp-warninglist", "domain", "other"),
    "cloudflare.json": ("misp-warninglist", "network", "hosting"),
    "disposable-email.json": ("misp-warninglist", "domain", "disposable_email"),
    "disposable_email_blocklist.conf": ("lines", "domain", "disposable_email"),
    "google-gcp.json": ("misp-warninglist", "network", "hosting"),
    "microsoft-azure.json": ("misp-warninglist", "network", "hosting"),
    "public-dns-v6.json": ("misp-warninglist", "ip", "hosting"),
    "tor-exit-nodes.lst": ("tor-exits", None, "tor_exit"),
    "university_domains.json": ("misp-warninglist", "domain", "other"),
    "url-shortener.json": ("misp-warninglist", "domain", "other"),
    "vpn-ipv4.json": ("misp-warninglist", "network", "open_proxy_vpn"),
    "vpn-ipv6.json": ("misp-warninglist", "network", "open_proxy_vpn"),
}

# Of these nothing, or next to nothing, may be said.
REFUSED = {"tlds.json": "public suffix", "second-level-tlds.json": "public suffix"}


def name_of(file):
    return "list-" + os.path.splitext(file)[0].lower().replace("_", "-")


def entries_of(file):
    with open(os.path.join(LISTS, file), encoding="utf-8") as opened:
        if file.endswith(".json"):
            return json.load(opened)["list"]
        return [line.strip() for line in opened if line.strip() and line[0] != "#"]


def add(node, name, url, format_, type_, category, **more):
    body = {"name": name, "url": url, "format": format_, **more}
    if type_:
        body["type"] = type_
    if category:
        body["category"] = category
    node.ask("POST", "/v1/feeds", body, 201)


def refresh(node, name, status=200):
    return node.ask("POST", f"/v1/feeds/{name}/refresh", {}, status)


def check_all(node, subjects):
    """The answers to checks of one subject each, in order."""
    answers = []
    for start in range(0, len(subjects), BATCH_LINES):
        lines = [
            json.dumps({"subjects": [{"type": t, "value": v}]}).encode()
            for t, v in subjects[start : start + BATCH_LINES]
        ]
        connection = UnixConnection(node.socket, 120)
        connection.request("POST", "/v1/check/batch", b"\n".join(lines),
                           {"Content-Type": "application/x-ndjson"})
        reply = connection.getresponse()
        expect(reply.status == 200, f"batch: {reply.status}")
        answers += [json.loads(line) for line in reply.read().splitlines() if line]
        connection.close()
    expect(len(answers) == len(subjects), "an answer a line")
    return answers


def asked_for(entry, type_):
    """What to ask so that this entry answers: of a network its last address."""
    if type_ == "domain":
        return "domain", entry.lstrip(".").lower()
    network = ipaddress.ip_network(entry, strict=False)
    return "ip", str(network[-1])


def keys_of(entries, type_):
    """How many keys the entries have: of an IPv6 address its /64 is the key."""
    if type_ != "ip":
        return len({e.lstrip(".").lower() for e in entries})
    return len({e if "." in e else ipaddress.ip_network(e + "/64", strict=False) for e in entries})


def some(lab, entries, n):
    """All of them in a long test."""
    return entries if lab.is_long or len(entries) <= n else lab.random.sample(entries, n)


def real_lists(lab, node):
    for file, (format_, type_, category) in FEEDS.items():
        lab.step(file)
        entries = entries_of(file)
        name = name_of(file)
        add(node, name, "file://" + os.path.realpath(os.path.join(LISTS, file)), format_, type_,
            category)
        done = refresh(node, name)
        expect(done["entries"] + done["left_out"] >= 0.99 * keys_of(entries, type_ or "ip"), f"{done}")
        expect(done["left_out"] <= 0.02 * len(entries), f"too much was left out: {done}")
        chosen = some(lab, entries, SAMPLE)
        answers = check_all(node, [asked_for(e, type_ or "ip") for e in chosen])
        known = [a for a in answers if a.get("known") and a["verdict"] == "note"]
        expect(len(known) >= len(chosen) - done["left_out"], f"{file}: {len(known)} of {len(chosen)}")


def listed_v4():
    """Of every list here the IPv4 networks, by length: what a longest prefix is found among."""
    by_length = {}
    for file, (_, type_, _) in FEEDS.items():
        if type_ == "domain":
            continue
        for entry in entries_of(file):
            network = ipaddress.ip_network(entry, strict=False)
            if network.version == 4:
                by_length.setdefault(network.prefixlen, set()).add(int(network.network_address))
    return by_length


def longest_prefix(lab, node):
    lab.step("the 42,426 networks by the longest prefix")
    networks = [ipaddress.ip_network(n) for n in entries_of("vpn-ipv4.json")]
    expect(len(networks) == 42426, "as many as were told")
    by_length = listed_v4()
    lengths = sorted(by_length, reverse=True)
    chosen = some(lab, networks, 4 * SAMPLE)
    subjects = [("ip", str(n[lab.random.randrange(n.num_addresses)])) for n in chosen]
    for (_, value), answer in zip(subjects, check_all(node, subjects)):
        number = int(ipaddress.ip_address(value))
        wanted = next(l for l in lengths if number >> 32 - l << 32 - l in by_length[l])
        texts = [n["text"] for n in answer["subjects"][0]["notes"]]
        expect(any("vpn-ipv4" in t for t in texts), f"{value}: {texts}")
        matched = ipaddress.ip_network(answer["subjects"][0]["matched"])
        expect(matched.prefixlen == wanted and ipaddress.ip_address(value) in matched,
               f"{value}: {matched} is not the one of /{wanted}")


def refused_lists(lab, node):
    for file, why in REFUSED.items():
        lab.step(file)
        add(node, name_of(file), "file://" + os.path.realpath(os.path.join(LISTS, file)),
            "misp-warninglist", "domain", "other")
        problem = refresh(node, name_of(file), status=422)
        expect(why in problem["detail"] or "valid" in problem["detail"], f"{problem}")


def mirror(lab, node):
    lab.step("a real mirror is one origin")
    feeds = {f["name"]: f for f in node.ask("GET", "/v1/feeds")["feeds"]}
    pair = {feeds["list-disposable-email"]["mirror_of"], feeds["list-disposable-email-blocklist"]["mirror_of"]}
    expect(pair in ({None, "list-disposable-email"}, {None, "list-disposable-email-blocklist"}), f"{pair}")
    answer = node.check(("email", "a@0-mail.com"))["subjects"][0]
    expect(answer["origins"] == 1, f"one origin: {answer}")


# FIRES


def change(kind, key, type_="Recommendation", **more):
    """As the reference server writes one."""
    return {"id": f"https://f.example/datasets/1/changes/{key}", "type": type_, "published": "2026-11-01T00:00:00Z",
            "entityKind": kind, "entityKey": key, **more}


def serve_fires(server, path, **document):
    return server.serve(path, json.dumps({
        "@context": ["https://www.w3.org/ns/activitystreams", "https://fires.fedimod.org/context/fires.jsonld"],
        **document}))


def serve_page(server, since, following, items):
    """A page of changes, as the reference server has it: the last one is empty and leads nowhere."""
    collection = server.url("/c")
    links = {"next": f"{collection}?since={following}"} if following else {}
    return serve_fires(server, f"/c?since={since}", id=f"{collection}?since={since}", partOf=collection,
                       type="OrderedCollectionPage", dataset=server.url("/d"), totalItems=9,
                       first=f"{collection}?since=0", last=f"{collection}?since=9", **links, orderedItems=items)


def serve_snapshot(server, since, items):
    return serve_fires(server, "/s", id=server.url("/s"), type="Collection", summary="Snapshot for D dataset",
                       dataset=server.url("/d"), totalItems=len(items), updated="2026-11-01T00:00:00Z",
                       changes=server.url(f"/c?since={since}"), orderedItems=items)


def dataset(lab, node, server):
    lab.step("a FIRES dataset: its snapshot, then changes and retractions")
    url = serve_fires(server, "/d", type="Dataset", id=server.url("/d"), url=server.url("/d.html"), name="D",
                      published="2026-11-01T00:00:00Z",
                      endpoints={"changes": server.url("/c"), "snapshot": server.url("/s")})
    serve_snapshot(server, 5, [
        change("domain", "bad.example.org", labels=["https://f.example/labels/1"], recommendedPolicy="drop",
               recommendedFilters=[]),
        change("domain", "gone.example.org", "Retraction"),
        change("domain", "worse.example.org", "Advisory", labels=[]),
        change("domain", "fine.example.org", recommendedPolicy="accept", recommendedFilters=[]),
        change("actor", "https://social.example.org/users/u", recommendedPolicy="filter", recommendedFilters=[]),
    ])
    add(node, "fires", url, "fires", None, "other", title="Dataset")
    done = refresh(node, "fires")
    expect(done["entries"] == 3, f"three are said: {done}")
    texts = [n["text"] for n in node.check(("domain", "bad.example.org"))["subjects"][0]["notes"]]
    expect(any("Listed for other by “Dataset”" in t for t in texts), f"{texts}")
    for value in ("gone.example.org", "fine.example.org"):
        expect(not node.check(("domain", value))["known"], f"{value} is known")

    serve_page(server, 5, 7, [
        change("domain", "bad.example.org", "Retraction"),
        change("domain", "new.example.org", recommendedPolicy="reject"),
    ])
    serve_page(server, 7, 9, [
        change("domain", "new.example.org", "Retraction"),
        change("domain", "newer.example.org", recommendedPolicy="reject"),
    ])
    serve_page(server, 9, None, [])
    done = refresh(node, "fires")
    expect((done["added"], done["removed"], done["entries"]) == (1, 1, 3), f"{done}")
    expect(not node.check(("domain", "bad.example.org"))["known"], "what was retracted is gone")
    expect(not node.check(("domain", "new.example.org"))["known"], "and what came and went")
    expect(node.check(("domain", "newer.example.org"))["known"], "what came is there")
    asked = len(server.asked["/s"])
    done = refresh(node, "fires")
    expect(not done["written"], f"the newest page again changes nothing: {done}")
    expect(len(server.asked["/s"]) == asked, "the snapshot is not read again")


def unnamed_retractions(lab, node, server):
    lab.step("what is taken back without its name is gone from the snapshot, which is read again")
    for kind, left in (("Tombstone", ["newer.example.org", "worse.example.org", "third.example.org"]),
                       ("Retraction", ["newer.example.org", "worse.example.org", "fourth.example.org"])):
        serve_page(server, 9, None, [{"id": "https://f.example/datasets/1/changes/x", "type": kind,
                                      "published": "2026-11-01T00:00:00Z"}])
        serve_snapshot(server, 9, [change("domain", d, recommendedPolicy="drop") for d in left])
        asked = len(server.asked["/s"])
        done = refresh(node, "fires")
        expect(len(server.asked["/s"]) == asked + 1, f"{kind}: the snapshot was not read")
        expect((done["added"], done["removed"], done["entries"]) == (1, 1, 3), f"{kind}: {done}")
        expect(node.check(("domain", left[-1]))["known"], f"{kind}: {left[-1]}")
    lab.step("a change that is no subject does not stop the rest")
    serve_page(server, 9, None, [change("domain", "no domain", recommendedPolicy="drop")])
    serve_snapshot(server, 9, [change("domain", d, recommendedPolicy="drop")
                               for d in ("no domain", "newer.example.org", "worse.example.org", "fifth.example.org")])
    done = refresh(node, "fires")
    expect((done["entries"], done["left_out"], done["state"]) == (3, 1, "ok"), f"{done}")
    expect(node.check(("domain", "fifth.example.org"))["known"], "what else the snapshot says is there")
    serve_page(server, 9, None, [])
    refresh(node, "fires")


def dataset_without_end(lab, node, server):
    lab.step("a dataset that leads elsewhere, in circles, nowhere, or on for ever")
    serve_page(server, 9, 9, [])
    server.pages.pop("/s")
    problem = refresh(node, "fires", status=502)
    expect("404" in problem["detail"], f"{problem}")
    expect(node.check(("domain", "newer.example.org"))["known"], "the last good state stays")
    serve_fires(server, "/s", type="OrderedCollection", next="http://127.0.0.2:9/", orderedItems=[])
    problem = refresh(node, "fires", status=403)
    expect("origin" in problem["detail"], f"{problem}")
    serve_snapshot(server, 9, [
        change("domain", "worse.example.org", "Advisory"),
        change("domain", "newer.example.org", recommendedPolicy="reject"),
        change("actor", "https://social.example.org/users/u", recommendedPolicy="filter"),
    ])
    done = refresh(node, "fires")
    expect((done["entries"], done["state"]) == (3, "ok"), f"read anew: {done}")
    # Pages of 300 KiB, of which the next one is always there.
    filler = [change("domain", f"d{i}.example.org", recommendedPolicy="drop") for i in range(1600)]
    for i in range(10):
        serve_fires(server, f"/l{i}", type="OrderedCollectionPage", next=server.url(f"/l{i + 1}"), orderedItems=filler)
    add(node, "long", server.url("/l0"), "fires", None, "other", max_mib=1)
    problem = refresh(node, "long", status=413)
    expect("long" in problem["detail"], f"{problem}")
    expect(len(server.asked) and "/l9" not in server.asked, "no more is asked for than it may have")
    node.ask("DELETE", "/v1/feeds/long", status=204)


def dataset_that_takes_long(lab, server):
    lab.step("a dataset that always has one more page is given up")
    lab.time_scale = 20000
    node = lab.node("patient").start()
    lab.time_scale = 1
    server.made_pages["/more/"] = lambda path: json.dumps({
        "type": "OrderedCollectionPage", "next": server.url(f"/more/{int(path.rsplit('/', 1)[1]) + 1}"),
        "orderedItems": []})
    add(node, "more", server.url("/more/0"), "fires", None, "other")
    problem = refresh(node, "more", status=502)
    expect("takes too long" in problem["detail"], f"{problem}")
    node.stop()


def own_export(lab, node, server):
    lab.step("what a node exports as FIRES, another reads")
    writer = lab.node("writer", api=True).start()
    token = writer.ask("POST", "/v1/tokens", {"name": "reader", "scopes": ["stream"]}, 201)["token"]
    reports = {v: writer.report((t, v)) for t, v in (
        ("domain", "one.example.org"), ("domain", "two.example.org"), ("actor", "https://social.example.org/users/w"))}

    def export():
        reply = writer.tcp("GET", "/v1/export/fires", token=token)
        expect(reply.status == 200, f"{reply}")
        return server.serve("/export", reply.body), int(reply.headers["X-Tocsin-Count"])

    url, count = export()
    add(node, "exported", url, "fires", None, "other", title="Another node")
    done = refresh(node, "exported")
    expect((count, done["entries"], done["left_out"]) == (3, 3, 0), f"{count} were exported: {done}")
    for kind, value in (("domain", "two.example.org"), ("actor", "https://social.example.org/users/w")):
        texts = [n["text"] for n in node.check((kind, value))["subjects"][0]["notes"]]
        expect(any("Another node" in t for t in texts), f"{value}: {texts}")
    for report in reports["one.example.org"]:
        writer.withdraw(report)
    export()
    problem = refresh(node, "exported", status=422)
    expect("shrank" in problem["detail"], f"one of three is more than 30 %: {problem}")
    done = node.ask("POST", "/v1/feeds/exported/refresh", {"may_shrink": True}, 200)
    expect((done["removed"], done["entries"]) == (1, 2), f"what was withdrawn is gone: {done}")
    expect(not node.check(("domain", "one.example.org"))["known"], "here too")
    writer.stop()


# Places

COUNTRIES = {"192.0.2.0/24": ("Australia", "AU"), "198.51.100.0/25": ("Chile", "CL"),
             "2001:db8::/32": ("Norway", "NO")}
NETWORKS = {"192.0.2.0/25": (64496, "Amazon EC2"), "2001:db8:8000::/33": (64511, "Ex & Co")}


def looked_up(tool, path, address, *keys):
    done = subprocess.run([tool, "--file", path, "--ip", address, *keys], capture_output=True,
                          text=True, timeout=30, check=False)
    return done.stdout.split("<")[0].strip().strip('"') if done.returncode == 0 else None


def notes_of(node, address):
    return node.check(("ip", address))["subjects"][0]["notes"]


def places(lab, node, server):
    lab.step("countries and networks of an address")
    country = mmdb.database("Test-Country", {n: mmdb.country(*c) for n, c in COUNTRIES.items()})
    asn = mmdb.database("Test-ASN", {n: mmdb.network(*a) for n, a in NETWORKS.items()})
    add(node, "country", server.serve("/country", country), "mmdb", None, None, title="Countries")
    done = node.api("POST", "/v1/feeds/country/refresh", {})
    if done.status == 415 or b"reads no MaxMind" in done.body:
        lab.skip("this build has no libmaxminddb")
        return
    expect(done.status == 200 and done.json["entries"] > 0, f"{done}")
    path = os.path.join(lab.dir, "asn.mmdb")
    with open(path, "wb") as out:
        out.write(asn)
    add(node, "asn", "file://" + path, "mmdb", None, None, title="Networks")
    refresh(node, "asn")
    answer = node.check(("ip", "192.0.2.200"))
    expect(answer["verdict"] == "allow" and not answer["known"], "where it is accuses nobody")
    expect([n["text"] for n in answer["subjects"][0]["notes"]]
           == ["Believed to be from Australia, by “Countries”, read just now"], f"{answer}")
    texts = sorted(n["text"] for n in notes_of(node, "192.0.2.5"))
    expect(texts[1] == "In the network of Amazon EC2 (AS64496), by “Networks”, read just now",
           f"{texts}")
    expect(notes_of(node, "203.0.113.5") == [], "nothing is believed of the rest")
    compare(lab, node, country)
    broken(lab, node, server, country)


def compare(lab, node, country):
    tool = shutil.which("mmdblookup")
    if tool is None:
        lab.skip("mmdblookup is not installed")
        return
    lab.step("as mmdblookup finds it")
    path = os.path.join(lab.dir, "country.mmdb")
    with open(path, "wb") as out:
        out.write(country)
    for base in ("192.0.2.0", "198.51.100.0", "198.51.100.128", "2001:db8::", "2001:db9::"):
        address = str(ipaddress.ip_address(base) + lab.random.randrange(100))
        wanted = looked_up(tool, path, address, "country", "names", "en")
        found = [n["text"] for n in notes_of(node, address) if "Countries" in n["text"]]
        expect((wanted is None) == (not found), f"{address}: {wanted}, {found}")
        expect(wanted is None or f"from {wanted}," in found[0], f"{address}: {wanted}, {found}")


def broken(lab, node, server, country):
    lab.step("a database that is cut short changes nothing; a restart keeps the last good one")
    for body in (country[:-40], b"", b"<html>", mmdb.database("Test-Anonymous", {"192.0.2.0/24": {"a": 1}})):
        server.serve("/country", body)
        problem = refresh(node, "country", status=422)
        expect("atabase" in problem["detail"], f"{problem}")
        expect(len(notes_of(node, "192.0.2.200")) == 1, "the last good one stays")
    node.stop()
    node.start()
    expect(len(notes_of(node, "192.0.2.5")) == 2, "a restart keeps both")
    node.ask("DELETE", "/v1/feeds/asn", status=204)
    expect(len(notes_of(node, "192.0.2.5")) == 1, "one is gone")
    expect(not os.path.exists(os.path.join(node.data_dir, "feed-asn.mmdb")), "with its file")


def test(lab):
    with FeedServer() as server:
        node = lab.node("a").start()
        dataset(lab, node, server)
        unnamed_retractions(lab, node, server)
        dataset_without_end(lab, node, server)
        dataset_that_takes_long(lab, server)
        own_export(lab, node, server)
        places(lab, node, server)
        real_lists(lab, node)
        longest_prefix(lab, node)
        refused_lists(lab, node)
        mirror(lab, node)
        node.stop()


if __name__ == "__main__":
    flag = ("--long", {"action": "store_true", "help": "look every entry of every list up"})
    options = parse_arguments(__doc__, 1, [flag])

    def with_options(lab):
        lab.is_long = options.long
        test(lab)

    sys.exit(run("feed-formats", options, with_options))
