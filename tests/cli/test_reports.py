# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the program against a fake node: reports, what it asks and what it prints.

Usage: TOCSIN=PATH test_reports.py
"""
import json
import subprocess
import sys
import unittest
import urllib.parse

from fake_node import FakeNode, TOCSIN, main


def quoted(text):
    return urllib.parse.quote(text, safe="")


class Reports(unittest.TestCase):
    def setUp(self):
        self.node = FakeNode()
        self.node.__enter__()
        self.addCleanup(self.node.__exit__)

    def check(self, done, code, out=None, err=None):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        if out is not None:
            self.assertRegex(done.stdout, out)
        if err is not None:
            self.assertRegex(done.stderr, err)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def last(self):
        return self.node.requests[-1]

    def test_report_add(self):
        self.node.answer("POST", "/v1/reports",
                         (201, {"bundle": "b1", "reports": [{"id": "https://a.example/reports/1", "state": "live"}]}))
        done = self.node.run("report", "add", "ip=192.0.2.1", "email=a@b.example", "--category", "spam", "--action",
                             "suspended", "--confidence", "90", "--comment", "wörds", "--sharing", "amber",
                             "--expires", "2030-01-31", "--observed-at", "2026-01-31T12:00:00Z")
        self.check(done, 0, "https://a.example/reports/1 +live")
        self.assertEqual(self.last().body, {
            "subjects": [{"type": "ip", "value": "192.0.2.1"}, {"type": "email", "value": "a@b.example"}],
            "category": "spam", "action": "suspended", "confidence": 90, "comment": "wörds", "sharing": "amber",
            "expires": "2030-01-31T23:59:59Z", "observed_at": "2026-01-31T12:00:00Z"})

    def test_a_report_expires_when_it_counts_no_more(self):
        row = {"id": "r1", "state": "live", "expires": "2999-01-01T00:00:00Z", "counts_until": "2001-01-01T00:00:00Z"}
        self.node.answer("POST", "/v1/reports", (201, {"bundle": 1, "reports": [row]}))
        self.node.answer("GET", "/v1/reports", {"reports": [row], "cursor": None})
        self.check(self.node.run("report", "add", "ip=192.0.2.1", "--category", "spam"), 0, r"EXPIRES\nr1 .* d ago\n")
        self.check(self.node.run("report", "list"), 0, r"EXPIRES\nr1 .* d ago\n")

    def test_report_list_goes_through_the_pages(self):
        pages = {"": ([{"id": f"r{i}"} for i in range(200)], 77), 77: ([{"id": "r200", "n": 1.50}], None)}
        for cursor, (rows, following) in pages.items():
            path = "/v1/reports?category=spam" + (f"&cursor={cursor}" if cursor else "")
            self.node.answer("GET", path, {"reports": rows, "cursor": following})
        done = self.node.run("report", "list", "--category", "spam", "--limit", "1000", "--json")
        self.check(done, 0)
        listed = json.loads(done.stdout)
        self.assertEqual([r["id"] for r in listed["reports"]], [f"r{i}" for i in range(201)])
        self.assertIsNone(listed["cursor"])
        self.check(self.node.run("report", "list", "--category", "spam"), 0, None, "There are more")
        self.assertEqual(json.loads(self.node.run("report", "list", "--category", "spam", "--json").stdout)["cursor"], 77)

    def test_report_list_ends_where_its_cursor_goes_on(self):
        """Whatever --limit says: what one list shows last, the next does not show, and it leaves nothing out."""
        rows = [f"r{i}" for i in range(450)]  # newest first; the cursor is the number of rows gone by

        def page(request):
            query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.path).query))
            start = int(query.get("cursor", 0))
            end = start + int(query.get("limit", 200))
            return {"reports": [{"id": r} for r in rows[start:end]], "cursor": end if end < len(rows) else None}

        self.node.answers = type("Any", (), {"get": lambda _, key, other: page})()
        for limit in (90, 199, 201, 449):
            shown, cursor = [], []
            while cursor != ["--cursor", "None"]:
                done = self.node.run("report", "list", "--limit", str(limit), "--json", *cursor)
                self.check(done, 0)
                listed = json.loads(done.stdout)
                self.assertLessEqual(len(listed["reports"]), limit)
                shown += [r["id"] for r in listed["reports"]]
                cursor = ["--cursor", str(listed["cursor"])]
            self.assertEqual(shown, rows, limit)
        self.check(self.node.run("report", "list", "--limit", "3"), 0, None, r"There are more: --cursor 3\n")

    def test_an_empty_page_is_not_the_last(self):
        for cursor, rows, following in (("", [], 9), ("&cursor=9", [], 5), ("&cursor=5", [{"id": "r1"}], 5)):
            self.node.answer("GET", f"/v1/reports?category=spam{cursor}", {"reports": rows, "cursor": following})
        done = self.node.run("report", "list", "--category", "spam", "--json")
        self.check(done, 0)
        self.assertEqual(json.loads(done.stdout)["reports"], [{"id": "r1"}])

    def test_report_withdraw(self):
        uri = "https://a.example/reports/1"
        self.node.answer("DELETE", f"/v1/reports/{quoted(uri)}?reason=appeal", (204, b""))
        self.check(self.node.run("report", "withdraw", uri, "--reason", "appeal", "--yes"), 0, "withdrawn")
        self.check(self.node.run("report", "withdraw", "nothing", "--yes"), 3, r"\A\Z", "nothing here")

    def test_withdraw_what_the_node_has_forgotten(self):
        lost = "https://a.example/reports/01a2219d-70bb-74d9-a72c-aa567a0686aa"
        path = f"/v1/reports/{quoted(lost)}"
        self.node.answer("DELETE", path + "?reason=error&unknown=true", (204, b""))
        words = ("report", "withdraw", lost, "--reason", "error")
        self.check(self.node.run(*words), 2, r"\A\Z", "give --yes")
        self.assertFalse(self.node.requests)
        self.check(self.node.run(*words, "--yes"), 0, "no such report; peers are told")
        self.node.answer("GET", path, {"id": lost, "actor": "https://a.example/actor"})
        self.check(self.node.run(*words, "--yes"), 4, r"\A\Z", "another node's")
        # The last part alone may be of another's, or mistyped.
        part = lost.rsplit("/", 1)[1]
        self.node.answer("DELETE", f"/v1/reports/{part}?reason=error&unknown=true", (204, b""))
        self.check(self.node.run("report", "withdraw", part, "--reason", "error", "--yes"), 3, r"\A\Z", "nothing here")

    def test_report_show_undo_export(self):
        self.node.answer("GET", "/v1/reports/1", {"id": "1", "activity": {"type": "Add"}})
        self.check(self.node.run("report", "show", "1"), 0, r"id +1\n(.*\n)* +type +Add")
        self.node.answer("DELETE", "/v1/imports/b1", {"withdrawn": 3})
        self.assertEqual(json.loads(self.node.run("report", "undo", "b1", "--yes", "--json").stdout), {"withdrawn": 3})
        self.check(self.node.run("report", "undo", "b1", "--yes"), 0, r"\AThe import is undone\n\Z")
        self.node.answer("DELETE", "/v1/imports/b2", {"as": "first_hand"})
        self.check(self.node.run("report", "undo", "b2", "--yes"), 0, r"undone\n.*import that one again")
        raw = "#domain\r\nexämple.org\r\n".encode()
        self.node.answer("GET", "/v1/export/mastodon-csv", raw)
        done = subprocess.run([TOCSIN, "--socket", self.node.socket, "report", "export", "--format", "mastodon-csv"],
                              capture_output=True, check=True, timeout=60)
        self.assertEqual(done.stdout, raw)
        self.check(self.node.run("report", "export", "--format", "nonsense"), 2, r"\A\Z", "no format “nonsense”. There is nothing here")
        path = "/v1/export/rpz/manifest?profile=strict&min_verdict=block&type=ip%2Cdomain&category=spam"
        self.node.answer("GET", path, {"count": 3})
        self.check(self.node.run("report", "export", "--format", "rpz", "--manifest", "--profile", "strict",
                                 "--min-verdict", "block", "--type", "ip,domain", "--category", "spam"),
                   0, '"count": 3')


if __name__ == "__main__":
    sys.exit(main())
