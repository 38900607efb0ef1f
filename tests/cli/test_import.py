# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Imports of whole lists: one batch, in chunks, nothing at all if the file is bad.

Usage: TOCSIN=PATH test_import.py
"""
import json
import os
import pathlib
import sys
import tempfile
import time
import unittest

from fake_node import FakeNode, main, problem

LISTS = pathlib.Path(__file__).resolve().parent.parent / "data" / "lists"


class Imports(unittest.TestCase):
    def setUp(self):
        self.node = FakeNode()
        self.node.__enter__()
        self.addCleanup(self.node.__exit__)
        self.batches = 0
        self.node.answer("POST", "/v1/imports", self.take)
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)

    def take(self, request):
        """As a node does: a new batch unless one is named; bad.example is rejected."""
        entries = request.body["entries"]
        self.assertLessEqual(len(entries), 5000)
        rejected = [{"index": i, "error": "It is bad"} for i, e in enumerate(entries) if e["value"] == "bad.example"]
        answer = {"accepted": len(entries) - len(rejected), "rejected": rejected}
        if not request.body["dry_run"]:
            self.batches += "batch" not in request.body
            answer["batch"] = request.body.get("batch", f"batch-{self.batches}")
        return answer

    def write(self, name, text):
        path = os.path.join(self.dir.name, name)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return path

    def run_import(self, *arguments, **options):
        return self.node.run("report", "import", *arguments, **options)

    def bodies(self):
        return [r.body for r in self.node.requests]

    def test_known_already(self):
        """A list that is imported again is no failure, though nothing of it is new."""
        self.node.answer("POST", "/v1/imports", lambda request: {
            "accepted": 0, "duplicates": len(request.body["entries"]), "rejected": [], "batch": "7"})
        path = self.write("list.txt", "192.0.2.1\n192.0.2.2\n")
        done = self.run_import(path, "--category", "spam", "--type", "ip")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Known already, and left as they are: 2", done.stderr)
        done = self.run_import(path, "--category", "spam", "--type", "ip", "--json")
        self.assertEqual(json.loads(done.stdout)["duplicates"], 2)

    def test_real_lists(self):
        for name, kind, category, count in (("disposable_email_blocklist.conf", "domain", "disposable_email", 8335),
                                            ("tor-exit-nodes.lst", "ip", "tor_exit", 1746)):
            with self.subTest(name):
                self.node.requests.clear()
                done = self.run_import(str(LISTS / name), "--category", category, "--type", kind)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertRegex(done.stdout, rf"Accepted: {count}, rejected: 0, batch batch-\d\n")
                self.assertEqual(sum(len(b["entries"]) for b in self.bodies()), count)
                first = self.bodies()[0]
                self.assertEqual((first["source"], first["category"], first["type"], first["as"], first["dry_run"]),
                                 (name, category, kind, "imported", False))
                self.assertNotIn("batch", first)
                for body in self.bodies()[1:]:
                    self.assertEqual(body["batch"], self.bodies()[1]["batch"])

    def test_a_large_list_takes_seconds(self):
        networks = [f"10.{i >> 8 & 255}.{i & 255}.0/24" for i in range(65536)]
        path = self.write("large.json", json.dumps({"type": "cidr", "list": networks}))
        started = time.monotonic()
        done = self.run_import(path, "--category", "open_proxy_vpn", "--type", "network", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLess(time.monotonic() - started, 30)
        self.assertEqual(json.loads(done.stdout),
                         {"batch": "batch-1", "dry_run": False, "accepted": 65536, "duplicates": 0, "skipped": 0, "rejected": []})
        self.assertEqual([e["value"] for b in self.bodies() for e in b["entries"]], networks)

    def test_long_entries_stay_below_the_body_limit(self):
        urls = "".join(f"https://a.example/{i}/{'x' * 1500}\n" for i in range(2000))
        done = self.run_import(self.write("urls", urls), "--category", "phishing", "--type", "url")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(len(self.bodies()), 3)
        for body in self.bodies():
            self.assertLess(len(json.dumps(body)), 1024 * 1024)

    def test_standard_input(self):
        done = self.run_import("-", "--category", "spam", "--type", "ip", "--as", "first_hand", "--source", "mine",
                               stdin=b"192.0.2.1\n192.0.2.0/24\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        body = self.bodies()[0]
        self.assertEqual((body["source"], body["as"]), ("mine", "first_hand"))
        self.assertEqual(body["entries"], [{"type": "ip", "value": "192.0.2.1"},
                                           {"type": "network", "value": "192.0.2.0/24"}])

    def test_entries_with_their_own_category(self):
        text = "type,value,category,comment\nip,192.0.2.1,spam,seen\n"
        done = self.run_import(self.write("own.csv", text))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.bodies()[0]["entries"],
                         [{"type": "ip", "value": "192.0.2.1", "category": "spam", "comment": "seen"}])

    def test_dry_run(self):
        path = self.write("list", "".join(f"d{i}.example\n" for i in range(6000)))
        done = self.run_import(path, "--category", "spam", "--type", "domain", "--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Nothing was imported", done.stdout)
        self.assertEqual(self.batches, 0)
        self.assertTrue(all(b["dry_run"] and "batch" not in b for b in self.bodies()))

    def test_rejected_entries_are_named_by_their_line(self):
        lines = [f"d{i}.example" for i in range(6000)]
        lines[5500] = "bad.example"
        path = self.write("list", "# head\n" + "\n".join(lines) + "\n")
        done = self.run_import(path, "--category", "spam", "--type", "domain")
        self.assertEqual(done.returncode, 0)
        self.assertIn("5502, bad.example: It is bad", done.stderr)
        self.assertIn("Accepted: 5999, rejected: 1", done.stdout)
        done = self.run_import(path, "--category", "spam", "--type", "domain", "--json")
        self.assertEqual(json.loads(done.stdout)["rejected"], [{"index": 5500, "error": "It is bad"}])
        self.assertEqual(done.stderr, "")

    def test_nothing_accepted_is_a_failure(self):
        path = self.write("list", "bad.example\n")
        self.assertEqual(self.run_import(path, "--category", "spam", "--type", "domain").returncode, 1)

    def test_a_bad_file_changes_nothing(self):
        good = "".join(f"d{i}.example\n" for i in range(6000))
        for name, text, words in (
                ("error.html", "<!DOCTYPE html><html><h1>404</h1></html>", "HTML"), ("empty", "", "empty"),
                ("latin1", (good + "caf\xe9.example\n").encode("latin-1"), "line 6001"),
                ("cut.json", json.dumps({"list": good.split()})[:-20], "JSON"),
                ("utf16", good.encode("utf-16"), "UTF-16"), ("message", "Not Found\n", "no valid domain"),
                ("cut.csv", "value,comment\n" + good.replace("\n", ",x\n") + "half", "fields")):
            with self.subTest(name):
                done = self.run_import(self.write(name, text), "--category", "spam", "--type", "domain")
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertEqual(done.stdout, "")
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)
                self.assertEqual(self.node.requests, [])

    def test_usage(self):
        path = self.write("list", "a.example\n")
        for arguments, code, words in (
                ((path, "--type", "domain"), 2, "--category"), ((path, "--category", "spam"), 2, "tocsin: --type is missing"),
                ((self.write("typed.csv", "type,value\nfax,1\n"), "--category", "spam"), 1, "line 2: there is no type “fax”"),
                ((path, "--category", "spma", "--type", "domain"), 2, "did you mean “spam”"),
                ((path, "--category", "spam", "--type", "domian"), 2, "did you mean “domain”"),
                ((path, "--category", "spam", "--type", "domain", "--as", "derived"), 2, "no --as “derived”; there are first_hand"),
                ((path, "--category", "spam", "--type", "domain", "--format", "xml"), 2, "there are auto"),
                ((path + "x", "--category", "spam", "--type", "domain"), 1, "No such file"),
                ((self.dir.name, "--category", "spam", "--type", "domain"), 1, "directory")):
            with self.subTest(arguments):
                done = self.run_import(*arguments)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(words, done.stderr)
                self.assertEqual(self.node.requests, [])

    def test_a_failure_on_the_way_says_how_to_go_back(self):
        path = self.write("list", "".join(f"d{i}.example\n" for i in range(6000)))
        self.node.answer("POST", "/v1/imports",
                         lambda r: problem(503, "The store is full") if "batch" in r.body else self.take(r))
        done = self.run_import(path, "--category", "spam", "--type", "domain")
        self.assertEqual(done.returncode, 1)
        self.assertIn("After 5000 of 6000 entries (tocsin report undo batch-1", done.stderr)
        self.assertIn("The store is full", done.stderr)


if __name__ == "__main__":
    sys.exit(main())
