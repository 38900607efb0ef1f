# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every command that the program lists, with words that it takes, and a node that answers it."""
import re
import tempfile

from fake_node import FakeNode, run

ARGUMENTS = {
    "ACTOR": "https://b.example/actor", "ACTOR N": "https://b.example/actor 50", "TYPE=VALUE…": "ip=192.0.2.1",
    "TYPE=VALUE": "ip=192.0.2.1", "ID": "7", "BATCH": "7", "NAME": "x", "DIR": "/x", "on|off": "on",
    "NAME [URL|FILE]": "x https://list.example/all.txt", "ACTOR FINGERPRINT": "https://b.example/actor ab", "[FILE]": "", "": "",
}
NEEDED = {("report", "add"): ["--category", "spam"], ("token", "add"): ["--scope", "check"],
          ("report", "import"): ["--category", "spam", "--type", "ip"],
          ("init",): ["--base-url", "https://x.example"]}


class Everything(dict):
    """An answer to whatever is asked."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def get(self, key, default=None):
        if key == ("GET", "/v1/peers"):
            return {"peers": [{"actor": "https://b.example/actor"}]}
        return self.answer


def commands(path=()):
    for word in run("--list-commands", *path).stdout.split():
        if word.startswith("--"):
            continue
        below = [w for w in run("--list-commands", *path, word).stdout.split() if not w.startswith("--")]
        yield from commands((*path, word)) if below else [(*path, word)]


def arguments_for(test, command, directory):
    text = run(*command, "--help", env={"LANGUAGE": "C"}).stdout
    synopsis = re.search(rf"tocsin {' '.join(command)} \[OPTION…\]([^\n]*)", text).group(1).strip()
    if synopsis == "FILE|-":
        words = [f"{directory}/list"]
    else:
        test.assertIn(synopsis, ARGUMENTS, f"say here what {command} takes")
        words = ARGUMENTS[synopsis].split()
    words += NEEDED.get(command, [])
    if command == ("init",):
        words += ["--config", f"{directory}/node.conf"]
    return words + (["--yes"] if re.search(r"^  --yes", text, re.M) else [])


def every_command(test):
    """Yields a node, a command and its words, one after another."""
    with FakeNode() as node, tempfile.TemporaryDirectory() as directory:
        with open(f"{directory}/list", "w", encoding="ascii") as listed:
            listed.write("192.0.2.1\n")
        for command in commands():
            yield node, command, arguments_for(test, command, directory)
