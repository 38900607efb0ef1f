# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the program against a fake node: what it asks, what it prints, how it exits.

Usage: TOCSIN=PATH test_commands.py
"""
import json
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import struct
import fcntl
import unittest
import urllib.parse

from fake_node import FakeNode, TOCSIN, main, problem, read_terminal, run

B = "https://b.example/actor"
C = "https://c.example/actor"
PEERS = {"peers": [
    {"actor": B, "acct": "acct:tocsin@b.example", "relation": "mutual", "trust": 80, "breaker": "closed",
     "last_seen": "2026-01-01T00:00:00Z", "given": 2.75, "got": 12345.5678, "ratio": 0.5},
    {"actor": C, "acct": "acct:tocsin@c.example", "relation": "following", "trust": 50, "breaker": "open",
     "last_seen": None, "given": 0, "got": 0, "ratio": None},
    {"actor": "https://two.example/a", "acct": "acct:a@two.example"},
    {"actor": "https://two.example/b", "acct": "acct:b@two.example"},
]}


def quoted(text):
    return urllib.parse.quote(text, safe="")


class Commands(unittest.TestCase):
    def setUp(self):
        self.node = FakeNode()
        self.node.__enter__()
        self.addCleanup(self.node.__exit__)
        self.node.answer("GET", "/v1/peers", PEERS)

    def check(self, done, code, out=None, err=None):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        if out is not None:
            self.assertRegex(done.stdout, out)
        if err is not None:
            self.assertRegex(done.stderr, err)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def last(self):
        return self.node.requests[-1]

    # The node and the way to it

    def test_status(self):
        self.node.answer("GET", "/v1/status", {"ready": True, "store": {"used_bytes": 4096}})
        self.check(self.node.run("status"), 0, r"ready +yes\n(.*\n)* +used bytes +4096\n")

    def test_json_is_what_came(self):
        raw = b'{"b":1,"a":[ 2.50 ]}'
        self.node.answer("GET", "/v1/status", raw)
        self.assertEqual(self.node.run("status", "--json").stdout, raw.decode() + "\n")
        self.assertEqual(self.node.run("--json", "status").stdout, raw.decode() + "\n")

    def test_socket_from_environment(self):
        self.node.answer("GET", "/v1/status", {})
        self.check(run("status", env={"TOCSIN_SOCKET": self.node.socket}), 0)

    def test_unreachable(self):
        self.check(run("--socket", "/nonexistent/api.sock", "status"), 5, r"\A\Z", "/nonexistent/api.sock")
        self.check(run("--url", "http://127.0.0.1:9", "status"), 5, r"\A\Z", "http://127.0.0.1:9")
        self.check(run("--socket", "/nonexistent/api.sock", "status"), 5, None, "is it running.*--socket or --url")

    @unittest.skipIf(os.geteuid() != 0, "only root can become another user")
    def test_not_permitted(self):
        os.chmod(self.node.dir.name, 0o700)
        with tempfile.TemporaryDirectory() as place:  # the build may lie where no other user comes
            os.chmod(place, 0o755)
            program = shutil.copy(shutil.which(TOCSIN), place)
            done = subprocess.run([program, "--socket", self.node.socket, "status"], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, check=False, timeout=60, user=65534, group=65534,
                                  extra_groups=[], cwd="/", env={**os.environ, "NO_COLOR": "1"})
        self.check(done, 5, r"\A\Z", "You may not use .*api.sock: be root, or the user that the node runs as")

    def test_refusals_name_what_was_typed(self):
        """The node tells by a place in the document that it was sent, which nobody has seen."""
        for words, method, path, detail, said in (
                (("check", "ip=x"), "POST", "/v1/check", "/subjects/0/value: Not an IP address",
                 "ip=x: Not an IP address"),
                (("report", "add", "ip=192.0.2.1", "email=x", "--category", "spam"), "POST", "/v1/reports",
                 "/subjects/1: Report is odd", "email=x: Report is odd"),
                (("report", "add", "ip=192.0.2.1", "--category", "spam", "--observed-at", "2026-01-31T12:00:00Z"),
                 "POST", "/v1/reports", "/observed_at: too early", "--observed-at: too early"),
                (("check", "ip=192.0.2.1", "--profile", "x"), "POST", "/v1/check", "/profile: there is no profile “x”",
                 "--profile: there is no profile “x”"),
                (("peer", "follow", "no address"), "POST", "/v1/peers", "/actor: not a host name", "no address: not a host name"),
                (("token", "add", "x", "--scope", "check"), "POST", "/v1/tokens", "/name: there is a token of this name",
                 "x: there is a token of this name"),
                (("check", "ip=x"), "POST", "/v1/check", "/subjects/7/value: odd", "/subjects/7/value: odd"),
                (("backup", "/tmp"), "POST", "/v1/backup", "/tmp: File exists", "/tmp: File exists"),
                (("backup", "/dir"), "POST", "/v1/backup", "/dir: it is the node's own", "/dir: it is the node's own")):
            with self.subTest(words):
                self.node.answer(method, path, problem(400, detail))
                done = self.node.run(*words)
                self.check(done, 2, r"\A\Z")
                self.assertEqual(done.stderr, f"tocsin: {said}\n")

    def test_feed_unknown(self):
        self.node.answer("GET", "/v1/feeds", {"feeds": [{"name": "tor-exits"}, {"name": "aws"}, {}, 7]})
        for command in ("show", "enable", "disable", "refresh", "remove"):
            self.check(self.node.run("feed", command, "torexits"), 3, r"\A\Z", "no feed “torexits”; did you mean “tor-exits”")
        self.check(self.node.run("feed", "show", "something"), 3, r"\A\Z", "no feed “something”; tocsin feed list")

    def test_no_node_but_something_else(self):
        for body in (b"<html>hello</html>", b"[]", b'{"a":1} {"b":2}'):
            self.node.answer("GET", "/v1/status", body)
            self.check(self.node.run("status", "--json"), 1, r"\A\Z", "no API of a Tocsin node")

    def test_url_and_token(self):
        with FakeNode(tcp=True) as node:
            port = node.server.server_address[1]
            token = os.path.join(node.dir.name, "token")
            node.answer("GET", "/v1/status", {"ready": True})
            with open(token, "w", encoding="ascii") as f:
                f.write("s3cret\n")
            done = run("--url", f"http://127.0.0.1:{port}/", "--token-file", token, "status")
            self.check(done, 0, "ready")
            self.assertEqual(node.requests[-1].headers["Authorization"], "Bearer s3cret")
            with open(token, "w", encoding="ascii") as f:
                f.write("two words\n")
            done = run("--url", f"http://127.0.0.1:{port}/", "--token-file", token, "status")
            self.check(done, 2, None, "holds no token")
            self.assertNotIn("two words", done.stderr)
            node.answer("GET", "/v1/status", problem(401, "This call needs a token: “Authorization: Bearer TOKEN” or X-Api-Key"))
            done = run("--url", f"http://127.0.0.1:{port}", "status")
            self.check(done, 1, r"\A\Z", f"http://127.0.0.1:{port} wants a token: --token-file names ")
            with open(token, "w", encoding="ascii") as f:
                f.write("s3cret\n")
            done = run("--url", f"http://127.0.0.1:{port}", "--token-file", token, "status")
            self.check(done, 1, r"\A\Z", "This call needs")

    def test_refusals(self):
        for status, code in ((400, 2), (401, 1), (403, 4), (404, 3), (409, 1), (410, 3), (413, 1), (422, 2),
                             (429, 1), (500, 1), (502, 1), (503, 1)):
            with self.subTest(status):
                self.node.answer("GET", "/v1/status", problem(status, "That will not do"))
                done = self.node.run("status", "--json")
                self.check(done, code, r"\A\Z")
                self.assertEqual(done.stderr, "tocsin: That will not do\n")

    def test_refusal_without_words(self):
        self.node.answer("GET", "/v1/status", (503, b"\xff\xfe"))
        self.check(self.node.run("status"), 1, None, "HTTP status 503")

    def test_redirect_is_not_followed(self):
        self.node.answer("GET", "/v1/status", (302, {}))
        self.check(self.node.run("status"), 1, None, "HTTP status 302")

    def test_words_of_others_cannot_move_the_cursor(self):
        self.node.answer("GET", "/v1/status", problem(403, "a\u001b[2Jb\nc\u202ed"))
        done = self.node.run("status")
        self.assertNotIn("\x1b", done.stderr)
        self.assertNotIn("\u202e", done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.node.answer("GET", "/v1/peers", {"peers": [{"actor": "https://x.example/\u001b]0;title\u0007"}]})
        self.assertNotIn("\x1b", self.node.run("peer", "list").stdout)
        told = {"text": "a\u009b2Jb\u007fc\u202edé日"}
        self.node.answer("GET", "/v1/status", json.dumps(told, ensure_ascii=False).encode())
        shown = self.node.run("status", "--json").stdout
        self.assertEqual(json.loads(shown), told)
        self.assertIn("é日", shown)
        for dangerous in "\u009b\u007f\u202e":
            self.assertNotIn(dangerous, shown)

    # The command line itself

    def test_usage(self):
        for arguments, words in (
                ((), "command is missing"), (("peer",), "command is missing"),
                (("pere",), "did you mean “peer”"), (("xyzzy",), "no command"),
                (("peer", "folow", "x"), "did you mean “follow”"), (("status", "extra"), "Too much"),
                (("peer", "follow"), "Too little"), (("status", "--nonsense"), "--nonsense"),
                (("peer", "follow", "b.example", "--trust", "0"), "1 to 100"),
                (("peer", "follow", "b.example", "--trust", "1e1"), "1 to 100"),
                (("peer", "follow", "b.example", "--area", "spam"), "AREA=N"),
                (("peer", "follow", "b.example", "--area", "spma=3"), "did you mean “spam”"),
                (("peer", "follow", "b.example", "--area", "spam=3", "--area", "spam=4"), "twice"),
                (("peer", "trust", B, "101"), "0 to 100"), (("peer", "trust", B, "-1"), "."),
                (("peer", "list", "--pending", "--following"), "exclude"),
                (("check", "1.2.3.4"), "TYPE=VALUE"), (("check", "ip="), "TYPE=VALUE"),
                (("check", "emial=a@b.example"), "did you mean “email”"), (("check",), "Too little"),
                (("check", *["ip=192.0.2.1"] * 17), "Too much"), (("report", "add", "ip=192.0.2.1"), "--category"),
                (("report", "add", "ip=192.0.2.1", "--category", "spamm"), "did you mean “spam”"),
                (("report", "add", "ip=192.0.2.1", "--category", "spam", "--expires", "soon"), "A time is"),
                (("report", "add", "ip=192.0.2.1", "--category", "spam", "--observed-at", "soon"), "RFC 3339"),
                (("report", "withdraw", "x", "--reason", "eror"), "did you mean “error”"), (("observe", "maybe"), "on"),
                (("token", "add", "x"), "--scope"), (("token", "add", "x", "--scope", "root"), "there are"),
                (("peer", "trust", "b.example", "1", "--full", "--not-full"), "exclude"),
                (("peer", "trust", "b.example", "0", "--full"), "exclude"), (("--token-file", "x", "status"), "--url"),
                (("status", "--josn"), "did you mean “--json”"), (("--sokcet=x", "status"), "did you mean “--socket”"),
                (("report", "undo", "b1", "--yse"), "did you mean “--yes”"),
                (("report", "undo", "b1"), "--yes"), (("review", "reject", "7"), "cannot be undone.*--yes"), (("key", "rotate"), "--yes"),
                (("--socket", "", "status"), "names no file"), (("backup", ""), "empty"),
                (("report", "add", "ip=192.0.2.1", "--category", "spam", "--comment", b"\xff"), "UTF-8"),
                (("check", b"username=\xff"), "UTF-8"), (("check", b"--\xff"), "."), (("--url", "http://x", "status"), "exclude")):
            with self.subTest(arguments):
                self.check(self.node.run(*arguments), 2, r"\A\Z", words)
        self.assertEqual([r for r in self.node.requests if r.method != "GET"], [])
        for url in ("ftp://x", "x", "http://", "http://a@x", "http://x/v1", "http://x?a"):
            self.check(run("--url", url, "status"), 2, r"\A\Z", "no address")

    def test_hostile_arguments(self):
        """Nothing hangs, grows, or fills the terminal."""
        for arguments, code in (
                (("--url", "http://127.0.0.1:9", "--token-file", "/dev/zero", "status"), 2),
                (("--url", "http://127.0.0.1:9", "--token-file", "/tmp", "status"), 1),
                (("--socket", "/tmp/" + "x" * 300, "status"), 5), (("--socket", "/dev/null", "status"), 5),
                (("--socket", b"/\xff\xfe", "status"), 5), (("--url", b"http://\xff", "status"), 2),
                (("--url", "http://127.0.0.1:99999", "status"), 2), (("config", "check", "/dev/zero"), 1)):
            with self.subTest(arguments):
                self.check(run(*arguments), code, r"\A\Z", ".")
        for arguments, code in (
                (("x" * 120000,), 2), (("peer", "show", "x" * 120000), 3), (("report", "list", "--limit", "9" * 30), 2),
                (("report", "list", "--bundle", "0"), 2),
                (("report", "add", "ip=192.0.2.1", "--category", "spam", "--expires", "9" * 30 + "d"), 2),
                (("peer", "show", "\x1b]0;x\x07"), 3), (("peer", "follow", "x", "--area", "=5"), 2),
                (("report", "import", "/dev/null", "--category", "spam", "--type", "ip"), 1),
                (("report", "import", "/tmp", "--category", "spam", "--type", "ip"), 1)):
            with self.subTest(arguments[:3]):
                done = self.node.run(*arguments)
                self.check(done, code, r"\A\Z", ".")
                self.assertLess(len(done.stderr), 4000)
                self.assertNotIn("\x1b", done.stderr)

    def test_help_on_every_level(self):
        for path in ((), ("peer",), ("peer", "follow"), ("check",)):
            done = run(*path, "--help")
            self.check(done, 0, "tocsin")
            self.assertIn("--socket", done.stdout)
        self.assertIn("--trust", run("peer", "follow", "--help").stdout)

    def test_list_commands(self):
        self.assertIn("peer\n", run("--list-commands").stdout)
        self.assertIn("confirm-key\n", run("--list-commands", "peer").stdout)
        self.assertIn("--category\n", run("--list-commands", "report", "add").stdout)
        self.assertIn("disposable_email\n", run("--list-commands", "report", "add", "--category").stdout)
        self.assertEqual(run("--list-commands", "nonsense").stdout, "")
        for done in (run("--list-actors", env={"TOCSIN_SOCKET": self.node.socket}),
                     run("--list-actors", "--socket", self.node.socket)):
            self.check(done, 0, f"(?s)\\A{B}\ntocsin@b.example\nb.example\n")
        self.check(run("--list-actors", "--socket", "/nonexistent"), 0, r"\A\Z")

    def complete(self, *words):
        """What bash offers for the last word."""
        script = (f"source {os.environ['COMPLETION']}; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _tocsin; "
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", TOCSIN, "--socket", self.node.socket, *words],
                              capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    @unittest.skipUnless(shutil.which("bash"), "no bash here")
    def test_completion(self):
        self.node.answer("GET", "/v1/feeds", {"feeds": [{"name": "tor-exits"}, {"name": "aws"}]})
        for words, offered in (
                (("feed", "ref"), ["refresh"]), (("feed", "enable", "to"), ["tor-exits"]),
                (("feed", "add", "x", "--cat"), ["--category"]),
                (("pe",), ["peer"]), (("peer", "conf"), ["confirm-key"]),
                (("report", "add", "ip=192.0.2.1", "--cat"), ["--category"]),
                (("report", "add", "--category", "spa"), ["spam"]), (("check", "em"), ["email="]), (("erase", "em"), ["email="]),
                (("peer", "accept", "tocsin@"), ["tocsin@b.example", "tocsin@c.example"]),
                (("observe", ""), ["on", "off"]), (("observe", "of"), ["off"]), (("observe", "--y"), []),
                (("peer", "trust", "b.example", "5", "--area=sp"), ["spam"]), (("report", "export", "--format", "ng"), ["nginx-geo", "nginx-map"]),
                (("report", "import", "--format", "m"), ["mastodon-csv", "misp-warninglist"]), (("feed", "add", "x", "--format", "t"), ["tor-exits"]),
                (("check", "ip=192.0.2.1", "--profile", ""), ["lenient", "default", "strict"]), (("report", "export", "--profile", "s"), ["strict"]),
                (("--json", "st"), ["status"]), (("check", "--explain", "i"), ["ip="]), (("peer", "--json", "conf"), ["confirm-key"]),
                (("observe", "--json", ""), ["on", "off"]), (("allow", "add", "--reason", "i"), []), (("--nonsense", "st"), []),
                (("report", "export", "--min-verdict", ""), ["allow", "note", "review", "block"]),
                (("peer", "show", "--", "b.e"), ["b.example"]), (("check", "--explain", "--", "i"), ["ip="]),
                (("feed", "enable", "--", "to"), ["tor-exits"]), (("feed", "add", "--", "--cat"), []),
                (("peer", "list", "--pe"), ["--pending"]), (("nonsense", "x"), [])):
            with self.subTest(words):
                self.assertEqual(self.complete(*words), offered)

    @unittest.skipUnless(shutil.which("bash"), "no bash here")
    def test_completion_runs_nothing(self):
        """A stranger becomes somebody to complete by asking to follow, whatever its address is made of."""
        with tempfile.TemporaryDirectory() as directory:
            ran = os.path.join(directory, "ran")
            foreign = f"https://x.example/$({{touch,{ran}}})"
            self.node.answer("GET", "/v1/peers", {"peers": [{"actor": foreign}], "next": None})
            offered = self.complete("peer", "accept", "https://x.ex")
            self.assertEqual(len(offered), 1)
            back = subprocess.run(["bash", "-c", f"printf %s {offered[0]}"], capture_output=True, text=True, check=True)
            self.assertEqual(back.stdout, foreign)
            self.assertFalse(os.path.exists(ran))

    def test_full_disk(self):
        self.node.answer("GET", "/v1/status", {"ready": True})
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([TOCSIN, "--socket", self.node.socket, "status", "--json"], stdout=full,
                                  stderr=subprocess.PIPE, check=False, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"cannot be written", done.stderr)

    def test_closed_standard_descriptors(self):
        """The socket must not take the place of what was closed; `tocsin … | head` is no failure to tell of."""
        self.node.answer("GET", "/v1/status", {"ready": True})
        done = subprocess.run(["sh", "-c", 'exec "$0" --socket "$1" status <&- >&-', TOCSIN, self.node.socket],
                              stderr=subprocess.PIPE, check=False, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"cannot be written", done.stderr)
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run([TOCSIN, "--socket", self.node.socket, "status"], stdout=writing,
                              stderr=subprocess.PIPE, check=False, timeout=60)
        os.close(writing)
        self.assertEqual((done.returncode, done.stderr), (-13, b""))

    # Peers

    def test_follow_sends_what_was_typed(self):
        self.node.answer("POST", "/v1/peers", {"actor": B})
        done = self.node.run("peer", "follow", "@tocsin@b.example", "--trust", "80", "--area", "spam=90",
                             "--area", "abuse=0")
        self.check(done, 0, B)
        self.assertEqual(self.last().body,
                         {"actor": "@tocsin@b.example", "trust": 80, "areas": {"spam": 90, "abuse": 0}})
        self.node.run("peer", "follow", "b.example")
        self.assertEqual(self.last().body, {"actor": "b.example", "areas": {}}, "what it has stays")

    def test_follow_refused(self):
        self.node.answer("POST", "/v1/peers", problem(403, "This node follows nobody at c.example"))
        self.check(self.node.run("peer", "follow", C), 4, r"\A\Z", "follows nobody")

    def test_peer_actions(self):
        base = f"/v1/peers/{quoted(B)}"
        for words, method, path, body in (
                (("unfollow",), "DELETE", base, None), (("reject",), "POST", base + "/reject", None),
                (("unblock",), "POST", base + "/unblock", None), (("reset",), "POST", base + "/reset", None),
                (("confirm-key", "ab:cd"), "POST", base + "/confirm-key", {"fingerprint": "ab:cd"}),
                (("trust", "0"), "PUT", base + "/trust", {"area": "any", "weight": 0}),
                (("trust", "1", "--not-full", "--public"), "PUT", base + "/trust",
                 {"area": "any", "weight": 1, "full": False, "private": False}),
                (("trust", "70", "--area", "spam", "--full", "--private"), "PUT", base + "/trust",
                 {"area": "spam", "weight": 70, "full": True, "private": True})):
            with self.subTest(words):
                self.node.answer(method, path, (204, b"") if method == "DELETE" else {})
                self.check(self.node.run("peer", words[0], "b.example", *words[1:]), 0, re.escape(B))
                self.assertEqual((self.last().method, self.last().path, self.last().body), (method, path, body))
        self.node.answer("DELETE", base, (204, b""))
        self.assertEqual(self.node.run("peer", "unfollow", B, "--json").stdout, "{}\n")

    def test_peer_list(self):
        done = self.node.run("peer", "list")
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0].split(), "ACTOR RELATION TRUST BREAKER LAST SEEN GIVEN GOT RATIO".split())
        self.assertRegex(lines[1], rf"{B} +mutual +80 +closed +\d+ d ago +3 +12346 +0\.5\Z")
        self.assertRegex(lines[2], rf"{C} +following +50 +open +- +0 +0 +-\Z")
        self.node.answer("GET", "/v1/peers?filter=pending", {"peers": []})
        self.check(self.node.run("peer", "list", "--pending"), 0, r"\A\Z", "No peers")
        self.assertEqual(json.loads(self.node.run("peer", "list", "--pending", "--json").stdout), {"peers": []})

    def terminal(self, columns, *arguments, env=None):
        """Runs it with a terminal of that width for its output; gives what it showed."""
        parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        done = subprocess.Popen([TOCSIN, "--socket", self.node.socket, *arguments], stdin=subprocess.DEVNULL,
                                stdout=child, stderr=subprocess.PIPE,
                                env={**os.environ, "TERM": "xterm", **(env or {})})
        shown = read_terminal(parent, child)
        done.stderr.close()
        self.assertEqual(done.wait(timeout=60), 0)
        return shown

    def test_table_fits_the_terminal(self):
        self.node.answer("GET", "/v1/allow", {"allow": [{"type": "ip", "value": "192.0.2.1", "reason": "ours " * 20}]})
        shown = self.terminal(60, "allow", "list", env={"NO_COLOR": "1"})
        self.assertRegex(shown, r"\nip +192.*ours…?")
        self.assertNotIn("\x1b", shown)
        for line in shown.splitlines():
            self.assertLessEqual(len(line), 60, line)

    def test_what_is_needed_is_whole_on_a_terminal(self):
        self.assertRegex(self.terminal(60, "peer", "list"), r"\nb\.example  (.*\n)*c\.example  (.*\n)*https://two\.example/a  ")
        self.node.answer("GET", "/v1/status", {"fingerprint": "0123-" * 20})
        self.assertIn("0123-" * 20, self.terminal(60, "status"))
        last = "01a2219d-70bb-74d9-a72c-aa567a0686aa"
        own, other = f"https://a.example/reports/{last}", f"https://b.example/reports/{last}"
        rows = [{"id": own, "actor": "https://a.example/actor", "bundle": 6, "subject": {"type": "ip", "value": "192.0.2.1"}},
                {"id": other, "actor": B, "subject": {"type": "ip", "value": "192.0.2.2"}}]
        self.node.answer("GET", "/v1/reports", {"reports": rows, "cursor": None})
        shown = self.terminal(60, "report", "list").splitlines()
        self.assertRegex(shown[1], rf"\A{last}  .*ip=192\.0\.2\.1 ")
        self.assertRegex(shown[2], rf"\A{other}  ip=192\.0\.2\.2 ")
        self.assertRegex(self.node.run("report", "list").stdout, rf"(?s){own}  .*https://a.*{other} .*{B} ")

    def test_a_cursor_is_one_word_to_a_shell(self):
        row = {"id": "r1", "actor": B, "subject": {"type": "ip", "value": "192.0.2.1"}}
        for cursor in ("c-1_2.A=", "1;reboot", "$(id)'", "a b"):
            self.node.answer("GET", "/v1/reports?limit=1", {"reports": [row], "cursor": cursor})
            said = re.search(r"--cursor (.*)\n", self.node.run("report", "list", "--limit", "1").stderr).group(1)
            self.assertEqual(shlex.split(said), [cursor])
            self.assertEqual(said == cursor, cursor.startswith("c-"))

    def test_narrow_terminal_shows_whom_it_is_about(self):
        item = {"id": 3, "kind": "equivocation", "actor": "http://127.0.0.1:18477/actor", "category": "credential_abuse",
                "subject": {"type": "ip", "value": "2002:cb00:71ca::1"}, "count": 1, "due": None, "state": "open",
                "text": "A report about this node, a peer of it, or an address that is not public"}
        self.node.answer("GET", "/v1/review", {"items": [item]})
        row = {"id": "http://127.0.0.1:18477/reports/01a2219d-70bb-74d9-a72c-aa567a0686aa", "state": "live",
               "category": "spam", "actor": item["actor"], "subject": {"type": "domain", "value": "infinity.example"}}
        self.node.answer("GET", "/v1/reports", {"reports": [row], "cursor": None})
        for width in (80, 40):
            shown = self.terminal(width, "review", "list")
            self.assertRegex(shown, r"  http://127\.0\.0\.1:18477.*  ip=2002:cb00:71ca::1  .*" + item["text"])
            self.assertRegex(self.terminal(width, "report", "list"), rf"{row['id']}  domain=infinity\.example  spam ")

    def test_colour_on_a_terminal_alone(self):
        self.assertIn("\x1b[1;31mopen", self.terminal(200, "peer", "list", env={"NO_COLOR": ""}))
        self.assertNotIn("\x1b", self.terminal(200, "peer", "list", env={"TERM": "dumb"}))
        self.assertNotIn("\x1b", self.node.run("peer", "list", env={"NO_COLOR": ""}).stdout)

    def stderr_on_terminal(self, *arguments):
        """What it shows on a terminal as its standard error."""
        parent, child = pty.openpty()
        done = subprocess.Popen([TOCSIN, "--socket", self.node.socket, *arguments], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=child, env={**os.environ, "TERM": "xterm"})
        os.close(child)
        shown = b""
        while True:
            try:
                piece = os.read(parent, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        out = done.stdout.read().decode()
        done.stdout.close()
        os.close(parent)
        self.assertEqual(done.wait(timeout=60), 0)
        return shown.decode(), out

    def test_progress_on_a_terminal_alone(self):
        listed = os.path.join(self.node.dir.name, "list.txt")
        with open(listed, "w", encoding="ascii") as f:
            f.writelines(f"198.51.{i // 256}.{i % 256}\n" for i in range(12000))
        self.node.answer("POST", "/v1/imports", lambda r: {"batch": "7", "accepted": len(r.body["entries"]), "rejected": []})
        self.node.answer("POST", "/v1/backup", {"dir": "/x"})
        words = ("report", "import", listed, "--category", "tor_exit", "--type", "ip", "--json")
        shown, out = self.stderr_on_terminal(*words)
        self.assertRegex(shown, r"Importing \[#*-*\] \d+/12000")
        self.assertTrue(shown.endswith("\r\x1b[K"), "the bar is taken away")
        self.assertEqual(json.loads(out)["accepted"], 12000)
        done = self.node.run(*words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        shown, out = self.stderr_on_terminal("backup", "/x", "--json")
        self.assertIn("Backing up", shown)
        self.assertEqual(json.loads(out), {"dir": "/x"})
        self.assertEqual(self.node.run("backup", "/x").stderr, "")

    # Waiting until a peer is read

    def catching_up(self, *answers):
        """The node answers with one of these after another, and then with the last; a dict is a state."""
        waiting = list(answers)
        base = f"/v1/peers/{quoted(B)}"
        whole = {"state": "asked", "caught_up": False, "sequence": 0, "last_sequence": 0, "reports": 0}

        def answer(request):
            path, _, query = request.path.partition("?")
            if (request.method, path) == ("GET", "/v1/peers"):
                return PEERS
            if (request.method, path) == ("POST", "/v1/peers"):
                return 201, {"actor": B, "fingerprints": [], "following": "pending"}
            if path == base:
                return {"actor": B, "catch_up": {"caught_up": True}}
            if path != base + "/catch-up":
                return problem(404, "There is nothing here")
            # Whoever asks again says what is known, and waits.
            self.polls.append(urllib.parse.parse_qs(query))
            given = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            return {**whole, **given, "cursor": f"c{len(self.polls)}"} if isinstance(given, dict) else given

        self.polls = []
        self.node.answers = type("Any", (), {"get": lambda _, key, other: answer})()

    DONE = {"state": "done", "caught_up": True, "sequence": 3001, "last_sequence": 3001, "reports": 3000}

    def test_wait(self):
        steps = ({"state": "asked"}, {"state": "waiting"}, {"state": "reading", "last_sequence": 3001},
                 {"state": "reading", "sequence": 2000, "last_sequence": 3001}, self.DONE)
        said = re.escape(B) + r" is read to the end; reports of it here: 3000\n"
        for words in (("peer", "follow", "b.example", "--wait"), ("peer", "show", B, "--wait")):
            self.catching_up(*steps)
            self.check(self.node.run(*words), 0, said)
            self.assertEqual(self.polls, [{}] + [{"cursor": [f"c{i}"], "wait": ["30"]} for i in (1, 2, 3, 4)])
            self.catching_up(*steps)
            done = self.node.run(*words, "--json", "--timeout", "20")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(json.loads(done.stdout), {"actor": B, "catch_up": {"caught_up": True}})
            self.assertTrue(all(1 <= int(poll["wait"][0]) <= 20 for poll in self.polls[1:]), self.polls)

    def test_wait_shows_how_far_it_is(self):
        self.catching_up({"state": "asked"}, {"state": "reading", "last_sequence": 3001},
                         {"state": "reading", "sequence": 2000, "last_sequence": 3001}, self.DONE)
        shown, out = self.stderr_on_terminal("peer", "follow", "b.example", "--wait")
        bars = re.findall(r"Reading its outbox \[(#*)(-*)\] (\d+)/3001 (\d+) %", shown)
        self.assertIn("Waiting for its admin to accept 0 s", shown)
        self.assertEqual(bars[0], ("", "-" * 24, "0", "0"))
        self.assertEqual(bars[-1], ("#" * 24, "", "3001", "100"))
        self.assertTrue(shown.endswith("\r\x1b[K"), "the bar is taken away")
        self.assertIn("read to the end", out)

    def test_wait_in_vain(self):
        shown = re.escape(B)
        for answer, code, sentence in (
                ({"state": "failed", "error": "The peer answered 500"}, 1,
                 rf"{shown} was not read to the end \(The peer answered 500\); .* tocsin peer reset {shown}"),
                ({"state": "refused"}, 4, "does not let this node follow it"),
                ({"state": "none"}, 1, "not followed, not believed, blocked or on hold; see tocsin peer show"),
                ({"state": 7}, 1, "does not say how far"), ((200, {}), 1, "does not say how far"),
                (problem(503, "Too many readers wait already"), 1, "Too many readers wait already"),
                (problem(404, "This node has had nothing to do with this actor"), 3, "nothing to do with")):
            with self.subTest(answer):
                self.catching_up({"state": "asked"}, answer)
                self.check(self.node.run("peer", "show", B, "--wait"), code, r"\A\Z", sentence)
        self.catching_up({"state": "asked"})
        self.check(self.node.run("peer", "show", B, "--wait", "--timeout", "1"), 1, r"\A\Z",
                   f"The admin of {shown} has not accepted after 1 s; the node goes on")
        self.catching_up({"state": "reading"})
        self.check(self.node.run("peer", "show", B, "--wait", "--timeout", "1"), 1, r"\A\Z",
                   "is not read to the end after 1 s; the node goes on")
        self.check(self.node.run("peer", "show", B, "--timeout", "1"), 2, None, "--timeout needs --wait")
        self.check(self.node.run("peer", "show", B, "--wait", "--timeout", "no"), 2, None, "--timeout")

    def test_wait_interrupted(self):
        """Ctrl-C ends the waiting alone, and the program as a shell expects."""
        asked = threading.Event()
        released = threading.Event()

        def hang(request):
            asked.set()
            released.wait(60)
            return {"state": "asked", "cursor": "c2"}

        self.catching_up({"state": "asked"})
        first = self.node.answers.get(None, None)
        self.node.answers = type("Any", (), {
            "get": lambda _, key, other: hang if "cursor=" in key[1] else first})()
        with subprocess.Popen([TOCSIN, "--socket", self.node.socket, "peer", "follow", "b.example", "--wait"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**os.environ, "NO_COLOR": "1"}) as waiting:
            self.addCleanup(released.set)
            self.assertTrue(asked.wait(60))
            waiting.send_signal(signal.SIGINT)
            out, err = waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, -signal.SIGINT)
        self.assertIn(b"Asked to follow", out)
        self.assertRegex(err.decode(), rf"\ANo longer waiting: the node goes on by itself, and {re.escape(B)} stays")
        self.assertEqual([r.method for r in self.node.requests].count("DELETE"), 0)

    # Verdicts

    def test_check_exit(self):
        subject = {"type": "ip", "value": "192.0.2.1", "matched": "192.0.2.0/24", "verdict": "review", "score": 94,
                   "categories": [{"slug": "spam", "origins": 2}], "notes": [{"class": "informal", "text": "a note"}]}
        for verdict, code in (("allow", 0), ("note", 0), ("review", 10), ("block", 11)):
            with self.subTest(verdict):
                answer = {"verdict": verdict, "score": 94, "summary": "Reported by 2", "subjects": [subject]}
                self.node.answer("POST", "/v1/check", answer)
                self.check(self.node.run("check", "ip=192.0.2.1"), code,
                           rf"(?s)Verdict: {verdict}, score 94\nReported by 2\n.*192.0.2.1: .*192.0.2.0/24.*spam.*a note")
                done = self.node.run("check", "ip=192.0.2.1", "--json")
                self.check(done, code)
                self.assertEqual(json.loads(done.stdout), answer)
                self.node.answer("POST", "/v1/check", {**answer, "mode": "observe"})
                self.check(self.node.run("check", "ip=192.0.2.1"), code, rf"Verdict: {verdict}, (.*\n)*The node only observes")
        self.assertEqual(self.last().body,
                         {"explain": False, "subjects": [{"type": "ip", "value": "192.0.2.1"}]})

    def test_check_asks(self):
        self.node.answer("POST", "/v1/check", {"verdict": "allow", "score": 0, "subjects": []})
        self.node.run("check", "email=a=b@c.example", "username=jdoe", "--profile", "strict", "--explain")
        self.assertEqual(self.last().body, {
            "profile": "strict", "explain": True,
            "subjects": [{"type": "email", "value": "a=b@c.example"}, {"type": "username", "value": "jdoe"}]})

    def test_check_explained(self):
        self.node.answer("POST", "/v1/check", {
            "verdict": "block", "score": 99, "summary": "", "without": {B: "note"}, "subjects": [{
                "type": "ip", "value": "192.0.2.1", "verdict": "block", "score": 99, "evidence": [{
                    "reporter": B, "via": B, "category": "spam", "opinion": "malicious", "state": "live",
                    "strength": 0.875, "age_days": 1.5, "report": "https://b.example/reports/1"}]}]})
        self.check(self.node.run("check", "ip=192.0.2.1", "--explain"), 11,
                   rf"(?s)REPORTER.*{B} .*0\.875 +1\.5 +https://b.example/reports/1\n.*Without.*{B} +note")

    def test_check_without_a_verdict(self):
        self.node.answer("POST", "/v1/check", {"verdict": "maybe"})
        self.check(self.node.run("check", "ip=192.0.2.1"), 1, None, "without a verdict")

    def test_check_unknown_profile(self):
        self.node.answer("POST", "/v1/check", problem(400, "There is no profile “x”"))
        self.check(self.node.run("check", "ip=192.0.2.1", "--profile", "x"), 2, r"\A\Z", "no profile")

    def test_confirmation_on_a_terminal(self):
        self.node.answer("DELETE", "/v1/imports/b1", {})
        for typed, code in ((b"no\n", 1), (b"yes\n", 0)):
            parent, child = pty.openpty()
            os.write(parent, typed)
            done = subprocess.run([TOCSIN, "--socket", self.node.socket, "report", "undo", "b1"], stdin=child,
                                  stderr=child, stdout=subprocess.PIPE, check=False, timeout=60)
            os.close(child)
            os.close(parent)
            self.assertEqual(done.returncode, code)
        self.assertEqual(sum(r.method == "DELETE" for r in self.node.requests), 1)

    # The rest

    def test_other_calls(self):
        for words, method, path, body, answer, shown in (
                (("trust", "list", "--area", "spam"), "GET", "/v1/trust?area=spam", None,
                 {"area": "spam", "actors": [{"actor": B, "rank": 0.25, "y": 1.5, "hops": 1, "direct": True}]},
                 r"0\.25 +1\.5 +1 +yes"),
                (("trust", "show", B), "GET", f"/v1/trust/{quoted(B)}", None,
                 {"actor": B, "rank": 0.25, "paths": [{"text": "this node → b.example", "strength": 0.8}]},
                 r"this node → b\.example \(strength 0\.8\)"),
                (("token", "add", "shop", "--scope", "check,range", "--scope", "report"), "POST", "/v1/tokens",
                 {"name": "shop", "scopes": ["check", "range", "report"]}, {"name": "shop", "token": "t0ken"},
                 r"\At0ken\n\Z"),
                (("token", "list"), "GET", "/v1/tokens", None,
                 {"tokens": [{"name": "shop", "scopes": ["check", "range"]}]}, "shop +check, range"),
                (("token", "remove", "a/b", "--yes"), "DELETE", "/v1/tokens/a%2Fb", None, {}, "removed"),
                (("observe", "off"), "POST", "/v1/observe", {"on": False}, {}, "no longer"),
                (("allow", "add", "ip=192.0.2.1", "--reason", "ours", "--expires", "2030-01-01T00:00:00Z"), "POST",
                 "/v1/allow", {"type": "ip", "value": "192.0.2.1", "reason": "ours",
                               "expires": "2030-01-01T00:00:00Z"}, {}, "Allowed"),
                (("allow", "remove", "email=a+b@c.example"), "DELETE", "/v1/allow",
                 {"type": "email", "value": "a+b@c.example"}, {}, "No longer"),
                (("allow", "list"), "GET", "/v1/allow", None,
                 {"allow": [{"type": "ip", "value": "192.0.2.1", "reason": "ours"}]}, r"ip +192\.0\.2\.1 +ours"),
                (("review", "list", "--all"), "GET", "/v1/review?all=true", None,
                 {"items": [{"id": 7, "kind": "held", "text": "look", "state": "open", "category": "spam",
                             "subject": {"type": "ip", "value": "10.0.0.9"}},
                            {"id": 8, "kind": "burst", "text": "look", "state": "open", "category": None,
                             "subject": None}]}, r"7 +held +- +ip=10\.0\.0\.9 +spam .*look\n8 +burst .*look"),
                (("review", "accept", "7"), "POST", "/v1/review/7/accept", None, {}, "Accepted"),
                (("review", "reject", "7", "--yes"), "POST", "/v1/review/7/reject", None, {}, "Rejected"),
                (("audit", "list", "--cursor", "9"), "GET", "/v1/audit?cursor=9", None,
                 {"entries": [{"number": 8, "who": "socket", "action": "peer.trust"}], "cursor": None}, "8 .*socket +peer.trust"),
                (("audit", "verify"), "POST", "/v1/audit/verify", None, {"ok": True, "checked": 12}, "whole: 12"),
                (("report", "list", "--subject", "url=https://a.example/?a=b"), "GET",
                 "/v1/reports?subject=url%3Ahttps%3A%2F%2Fa.example%2F%3Fa%3Db", None,
                 {"reports": [{"id": "r1", "actor": B, "subject": {"type": "ip", "value": "192.0.2.1"}}],
                  "cursor": None}, rf"r1 +ip=192\.0\.2\.1 .*{B}"),
                (("report", "list", "--bundle", "3"), "GET", "/v1/reports?bundle=3", None,
                 {"reports": [{"id": "r3"}], "cursor": None}, "r3"),
                (("config", "show"), "GET", "/v1/config", None, {"listen": "127.0.0.1:8477"}, "listen +127"),
                (("housekeeping",), "POST", "/v1/housekeeping", {}, {"dry_run": False, "seen": 4}, r"Gone:\nseen +4"),
                (("housekeeping", "--dry-run"), "POST", "/v1/housekeeping", {"dry_run": True},
                 {"dry_run": True, "audit": 7}, r"Would go:\naudit +7"),
                (("key", "rotate", "--yes"), "POST", "/v1/keys/rotate", None, {"fingerprint": "ab"}, "ab"),
                (("backup", "/tmp/../x"), "POST", "/v1/backup", {"dir": "/x"}, {}, "/x"),
                (("peer", "suggest"), "GET", "/v1/peers/suggestions", None,
                 {"suggestions": [{"actor": C, "trusted_by": [B], "rank": 0.5}]}, rf"{C} +0\.5 +{B}"),
                (("peer", "show", B), "GET", f"/v1/peers/{quoted(B)}", None, {"actor": B, "areas": {"spam": 3}},
                 "spam +3")):
            with self.subTest(words):
                self.node.answer(method, path, answer)
                self.check(self.node.run(*words), 0, shown)
                self.assertEqual((self.last().method, self.last().path, self.last().body), (method, path, body))
                done = self.node.run(*words, "--json")
                self.check(done, 0)
                self.assertEqual(json.loads(done.stdout), answer)

    def test_export_subject(self):
        held = {"type": "email", "value": "a@b.example", "reports": []}
        self.node.answer("POST", "/v1/subjects/export", held)
        for words in (("export-subject", "email=a@b.example"), ("export-subject", "email=a@b.example", "--json")):
            self.assertEqual(json.loads(self.node.run(*words).stdout), held)
        self.assertEqual(self.last().body, {"type": "email", "value": "a@b.example"})

    def test_erase(self):
        counts = {"dry_run": True, "withdrawn": 2, "erased": 3, "imported": 1, "mentions": 0, "other": 4}
        self.node.answer("POST", "/v1/subjects/erase", counts)
        self.check(self.node.run("erase", "ip=192.0.2.1"), 2, r"\A\Z", "own reports 2, reports of others 3.* --yes")
        self.check(self.node.run("erase", "ip=192.0.2.1", "--dry-run"), 0, "Would be erased: own reports 2")
        self.assertTrue(all(r.body["dry_run"] for r in self.node.requests))
        self.check(self.node.run("erase", "ip=192.0.2.1", "--yes"), 0, r"Erased: own .* notes 4\n.*[Bb]ackups")
        self.assertEqual(self.last().body, {"type": "ip", "value": "192.0.2.1"})
        self.assertEqual(json.loads(self.node.run("erase", "ip=192.0.2.1", "--yes", "--json").stdout), counts)

    def test_audit_broken(self):
        broken = {"ok": False, "checked": 6, "error": "Entry 7 does not fit"}
        self.node.answer("POST", "/v1/audit/verify", broken)
        self.check(self.node.run("audit", "verify"), 1, r"\A\Z", "Entry 7")
        done = self.node.run("audit", "verify", "--json")
        self.check(done, 1)
        self.assertEqual(json.loads(done.stdout), broken)

    def test_refusal_before_the_body(self):
        self.node.early = True
        self.node.answer("POST", "/v1/reports", problem(413, "Too long for this node"))
        done = self.node.run("report", "add", "ip=192.0.2.1", "--category", "spam", "--comment", "x" * 100000)
        self.check(done, 1, r"\A\Z", "Too long for this node")

    def test_version_needs_no_node(self):
        self.check(run("--socket", "/nonexistent", "version"), 0, r"\Atocsin \d")
        self.assertIn("version", json.loads(run("version", "--json").stdout))

    def test_doctor(self):
        version = json.loads(run("version", "--json").stdout)["version"]
        disk = {"name": "disk", "ok": True, "text": "9 GiB of room"}
        self.node.answer("POST", "/v1/doctor", {"version": version, "checks": [disk]})
        self.check(self.node.run("doctor"), 1, r"bad +peers +4 in all, of which 1 cannot[^\n]*\n+peers: See .tocsin peer list")
        self.node.answer("GET", "/v1/peers", {"peers": []})
        self.check(self.node.run("doctor"), 0, r"(?s)ok +node.*ok +disk +9 GiB of room")
        checks = json.loads(self.node.run("doctor", "--json").stdout)["checks"]
        self.assertTrue(all(c["ok"] and c["remedy"] is None for c in checks))
        self.node.run("doctor", "--recount")
        self.assertIn({"recount": True}, [r.body for r in self.node.requests])
        self.node.answer("POST", "/v1/doctor", {"version": "0.0", "checks": [{**disk, "ok": False}, 7]})
        self.check(self.node.run("doctor"), 1, r"(?s)bad +version .*bad +disk.*version: Restart.*disk: Make room")
        self.check(run("--socket", "/nonexistent", "doctor"), 5, "bad +node")


if __name__ == "__main__":
    sys.exit(main())
