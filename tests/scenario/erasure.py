#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A person asks to be forgotten, and a node comes back from its backup.

Two nodes know of a person: by reports of their own and of each other, a list, an allow entry and
words in passing. After the erasure a raw search through a compacted copy of the store finds neither
value nor hash; the peer has been told; nothing comes back by catching up. Then the node is lost and
restored from its backup: another epoch, the same keys, and its reader catches up. What the node said
after the backup it has forgotten and its reader has not, until the node takes it back unseen.
"""

import hashlib
import os
import shutil
import sys
import urllib.parse

from harness import befriend, expect, parse_arguments, run, wait_until

TIME_SCALE = 600
MAILBOX = "forget.me.please@person.example"
ADDRESS = "203.0.113.201"
V6 = "2001:db8:aaaa:bbbb::77"
V6_NEIGHBOUR = "2001:db8:aaaa:bbbb::78"
NAME = "forget_me_please"
HEARSAY = "forget_what_b_said"
LOUD = "loud.example"
VISITOR = f"just.looking@{LOUD}"
BYSTANDER = "198.51.100.9"
LOST = "198.51.100.33"


def needles(kind, value):
    """What must not stand anywhere: the value and every form of its hash."""
    digest = hashlib.sha256(f"tocsin:1:{kind}:{value}".encode()).digest()
    return {"value": value.encode(), "hex": digest.hex().encode(), "key hex": digest[:16].hex().encode(),
            "digest": digest, "key": digest[:16], "event": digest[:8]}


def copy_of(lab, node, name):
    where = os.path.join(lab.dir, name)
    node.ask("POST", "/v1/backup", {"dir": where}, 200)
    with open(os.path.join(where, "store", "data.mdb"), "rb") as store:
        return where, store.read()


def found(raw, forms):
    return sorted(name for name, form in forms.items() if form.lower() in raw.lower())


def forget(node, kind, value):
    dry = node.ask("POST", "/v1/subjects/erase", {"type": kind, "value": value, "dry_run": True}, 200)
    done = node.ask("POST", "/v1/subjects/erase", {"type": kind, "value": value}, 200)
    expect({**dry, "dry_run": False} == done, f"the dry run told the truth: {dry}, {done}")
    return done


def epoch(node):
    return node.ask("GET", "/v1/status", status=200)["store"]["epoch"]


def remembered(lab, a, b):
    """Everything by which a node can know someone."""
    a.report(("email", MAILBOX), ("ip", ADDRESS), ("username", NAME), action="suspended")
    a.report(("ip", V6))
    a.report(("ip", V6_NEIGHBOUR))
    a.report(("ip", BYSTANDER), comment=f"the same as {MAILBOX.upper()}, it seems", sharing="amber")
    b.report(("email", MAILBOX), ("ip", ADDRESS))
    b.report(("username", HEARSAY))
    b.report(("domain", LOUD))
    wait_until(
        lambda: len(a.reports(actor=b.actor)) == 4 and len(b.reports(actor=a.actor)) == 6,
        "each knows what the other reported",
    )
    entries = [{"value": ADDRESS}, {"value": "198.51.100.77"}]
    a.ask("POST", "/v1/imports", {"source": f"{ADDRESS}.txt", "category": "tor_exit", "type": "ip",
                                  "as": "imported", "entries": entries}, (200, 201))
    a.ask("POST", "/v1/allow", {"type": "email", "value": MAILBOX}, (200, 201))
    a.ask("POST", "/v1/allow", {"type": "ip", "value": ADDRESS}, (200, 201))
    a.ask("DELETE", "/v1/allow", {"type": "ip", "value": ADDRESS}, 204)
    a.ask("POST", "/v1/allow", {"type": "ip", "value": BYSTANDER, "reason": f"not {ADDRESS}"}, (200, 201))
    lab.subjects.update((MAILBOX, ADDRESS))
    # Reviews that rest on b alone, which is counted.
    for subject in (("username", HEARSAY), ("email", VISITOR)):
        wait_until(lambda: a.check(subject)["verdict"] == "review", f"b alone makes a review of {subject}")


def erase_all(lab, a, b):
    told = a.ask("POST", "/v1/subjects/export", {"type": "email", "value": MAILBOX}, 200)
    expect(len(told["reports"]) == 2 and len(told["mentions"]) == 1, f"export: {told}")
    expect(told["allow"][0]["value"] == MAILBOX, f"export names the allow entry: {told['allow']}")
    expect(len(told["evidence"]) == 2, f"export lists the evidence: {told['evidence']}")
    expect(all(r["activity"] for r in told["reports"]), "export has the signed activities")

    gone = forget(a, "email", MAILBOX)
    expect((gone["withdrawn"], gone["erased"], gone["mentions"]) == (2, 1, 1), f"mailbox: {gone}")
    gone = forget(a, "ip", ADDRESS)
    expect((gone["withdrawn"], gone["erased"], gone["imported"]) == (1, 1, 1), f"address: {gone}")
    expect(gone["other"] == 2, f"a reason and a source named the address: {gone}")
    expect(forget(a, "username", NAME)["withdrawn"] == 1, "name")
    expect(forget(a, "ip", V6)["withdrawn"] == 1, "IPv6 address")
    expect(forget(a, "username", HEARSAY)["erased"] == 1, "what b said")
    again = forget(a, "email", MAILBOX)
    expect(not any(again.values()), f"there is nothing left to erase: {again}")

    wait_until(
        lambda: sum(r["state"] == "withdrawn" for r in b.reports(actor=a.actor)) == 5,
        "b was told of what a erased",
    )
    reasons = {r["reason"] for r in b.reports(actor=a.actor) if r["state"] == "withdrawn"}
    expect(reasons == {"erased"}, f"b was told why: {reasons}")
    live = [r["subject"]["value"] for r in b.reports(actor=a.actor) if r["state"] == "live"]
    expect(live == [V6_NEIGHBOUR], f"the neighbour's report stays: {live}")


def audit_tells_no_subject(a):
    entries = a.ask("GET", "/v1/audit")["entries"]
    erasures = [e for e in entries if e["action"] == "subject.erase"]
    expect(len(erasures) == 6, f"the audit log tells of each erasure: {erasures}")
    for entry in entries:
        text = str(entry)
        expect(MAILBOX not in text and ADDRESS not in text, f"the audit log tells whom: {entry}")
    expect(a.ask("POST", "/v1/audit/verify", status=200)["ok"], "the audit log is whole")


def restore(lab, a, b, backup):
    """As docs/man/tocsin.1.md says: stop, put the copy in place of the data directory, start."""
    before, fingerprint = epoch(a), a.ask("GET", "/v1/status")["fingerprint"]
    lost = a.report(("ip", LOST))[0]
    withdrawn = a.reports(subject=f"ip:{V6_NEIGHBOUR}")[0]["id"]
    a.withdraw(withdrawn)
    wait_until(lambda: is_live(b, a, lost) and not is_live(b, a, withdrawn), "b hears of what a says after the backup")
    a.stop()
    shutil.rmtree(a.data_dir)
    shutil.copytree(backup, a.data_dir)
    a.start()
    expect(a.ask("GET", "/v1/status")["fingerprint"] == fingerprint, "the keys are the same")
    expect(epoch(a) not in (None, before), "another epoch")
    expect(a.ask("POST", "/v1/audit/verify", status=200)["ok"], "the restored audit log is whole")
    report = a.report(("ip", "198.51.100.34"))[0]
    wait_until(lambda: is_live(b, a, report), "b hears of what is reported after the restore")
    return lost, withdrawn


def is_live(reader, reporter, report):
    return report in {r["id"] for r in reader.reports(actor=reporter.actor, state="live")}


def take_back_again(a, b, lost, withdrawn):
    wait_until(lambda: b.peer(a.actor)["sync"] == "alerted", "b sees that a says less than it did")
    drift = [line["id"] for line in b.ask("GET", "/v1/review")["items"] if line["kind"] == "drift"]
    expect(len(drift) == 1 and is_live(b, a, lost), f"b has what a forgot, and says so: {drift}")
    name = lost.rsplit("/", 1)[-1]
    whole = urllib.parse.quote(lost, safe="")
    for mistake in (whole, f"{name}?unknown=true"):
        a.ask("DELETE", f"/v1/reports/{mistake}", status=404)
    expect(is_live(b, a, lost), "what a does not know it takes back by no mistake")
    a.ask("DELETE", f"/v1/reports/{whole}?unknown=true&reason=error", status=204)
    wait_until(lambda: not is_live(b, a, lost), "b takes the withdrawal")
    expect(not is_live(b, a, withdrawn), "what a had withdrawn did not return")
    a.withdraw(withdrawn)
    wait_until(lambda: b.peer(a.actor)["sync"] == "matches", "a and b agree again")
    expect(b.check(("ip", LOST))["known"] is False, "b has forgotten the subject")
    a.ask("DELETE", f"/v1/reports/{whole}?unknown=true", status=410)
    b.ask("POST", f"/v1/review/{drift[0]}/accept")


def test(lab):
    a, b = (lab.node(name, settings="sync-interval-hours=1\n").start() for name in "ab")
    befriend(a, b, 70)
    befriend(b, a)
    person = {
        "mailbox": needles("email", MAILBOX),
        "address": needles("ip", ADDRESS),
        "name": needles("username", NAME),
        "hearsay": needles("username", HEARSAY),
        "v6": {"value": V6.encode()},  # its hash is that of the /64, where the neighbour lives
    }

    lab.step("a and b know of a person")
    remembered(lab, a, b)
    _, raw = copy_of(lab, a, "before")
    for what, forms in person.items():
        expect(what == "hearsay" or "value" in found(raw, forms), f"{what} is in the store: {found(raw, forms)}")
        expect("key" not in forms or "key" in found(raw, forms), f"the key of {what} is in the store")
    event = needles("username", HEARSAY)["event"]
    expect(raw.count(event) > raw.count(needles("username", HEARSAY)["key"]), "a's reliance on b is counted")
    visitor = found(raw, needles("email", VISITOR))
    expect(not visitor, f"who was only asked about is in the store: {visitor}")

    lab.step("a forgets them")
    erase_all(lab, a, b)
    backup, raw = copy_of(lab, a, "after")
    for what, forms in person.items():
        expect(not found(raw, forms), f"{what} is still in the store: {found(raw, forms)}")
    audit_tells_no_subject(a)
    answer = a.check(("email", MAILBOX), ("username", NAME))
    expect(answer["known"] is False and answer["allowed_by"] is None, f"a has forgotten: {answer}")

    lab.step("nothing comes back: a restarts and reads b's outbox again")
    a.stop()
    a.start()
    marker = b.report(("ip", "198.51.100.200"))[0]
    wait_until(lambda: marker in {r["id"] for r in a.reports(actor=b.actor)}, "a has caught up")
    expect(a.check(("email", MAILBOX))["known"] is False, "what was erased did not return")
    _, raw = copy_of(lab, a, "later")
    for what, forms in person.items():
        expect(not found(raw, forms), f"{what} has returned: {found(raw, forms)}")

    lab.step("a is lost and comes back from its backup")
    lost, withdrawn = restore(lab, a, b, backup)

    lab.step("a takes back what it has forgotten and b has not")
    take_back_again(a, b, lost, withdrawn)
    for node in lab.nodes:
        node.stop()


if __name__ == "__main__":
    chosen = parse_arguments(__doc__, TIME_SCALE)
    sys.exit(run("erasure", chosen, test))
