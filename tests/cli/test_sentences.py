# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the program against a fake node: what it says of what was typed, and of what the node refused.

Usage: TOCSIN=PATH test_sentences.py
"""
import json
import pathlib
import sys
import tempfile
import unittest
import urllib.parse

from fake_node import FakeNode, main, problem, run


class Sentences(unittest.TestCase):
    def setUp(self):
        self.node = FakeNode()
        self.node.__enter__()
        self.addCleanup(self.node.__exit__)

    def says(self, words, code, sentence):
        done = self.node.run(*words)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (code, "", f"tocsin: {sentence}\n"))

    def test_without_a_locale(self):
        """As under cron: what is typed and what is shown are UTF-8 all the same, and what is not is refused."""
        said = "Spam über “Pillen”"
        env = {"LC_ALL": "C"}
        self.node.answer("POST", "/v1/allow", {"id": "7"})
        self.assertEqual(self.node.run("allow", "add", "ip=192.0.2.1", "--reason", said, env=env).returncode, 0)
        self.assertEqual(self.node.requests[-1].body["reason"], said)
        self.node.answer("GET", "/v1/allow", {"allow": [{"type": "ip", "value": "192.0.2.1", "reason": said}]})
        self.assertIn(said, self.node.run("allow", "list", env=env).stdout)
        done = self.node.run("allow", "add", "ip=192.0.2.1", "--reason", b"\xfcber", env=env)
        self.assertEqual((done.returncode, done.stderr), (2, "tocsin: The value of an option is not UTF-8\n"))
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory, "für.conf")
            file.write_text("[node]\nno-such-setting=1\n", encoding="ascii")
            done = run("config", "check", str(file), env=env)  # by the daemon
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{file}:2: ", done.stderr)

    def test_a_long_argument_hides_no_reason(self):
        long = "x" * 3500
        self.node.answer("POST", "/v1/check", problem(413, "/subjects/0/value: URL is longer than 2048 bytes"))
        self.says(("check", f"url=https://a.example/{long}"), 2,
                  f"url=https://a.example/{'x' * 77}…: URL is longer than 2048 bytes")
        self.says((long,), 2, f"There is no command “{'x' * 99}…”; see tocsin --help")
        self.says(("check", long), 2, f"“{'x' * 99}…” is not of the form TYPE=VALUE, such as ip=203.0.113.7")
        done = self.node.run("report", "list", f"--state={long}")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, "state “x{99}…”; there are live, ")

    def test_options_are_called_as_they_are_typed(self):
        for words, method, path, detail, said in (
                (("allow", "add", "ip=192.0.2.1", "--reason", "x"), "POST", "/v1/allow", "/reason is longer than 1024 bytes",
                 "--reason is longer than 1024 bytes"),
                (("allow", "add", "ip=192.0.2.1", "--expires", "2020-01-01"), "POST", "/v1/allow", "/expires is in the past",
                 "--expires is in the past"),
                (("check", "ip=192.0.2.1", "--event", "x"), "POST", "/v1/check", "/event is longer than 256 bytes",
                 "--event is longer than 256 bytes"),
                (("token", "add", "x", "--scope", "check"), "POST", "/v1/tokens", "/scopes/0: no such scope", "--scope: no such scope"),
                (("feed", "add", "x", "--every", "999"), "POST", "/v1/feeds", "/every_hours must be a number from 1 to 720",
                 "--every must be a whole number from 1 to 720"),
                (("feed", "add", "x", "--max-mib", "0"), "POST", "/v1/feeds", "never asked", "--max-mib must be a whole number from 1 to 1024"),
                (("feed", "add", "x"), "POST", "/v1/feeds", "/type is missing", "--type is missing"),
                (("feed", "add", "x", "--title", "X"), "POST", "/v1/feeds", "/url is missing", "URL is missing"),
                (("feed", "add", "x", "ftp://a.example/"), "POST", "/v1/feeds", "/url must be an https URL",
                 "ftp://a.example/ must be an https URL"),
                (("feed", "add", "X.y"), "POST", "/v1/feeds", "/name must be 1 to 40", "X.y must be 1 to 40"),
                (("report", "export", "--min-verdict", "x"), "GET", "/v1/export/json?min_verdict=x",
                 "min_verdict is none of allow, note, review and block", "--min-verdict is none of allow, note, review and block"),
                (("report", "export", "--type", "x"), "GET", "/v1/export/json?type=x", "type: there is no type “x”",
                 "--type: there is no type “x”"),
                (("report", "undo", "7", "--yes"), "DELETE", "/v1/imports/7", "/batch is odd", "/batch is odd"),
                (("status",), "GET", "/v1/status", "json is no option's sentence", "json is no option's sentence")):
            with self.subTest(words):
                self.node.answer(method, path, problem(400, detail))
                self.says(words, 2, said)

    def test_follow(self):
        actor = "https://b.example/actor"
        for following, words, said in (
                ("pending", (), f"Asked to follow {actor}, with trust 50 unless it has another\n"),
                ("pending", ("--area", "any=40"), f"Asked to follow {actor}, with trust 40\n"),
                ("accepted", (), f"{actor} is followed already\n"),
                ("accepted", ("--trust", "80"), f"{actor} is followed already, now with trust 80\n")):
            with self.subTest(words):
                self.node.answer("POST", "/v1/peers", {"actor": actor, "following": following})
                self.assertEqual(self.node.run("peer", "follow", actor, *words).stdout, said)
        self.says(("peer", "follow", actor, "--trust", "80", "--area", "any=40"), 2, "--trust and --area any exclude each other")

    def test_an_empty_argument(self):
        for words, synopsis in ((("report", "show", ""), "report show ID"), (("review", "accept", ""), "review accept ID"),
                                (("token", "remove", "", "--yes"), "token remove NAME"), (("report", "undo", "", "--yes"), "report undo BATCH"),
                                (("feed", "show", ""), "feed show NAME"), (("backup", ""), "backup DIR")):
            self.says(words, 2, f"Argument 1 is empty; it is: tocsin {synopsis}")
        self.says(("peer", "trust", "b.example", ""), 2, "Argument 2 is empty; it is: tocsin peer trust ACTOR N")
        self.assertEqual(self.node.requests, [])

    def test_a_name_of_dots_is_no_way_up(self):
        for name in (".", ".."):
            self.node.answer("DELETE", f"/v1/tokens/{name}", {})
            self.assertEqual(self.node.run("token", "remove", name, "--yes").returncode, 0)

    def test_a_bad_list_is_no_bad_command_line(self):
        self.node.answer("POST", "/v1/feeds", {"name": "x"})
        for status in (400, 422):
            self.node.answer("POST", "/v1/feeds/x/refresh", problem(status, "This is HTML or XML, no list"))
            self.says(("feed", "refresh", "x"), 1, "This is HTML or XML, no list")
            self.says(("feed", "add", "x"), 1, "The feed is enabled, but could not be read: This is HTML or XML, no list")

    def test_a_file_that_the_node_cannot_open(self):
        self.node.answer("POST", "/v1/feeds", {"name": "x"})
        begin = "The feed is enabled, but could not be read: "
        path = str(pathlib.Path(__file__).resolve())
        for status, text, hint in (
                (502, f"{path}: Permission denied",
                 "; the node reads as its own user and, under systemd, not in /home, /root and /tmp"),
                (422, "The entry by which the list is known, its canary, is missing", ""),
                (422, f"{path}: it is no regular file", ""),
                (503, "The store is almost full and takes no more entries", "")):
            self.node.answer("POST", "/v1/feeds/x/refresh", problem(status, text))
            done = self.node.run("feed", "add", "x", path, "--format", "lines")
            self.assertEqual(done.stderr, f"tocsin: {begin}{text}{hint}\n")

    def test_the_public_side(self):
        with FakeNode(tcp=True) as public:
            url = f"http://127.0.0.1:{public.server.server_address[1]}"
            public.answer("GET", "/v1/status", problem(404, "There is nothing at this path"))
            done = run("--url", url, "status")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, f"tocsin: {url} has no API: it is the public side of a node; .* 8478 ")
            public.answer("GET", "/v1/status", problem(404, "There is no such thing"))
            self.assertEqual(run("--url", url, "status").returncode, 3)

    def test_withdraw_what_others_said(self):
        self.node.answer("DELETE", "/v1/reports/r1", problem(404, "There is no such report"))
        self.says(("report", "withdraw", "r1", "--yes"), 3, "There is no such report")
        self.node.answer("GET", "/v1/reports/r1", {"id": "r1"})
        self.says(("report", "withdraw", "r1", "--yes"), 4, "This report is another node's; only its reporter may withdraw it")

    def test_backup(self):
        self.node.answer("POST", "/v1/backup", problem(409, "/dir: No such file"))
        self.says(("backup", "/dir"), 1, "/dir: No such file; the node writes as its own user and, under systemd, "
                  "below its data directory alone")

    def test_imports(self):
        listed = {"imports": [{"batch": "7", "source": "exits.txt", "actor": None, "category": "tor_exit", "type": "ip",
                               "as": "imported", "count": 12, "created": "2026-01-01T00:00:00Z", "undone": None}], "cursor": 7}
        self.node.answer("GET", "/v1/imports", listed)
        done = self.node.run("report", "imports")
        self.assertRegex(done.stdout, r"\ABATCH .*\n7 +exits\.txt +tor_exit +ip +imported +12 +\d+ d ago +-\n\Z")
        self.assertEqual(done.stderr, "There are more: --cursor 7\n")
        self.node.answer("GET", "/v1/imports?cursor=7", {"imports": [], "cursor": None})
        self.assertEqual(self.node.run("report", "imports", "--cursor", "7").stderr, "Nothing was imported\n")
        self.assertEqual(json.loads(self.node.run("report", "imports", "--json").stdout), listed)

    def test_allow_list_goes_on(self):
        """A page is not all that passes, and the listing says so."""
        cursor = "00112233445566778899aabbccddeeff"
        listed = {"allow": [{"type": "ip", "value": "192.0.2.1", "reason": "ours", "expires": None}], "cursor": cursor}
        self.node.answer("GET", "/v1/allow", listed)
        done = self.node.run("allow", "list")
        self.assertRegex(done.stdout, r"\nip +192\.0\.2\.1 +ours")
        self.assertEqual(done.stderr, f"There are more: --cursor {cursor}\n")
        self.assertEqual(json.loads(self.node.run("allow", "list", "--json").stdout), listed)
        listed["allow"][0]["value"] = "192.0.2.2"
        listed["cursor"] = None
        self.node.answer("GET", f"/v1/allow?cursor={cursor}", listed)
        done = self.node.run("allow", "list", "--cursor", cursor)
        self.assertIn("192.0.2.2", done.stdout)
        self.assertEqual(done.stderr, "")

    def test_fingerprints_as_they_are_copied(self):
        actor = "https://b.example/actor"
        parts = [f"{n:04x}" for n in range(0xab00, 0xab10)]
        whole = "SHA256:" + "-".join(parts)
        self.node.answer("GET", "/v1/peers", {"peers": [{"actor": actor}]})
        self.node.answer("POST", "/v1/peers/https%3A%2F%2Fb.example%2Factor/confirm-key", {})
        for typed in ([whole], ["".join(parts)], [" ".join(parts)], parts, ["SHA256:" + "".join(parts).upper()],
                      ["SHA256:", *parts]):
            self.assertEqual(self.node.run("peer", "confirm-key", actor, *typed).returncode, 0, typed)
            self.assertEqual(self.node.requests[-1].body, {"fingerprint": whole})
        self.node.answer("POST", "/v1/peers/https%3A%2F%2Fb.example%2Factor/confirm-key",
                         problem(422, "/fingerprint: no key has it"))
        self.says(("peer", "confirm-key", actor, *parts), 2, "FINGERPRINT: no key has it")
        self.node.run("peer", "confirm-key", actor, "".join(parts)[:-1])
        self.assertEqual(self.node.requests[-1].body, {"fingerprint": "".join(parts)[:-1]})

    def test_audit_list_goes_through_the_pages(self):
        """What one list shows last, the next does not show, and it leaves nothing out."""
        def page(request):
            start = int(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.path).query)).get("cursor", 451))
            numbers = list(range(start - 1, 0, -1))[:200]
            return {"entries": [{"number": n} for n in numbers], "cursor": numbers[-1] if numbers and numbers[-1] > 1 else None}

        self.node.answers = type("Any", (), {"get": lambda _, key, other: page})()
        for limit in (90, 200, 201, 449):
            shown, more = [], []
            while more != ["--cursor", "None"]:
                listed = json.loads(self.node.run("audit", "list", "--limit", str(limit), "--json", *more).stdout)
                self.assertLessEqual(len(listed["entries"]), limit)
                shown += [e["number"] for e in listed["entries"]]
                more = ["--cursor", str(listed["cursor"])]
            self.assertEqual(shown, list(range(450, 0, -1)), limit)
        self.assertEqual(self.node.run("audit", "list", "--limit", "3").stderr, "There are more: --cursor 448\n")
        self.says(("audit", "list", "--limit", "0"), 2, "--limit must be a whole number from 1 to 1000000")

    def test_feed_remove(self):
        """A ready-made one stays in the list."""
        self.node.answer("DELETE", "/v1/feeds/tor-exits", (204, b""))
        self.assertIn("The feed is removed", self.node.run("feed", "remove", "tor-exits").stdout)
        self.node.answer("GET", "/v1/feeds/tor-exits", {"name": "tor-exits", "origin": "shipped"})
        self.assertIn("The feed is disabled, and nothing of it is left; it stays",
                      self.node.run("feed", "remove", "tor-exits").stdout)
        self.assertEqual(self.node.run("feed", "remove", "tor-exits", "--json").stdout, "{}\n")


if __name__ == "__main__":
    sys.exit(main())
