# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hostile requests of refusals.py that are one message and its answer.

Each group yields (name, statuses, request). `cast` is who takes part: node, peer (a direct peer),
prover (a direct peer that has to prove), nobody (an actor that the node has never heard of),
held (a report of the peer that the node holds), its Add as it was sent, foreign (the prover's).
"""

import base64
import copy
import gzip
import json
import time

from stranger import DAY, changed, rfc3339

DRAFT, RFC = "draft", "rfc9421"
RFC_ED = {"algorithm": "ed25519"}


def twisted(cast, scheme, **twists):
    return cast.peer.request(cast.node, cast.peer.add(), scheme, **twists)


def signatures_draft(cast):
    def make(**twists):
        return twisted(cast, DRAFT, **twists)

    def header(value):
        return make().put("Signature", value)

    full = "(request-target) host date digest content-type"
    cases = {
        "no digest covered": make(covered="(request-target) host date"),
        "no date covered": make(covered="(request-target) host digest"),
        "no host covered": make(covered="(request-target) date digest"),
        "no target covered": make(covered="host date digest"),
        "nothing covered": make(covered=""),
        "date of yesterday": make(date=-13 * 3600),
        "date two hours ahead": make(date=2 * 3600),
        "date of 1970": make(date=-time.time()),
        "another path": make(signed_target="/outbox"),
        "a query that is not there": make(signed_target="/inbox?x=1"),
        "another host": make(signed_host="example.org"),
        "another port": make(signed_host="127.0.0.1:1"),
        "wrong digest": make(digest="SHA-256=" + "A" * 43 + "="),
        "digest by MD5 alone": make(digest="MD5=1B2M2Y8AsgTpgAmY7PhCfg=="),
        "empty digest": make(digest="SHA-256="),
        "no digest at all": make().without("Digest"),
        "algorithm hmac": make(algorithm="hmac-sha256"),
        "algorithm none": make(algorithm="none"),
        "algorithm sha1": make(algorithm="rsa-sha1"),
        "expired": make(
            covered="(request-target) host (created) (expires) digest",
            parameters=f",created={int(time.time()) - 60},expires={int(time.time()) - 30}",
            algorithm="hs2019",
            lines=(
                ("(created)", int(time.time()) - 60),
                ("(expires)", int(time.time()) - 30),
            ),
        ),
        "created yesterday": make(
            covered="(request-target) host (created) digest",
            parameters=f",created={int(time.time()) - 13 * 3600}",
            algorithm="hs2019",
            lines=(("(created)", int(time.time()) - 13 * 3600),),
        ),
        "created beside rsa-sha256 and missing": make(
            covered="(request-target) host (created) digest", lines=(("(created)", ""),)
        ),
        "key of another actor": make(key=cast.prover.rsa),
        "key id of another actor": make(key_id=cast.prover.rsa_id),
        "another key's id of the same actor": make(key_id=cast.peer.actor + "#other"),
        "a second Signature header": _twice(make(), "Signature"),
        "two hundred Signature headers": _many(make(), "Signature", 200),
        "empty Signature": header(""),
        "Signature of commas": header("," * 5000),
        "Signature unquoted": header("keyId=x,headers=y,signature=z"),
        "Signature without keyId": header(f'headers="{full}",signature="AAAA"'),
        "Signature not base64": header(
            f'keyId="{cast.peer.rsa_id}",algorithm="rsa-sha256",headers="{full}",signature="!!"'
        ),
        "Signature of nothing": header(
            f'keyId="{cast.peer.rsa_id}",algorithm="rsa-sha256",headers="{full}",signature=""'
        ),
        "Signature with a bit flipped": _flip(make()),
        "Signature cut": _cut(make()),
        "date header gone": make().without("Date"),
        "date header garbage": make().put("Date", "yesterday"),
        "second Date": _twice(make(), "Date"),
        "second Digest": _twice(make(), "Digest"),
        "covers a header that is not there": make(covered=full + " x-absent"),
        "covers the digest twice": make(covered=full + " digest"),
        "body of another activity": _body(make(), cast.peer.add()),
    }
    for name, request in cases.items():
        yield "draft: " + name, (431 if name.startswith("two hundred") else 401,), request


def signatures_rfc9421(cast):
    def make(**twists):
        return twisted(cast, RFC, **twists)

    full = "@method @target-uri content-digest"
    many = make()
    one_input, one_signature = many.get("Signature-Input"), many.get("Signature")
    labels = [f"s{number}" for number in range(200)]
    many.put("Signature-Input", ", ".join(n + one_input.removeprefix("sig1") for n in labels))
    many.put("Signature", ", ".join(n + one_signature.removeprefix("sig1") for n in labels))
    cases = {
        "no digest covered": make(covered="@method @target-uri"),
        "no method covered": make(covered="@target-uri content-digest"),
        "no target covered": make(covered="@method content-digest"),
        "authority without path": make(covered="@method @authority content-digest"),
        "path without authority": make(covered="@method @path content-digest"),
        "nothing covered": make(covered=""),
        "no created": make(with_created=False),
        "created yesterday": make(created=-13 * 3600),
        "created two hours ahead": make(created=2 * 3600),
        "expired": make(created=-60, expires=-30),
        "another path": make(signed_target="/outbox"),
        "another host": make(signed_host="example.org"),
        "wrong digest": make(digest="sha-256=:" + "A" * 43 + "=:"),
        "digest by SHA-512 alone": make(digest="sha-512=:" + "A" * 86 + "==:"),
        "digest of another form": make(digest="SHA-256=" + "A" * 43 + "="),
        "no digest at all": make().without("Content-Digest"),
        "algorithm unknown": make(algorithm="rsa-pss-sha512"),
        "algorithm hmac": make(algorithm="hmac-sha256"),
        "algorithm of another key": make(algorithm="ed25519"),
        "RSA for an Ed25519 key id": make(key_id=cast.peer.ed25519_id),
        "Ed25519 signature by another": make(
            key=cast.prover.ed25519, key_id=cast.peer.ed25519_id, **RFC_ED
        ),
        "Ed25519 under the RSA key id": make(key=cast.peer.ed25519, **RFC_ED),
        "key of another actor": make(key=cast.prover.rsa),
        "key id of another actor": make(key_id=cast.prover.rsa_id),
        "two hundred labels": many,
        "two labels": make().put(
            "Signature-Input", one_input + ", b" + one_input.removeprefix("sig1")
        ),
        "no Signature": make().without("Signature"),
        "Signature of another label": make().put("Signature", one_signature.replace("sig1", "b")),
        "Signature not a byte sequence": make().put("Signature", 'sig1="abc"'),
        "Signature-Input garbage": make().put("Signature-Input", "((((("),
        "Signature-Input not a list": make().put("Signature-Input", "sig1=1"),
        "Signature-Input of 30,000 bytes": make().put("Signature-Input", "sig1=(" + '"a" ' * 7500),
        "an unknown component": make(covered=full + " @nonsense"),
        "a response's component": make(covered=full + " @status"),
        "a component twice": make(covered=full + " @method"),
        "body of another activity": _body(make(), cast.peer.add()),
    }
    for name, request in cases.items():
        yield "rfc9421: " + name, (431 if name.startswith("two hundred") else 401,), request


def key_ids(cast):
    """Key ids that may not be fetched, or not found."""
    port = cast.node.port
    urls = {
        "a file": "file:///etc/passwd",
        "data": "data:text/plain,x",
        "javascript": "javascript:alert(1)",
        "ftp": "ftp://127.0.0.1/key",
        "no scheme": "//127.0.0.1/actor",
        "a path": "/actor#main-key",
        "empty": "#main-key",
        "userinfo": f"http://user:secret@127.0.0.1:{cast.nobody.server.server_port}/actor",
        "port 0": "http://127.0.0.1:0/actor",
        "port 99999": "http://127.0.0.1:99999/actor",
        "a closed port": "http://127.0.0.1:1/actor",
        "dot segments": cast.nobody.base + "/x/../actor",
        "an encoded dot segment": cast.nobody.base + "/%2e%2e/actor",
        "this node": f"http://127.0.0.1:{port}/actor#main-key",
        "this node by another name": f"http://localhost:{port}/actor#main-key",
        "a private address": "http://10.0.0.1/actor",
        "a link-local address": "http://169.254.169.254/latest/meta-data/",
        "an address in octal": "http://0177.0.0.1/actor",
        "an address in one number": "http://2130706433/actor",
        "this host": "http://0.0.0.0/actor",
        "IPv6 loopback": "http://[::1]/actor",
        "a mapped address": "http://[::ffff:10.0.0.1]/actor",
        "5,000 bytes": cast.nobody.base + "/" + "a" * 5000,
        "line breaks": cast.nobody.base + "/%0d%0aHost:%20x",
        "blanks": "http://127.0.0.1 /actor",
    }
    for name, url in urls.items():
        yield "key id: " + name, (401,), twisted(cast, DRAFT, key_id=url)


def ownership(cast):
    peer, prover, nobody = cast.peer, cast.prover, cast.nobody
    held, host = cast.held["object"]["id"], peer.base.split("//")[1]

    def by_peer(activity):
        return peer.request(cast.node, activity)

    def odd_id(room, prefix):
        return by_peer(
            peer.add(peer.report(id=prefix)) if room == "reports" else peer.add(id=prefix)
        )

    strange = peer.new_id("reports").replace(peer.base, nobody.base)
    cases = [
        ("Add by nobody", (403,), nobody.request(cast.node, nobody.add())),
        ("Remove by nobody", (403,), nobody.request(cast.node, nobody.remove(held))),
        ("Remove by another peer", (403,), prover_remove(cast, held)),
        ("Follow of another actor", (403,), by_peer(nobody.activity("Follow", object=cast.node.actor))),
        ("Undo of another's Follow", (403,), by_peer(nobody.activity("Undo", object=held))),
        ("Update of another actor", (403,), by_peer(nobody.activity("Update", object=nobody.document()))),
        ("Update of another's document", (403,), by_peer(peer.activity("Update", object=nobody.document()))),
        ("Accept of a Follow never sent", (403,), nobody.request(cast.node, nobody.activity("Accept", object=cast.node.base + "/activities/x"))),
        ("report by another author", (403,), by_peer(peer.add(peer.report(attributedTo=nobody.actor)))),
        ("target of another", (403,), by_peer(peer.add(target=nobody.base + "/reports"))),
        ("target of this node", (403,), by_peer(peer.add(target=cast.node.base + "/reports"))),
        ("target missing", (400,), by_peer(peer.add(target=None))),
        ("target trust for a report", (403,), by_peer(peer.add(target=peer.base + "/trust"))),
        ("report of another origin", (403,), by_peer(peer.add(peer.report(id=strange)))),
        ("activity of another origin", (403,), by_peer(peer.add(id=nobody.base + "/activities/1"))),
        ("Remove of another origin's report", (403,), by_peer(peer.remove(strange))),
        ("Remove from a foreign target", (403,), by_peer(peer.remove(held, target=prover.base + "/reports"))),
        ("a seen id with another content", (403,), by_peer({**cast.held, "object": {**cast.held["object"], "confidence": 1}})),
        ("an Add that is not embedded", (422,), by_peer(peer.add(held))),
        ("an Add of a link to a stranger", (422,), by_peer(peer.add(nobody.base + "/reports/1"))),
        ("Add without proof by one that has to prove", (403,), prover.request(cast.node, prover.add())),
        ("relay of nobody's amber", (202,), by_peer(nobody.prove(nobody.add(nobody.report(sharing="amber"))))),
    ]
    odd = {
        "userinfo": f"http://user@{host}/reports/1",
        "dot segments": f"http://{host}/reports/../reports/1",
        "an encoded dot segment": f"http://{host}/reports/%2e%2e/1",
        "mixed case": f"http://{host}/reports/1".replace("http", "HTTP"),
        "a fragment": f"http://{host}/reports/1#x",
        "a default port": "http://127.0.0.1:80/reports/1",
        "blanks": f"http://{host}/reports/ 1",
        "a backslash": f"http://{host}/reports\\1",
        "another scheme": f"ftp://{host}/reports/1",
        "2,100 bytes": f"http://{host}/reports/" + "a" * 2100,
        "nothing": "",
        "a control character": f"http://{host}/reports/\u0001",
    }
    for name, text in odd.items():
        # What is no URI at all makes no valid report; one that is not in canonical form is 400.
        none = name in ("nothing", "2,100 bytes")
        cases.append((f"report id: {name}", (422 if none else 400,), odd_id("reports", text)))
        if name != "a fragment":
            cases.append((f"activity id: {name}", (400,), odd_id("activities", text)))
    for name, statuses, request in cases:
        yield "ownership: " + name, statuses, request


def shapes(cast):
    """Activities whose members are there and are not what they should be."""
    peer = cast.peer
    held, now = cast.held["object"]["id"], time.time()
    report = peer.report()
    later, old = rfc3339(now + 7200), rfc3339(now - 401 * DAY)
    cases = {
        "two objects": (peer.add([report, report]), (422,)),
        "a number for an id": (peer.add(id=7), (400,)),
        "two ids": (peer.add(id=[peer.new_id("activities"), peer.new_id("activities")]), (400,)),
        "no id": (peer.add(id=None), (400,)),
        "no actor": (peer.add(actor=None), (400,)),
        "two actors": (peer.add(actor=[peer.actor, cast.prover.actor]), (400,)),
        "an actor of another": (peer.add(actor=cast.prover.actor), (403,)),
        "a number for a type": (peer.activity(7, object=held), (400,)),
        "no type": (peer.activity(None, object=held), (400,)),
        "a time that is none": (peer.add(published="yesterday"), (400,)),
        "a Remove without an object": (peer.remove(None), (400,)),
        "a Remove of a number": (peer.remove(5), (400,)),
        "a Remove of two": (peer.remove([held, held]), (400,)),
        "a Remove of in two hours": (peer.remove(held, published=later), (422,)),
        "a Remove of 401 days ago": (peer.remove(held, published=old), (422,)),
        "a Follow of nothing": (peer.activity("Follow"), (400,)),
        "a Follow of another": (peer.activity("Follow", object=cast.nobody.actor), (422,)),
        "an Accept of nothing": (peer.activity("Accept"), (400,)),
        "an Accept of an empty object": (peer.activity("Accept", object={}), (400,)),
        "an Undo of another's": (
            peer.activity(
                "Undo",
                object={"type": "Follow", "actor": cast.prover.actor, "object": cast.node.actor},
            ),
            (403,),
        ),
        "a Move of another": (
            peer.activity("Move", object=cast.prover.actor, target=cast.nobody.actor),
            (403,),
        ),
        "a Move to nowhere": (peer.activity("Move", object=peer.actor), (400,)),
        "an Update that is no actor": (
            peer.activity("Update", object={"id": peer.actor, "type": "Note"}),
            (422,),
        ),
        "an Update of nothing": (peer.activity("Update"), (400,)),
        "an Update of a post of another": (
            peer.activity(
                "Update",
                object={
                    "id": cast.prover.base + "/notes/1",
                    "type": "Note",
                    "attributedTo": cast.prover.actor,
                },
            ),
            (403,),
        ),
        # What concerns nobody here: dropped, and nobody is asked.
        "a Delete of a post": (peer.activity("Delete", object=peer.base + "/notes/1"), (202,)),
        "a Delete of another": (peer.activity("Delete", object=cast.prover.actor), (202,)),
        "a Delete of one that is there": (peer.activity("Delete", object=peer.actor), (202,)),
        "a Delete by nobody": (cast.nobody.activity("Delete", object=cast.nobody.actor), (202,)),
        "a Like": (peer.activity("Like", object=held), (202,)),
        "a type of its own": (peer.activity("Explode", object=held), (202,)),
    }
    for name, (activity, statuses) in cases.items():
        signer = cast.nobody if "by nobody" in name else peer
        yield "shape: " + name, statuses, signer.request(cast.node, activity)


def prover_remove(cast, report):
    return cast.prover.request(cast.node, cast.prover.prove(cast.prover.remove(report)))


def proofs(cast):
    prover = cast.prover

    def made(**twists):
        return prover.prove(prover.add(), **twists)

    spoiled = made()
    spoiled["object"]["confidence"] = 12
    cases = {
        "of another content": spoiled,
        "by another's key": made(key=cast.peer.ed25519),
        "by an RSA key": made(verificationMethod=prover.rsa_id),
        "by another's method": made(verificationMethod=cast.peer.ed25519_id),
        "by a method that is not there": made(verificationMethod=prover.actor + "#none"),
        "for another purpose": made(proofPurpose="authentication"),
        "of another context": made(**{"@context": ["https://example.org/"]}),
        "made two hours ahead": made(created=rfc3339(time.time() + 7200)),
        "without created": made(created=None),
        "without a method": made(verificationMethod=None),
        "of an empty value": made(value="z"),
        "in another base": made(value="uAAAA"),
        "of a wrong length": made(value="z" + "2" * 40),
        "a list of proofs": {**made(), "proof": [made()["proof"], made()["proof"]]},
        "another suite": made(cryptosuite="eddsa-rdfc-2022"),
        "only inside the report": prover.add(prover.prove({**prover.report(), "@context": []})),
        "over a number that is no integer": prover.prove({**prover.add(), "x": 1.5}),
    }
    for name, activity in cases.items():
        # What is not looked at is as absent, and this peer has to prove.
        absent = name in ("another suite", "only inside the report", "over a number that is no integer")
        yield "proof: " + name, (403 if absent else 401,), prover.request(cast.node, activity)


def bodies(cast):
    """What is no JSON, or too much of it."""
    peer = cast.peer
    add = json.dumps(peer.add()).encode()
    deep = b'{"a":' * 10000 + b"1" + b"}" * 10000
    members = json.dumps({f"m{number}": number for number in range(10001)}).encode()
    cases = {
        "empty": (b"", (400,)),
        "no JSON": (b"hello", (400,)),
        "a list": (b"[]", (400,)),
        "a number": (b"1", (400,)),
        "null": (b"null", (400,)),
        "an empty object": (b"{}", (400,)),
        "two documents": (add + add, (400,)),
        "cut": (add[:-5], (400,)),
        "a comma too much": (add[:-1] + b",}", (400,)),
        "a comment": (b"/**/" + add, (400,)),
        "a byte order mark": (b"\xef\xbb\xbf" + add, (400,)),
        "UTF-16": (add.decode().encode("utf-16"), (400,)),
        "NaN": (add[:-1] + b',"x":NaN}', (400,)),
        "duplicate keys": (add[:-1] + b',"type":"Add"}', (400,)),
        "duplicate keys inside": (
            add.replace(b'"confidence": 90', b'"confidence": 90, "confidence": 91'),
            (400,),
        ),
        "duplicate keys by escape": (add[:-1] + b',"typ\\u0065":"Add"}', (400,)),
        "invalid UTF-8": (add[:-1] + b',"x":"\xff\xfe"}', (400,)),
        "overlong UTF-8": (add[:-1] + b',"x":"\xc0\xaf"}', (400,)),
        "a surrogate in UTF-8": (add[:-1] + b',"x":"\xed\xa0\x80"}', (400,)),
        "\\u0000": (add[:-1] + b',"x":"a\\u0000b"}', (400,)),
        "a NUL": (add[:-1] + b',"x":"a\0b"}', (400,)),
        "a lone surrogate": (add[:-1] + b',"x":"\\ud800"}', (400,)),
        "surrogates the wrong way round": (add[:-1] + b',"x":"\\udc00\\ud800"}', (400,)),
        "33 levels": (add[:-1] + b',"x":' + b"[" * 33 + b"]" * 33 + b"}", (400,)),
        "10,000 levels": (deep, (400,)),
        "200,000 levels": (b"[" * 200000, (400,)),
        "10,001 members": (members, (413,)),
        "an Add of 17 KiB": (add[:-1] + b',"x":"' + b"a" * 17000 + b'"}', (413,)),
        "256 KiB and one byte": (add + b" " * (256 * 1024 + 1 - len(add)), (413,)),
    }
    for name, (body, statuses) in cases.items():
        yield "body: " + name, statuses, peer.request(cast.node, body)
    zipped = gzip.compress(b" " * 50_000_000)
    bomb = peer.request(cast.node, zipped)
    for coding in ("gzip", "deflate", "br", "identity, gzip", "x-unknown"):
        request = copy.copy(bomb)
        request.headers = list(bomb.headers)
        yield "body: coding " + coding, (415,), request.put("Content-Encoding", coding)
    for media_type in (
        "application/json",
        "text/plain",
        "text/html",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        'application/ld+json; profile="https://example.org/other"',
        "application/activity+jsonx",
        "*/*",
        "nonsense",
        "",
    ):
        request = peer.request(cast.node, peer.add(), media_type=media_type)
        yield "media type: " + media_type, (415,), request
    yield "no media type", (415,), peer.request(cast.node, peer.add()).without("Content-Type")


def reports(cast):
    """Well-formed, signed by a peer, and not valid."""
    peer, now = cast.peer, time.time()

    def subject(kind, value=None, **more):
        given = {"subjectType": kind, "value": value, **more}
        return {"reportSubject": changed(given, {})}

    later, ago = rfc3339(now + 7200), now - 401 * DAY
    old = {n: rfc3339(ago) for n in ("published", "updated", "observedAt", "lastObservedAt")}
    old["endTime"] = rfc3339(now + DAY)
    cases = {
        "second-hand": {"basis": "second_hand"},
        "imported": {"basis": "imported"},
        "no basis": {"basis": None},
        "no end": {"endTime": None},
        "an end before it was seen": {"endTime": rfc3339(now - 7200)},
        "an end that is no time": {"endTime": "soon"},
        "confidence 0": {"confidence": 0},
        "confidence 101": {"confidence": 101},
        "confidence 50.5": {"confidence": 50.5},
        "confidence in words": {"confidence": "high"},
        "confidence out of range": {"confidence": 1 << 70},
        "no confidence": {"confidence": None},
        "an opinion of its own": {"opinion": "evil"},
        "sharing red": {"sharing": "red"},
        "a person's clear": {"sharing": "clear"},
        "text without amber": {"content": "hello"},
        "281 characters of text": {"sharing": "amber", "content": "x" * 281},
        "an action of its own": {"action": "nuke"},
        "no category": {"category": None},
        "two categories": {"category": ["spam", "scam"]},
        "updated in two hours": {"updated": later},
        "seen in two hours": {"lastObservedAt": later},
        "last seen before first": {"lastObservedAt": rfc3339(now - 5 * DAY)},
        "updated before published": {"updated": rfc3339(now - 5 * DAY)},
        "no subject": {"reportSubject": None},
        "a subject that is a string": {"reportSubject": "203.0.113.1"},
        "a subject of no type": {"reportSubject": {"value": "203.0.113.1"}},
        "an unknown type": subject("phone", "+1555"),
        "an address that is none": subject("ip", "203.0.113.999"),
        "an address with a zone": subject("ip", "fe80::1%eth0"),
        "everybody": subject("network", "0.0.0.0/0"),
        "a network of 33 bits": subject("network", "203.0.113.0/33"),
        "a domain of blanks": subject("domain", "a b.example"),
        "mail in clear": subject("email", "someone@example.org"),
        "a digest that is short": subject("email", digest="sha-256:00"),
        "a digest by MD5": subject("email", digest="md5:" + "0" * 32),
        "a value and a digest": subject("email", "a@example.org", digest="sha-256:" + "0" * 64),
        "an actor over ftp": subject("actor", "ftp://example.org/actor"),
        "a URL without host": subject("url", "http:///path"),
        "ban evasion by a URL": {"category": "ban_evasion", **subject("url", "http://example.org/")},
        "a URL under csam": {
            "category": "csam",
            "sharing": "amber",
            **subject("url", "http://example.org/x"),
        },
    }
    for name, changes in cases.items():
        yield "report: " + name, (422,), peer.request(cast.node, peer.add(peer.report(**changes)))
    note = peer.report(type="Note")
    yield "report: a Note", (422,), peer.request(cast.node, peer.add(note))
    stale = peer.add(peer.report(**old), published=rfc3339(ago))
    yield "report: an Add of 401 days ago", (422,), peer.request(cast.node, stale)
    ahead = peer.add(published=later)
    yield "report: an Add of in two hours", (422,), peer.request(cast.node, ahead)


def requests(cast):
    """What is wrong with HTTP itself."""

    def raw(head, body=b""):
        return Raw(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body)

    host = f"Host: 127.0.0.1:{cast.node.port}"
    post = f"POST /inbox HTTP/1.1\n{host}\nContent-Type: application/activity+json\n"
    yield "unsigned", (401,), raw(post + "Content-Length: 2", b"{}")
    basic = base64.b64encode(b"admin:admin").decode()
    yield "a password", (401,), raw(post + f"Authorization: Basic {basic}\nContent-Length: 2", b"{}")
    yield "2^70 bytes announced", (413,), raw(post + f"Content-Length: {1 << 70}")
    yield "length -1", (400,), raw(post + "Content-Length: -1")
    yield "length twice", (400,), raw(post + "Content-Length: 2\nContent-Length: 3", b"{}")
    both = post + "Content-Length: 2\nTransfer-Encoding: chunked"
    yield "length and chunks", (400,), raw(both, b"2\r\n{}\r\n0\r\n\r\n")
    chunked = post + "Transfer-Encoding: chunked"
    yield "a chunk that is no chunk", (400,), raw(chunked, b"zz\r\n{}\r\n")
    yield "an endless chunk", (0, 413), raw(chunked, b"7fffffffffffffff\r\n{}")
    chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
    yield "chunks of 400 KiB", (413,), raw(chunked, chunk * 100 + b"0\r\n\r\n")
    yield "chunks of 64 MiB", (0, 413), raw(chunked, chunk * 16384 + b"0\r\n\r\n")
    vast = post + f"Content-Length: {64 << 20}"
    yield "64 MiB", (413,), raw(vast, b" " * (64 << 20))
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "BREW"):
        yield f"method {method}", (405,), raw(f"{method} /inbox HTTP/1.1\n{host}\nContent-Length: 0")
    yield "method CONNECT", (400,), raw(f"CONNECT example.org:443 HTTP/1.1\n{host}")
    yield "GET /reports/%00", (400,), raw(f"GET /reports/%00 HTTP/1.1\n{host}")
    for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//inbox", "/inbox/", "/v1/status", "/metrics"):
        yield f"GET {path}", (404,), raw(f"GET {path} HTTP/1.1\n{host}")
    yield "GET of 20,000 bytes", (404,), raw(f"GET /{'a' * 20000} HTTP/1.1\n{host}")
    yield "a header of 64 KiB", (431,), raw(f"GET / HTTP/1.1\n{host}\nX: {'a' * 65536}")
    lines = "\n".join(f"X-{number}: 1" for number in range(3000))
    yield "3,000 headers", (431,), raw(f"GET / HTTP/1.1\n{host}\n{lines}")
    yield "no host", (400,), raw("GET /actor HTTP/1.1")
    yield "HTTP/9", (505,), raw(f"GET /actor HTTP/9.9\n{host}")
    yield "TLS", (0,), Raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500)
    yield "the outbox unsigned", (401,), raw(f"GET /outbox/after/0 HTTP/1.1\n{host}")
    yield "a report unsigned", (401,), raw(f"GET /reports/x HTTP/1.1\n{host}")


class Raw:
    """Bytes as they are."""

    def __init__(self, data):
        self.data = data

    def to_bytes(self):
        return self.data


def _twice(request, name):
    request.headers.append((name, request.get(name)))
    return request


def _many(request, name, count):
    request.headers += [(name, request.get(name)[:100])] * count
    return request


def _flip(request):
    value = request.get("Signature")
    mark = value.index('signature="') + len('signature="') + 20
    return request.put("Signature", value[:mark] + ("A" if value[mark] != "A" else "B") + value[mark + 1 :])


def _cut(request):
    value = request.get("Signature")
    mark = value.index('signature="') + len('signature="')
    return request.put("Signature", value[:mark] + value[mark : mark + 100] + '"')


def _body(request, activity):
    body = json.dumps(activity).encode()
    request.body = body
    return request.put("Content-Length", str(len(body)))


GROUPS = (
    requests,
    signatures_draft,
    signatures_rfc9421,
    key_ids,
    ownership,
    shapes,
    proofs,
    bodies,
    reports,
)
