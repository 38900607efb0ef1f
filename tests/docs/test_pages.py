#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Holds the documents to the tree: what they link to and what they name is there.

Usage: test_pages.py ROOT

Links to files and to headings, files that are named as `tests/…`, `data/…` and the like, the parts
that FEP-67ff asks of FEDERATION.md, and that every page is reached from README.md.
"""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
NAMED = re.compile(r"`((?:tests|src|data|schemas|build-aux|docs|po|debian|flatpak)/[\w./-]+)`")


def pages():
    found = [ROOT / "README.md", ROOT / "FEDERATION.md"]
    found += [p for p in sorted((ROOT / "docs").rglob("*.md")) if "man" not in p.relative_to(ROOT).parts]
    return found


def prose(page):
    """The text without fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def anchors(page):
    """As forges make them of headings."""
    titles = re.findall(r"^#+ (.*)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", t.replace("`", "").lower()).replace(" ", "-") for t in titles}


class Pages(unittest.TestCase):
    def test_links(self):
        for page in pages():
            for link in LINK.findall(prose(page)):
                if "://" in link or link.startswith("mailto:"):
                    self.assertTrue(link.startswith("https://"), f"{page.name}: {link}")
                    continue
                path, _, anchor = link.partition("#")
                target = (page.parent / path).resolve() if path else page
                self.assertTrue(target.exists(), f"{page.relative_to(ROOT)}: {link} leads nowhere")
                if anchor:
                    self.assertIn(anchor, anchors(target), f"{page.relative_to(ROOT)}: {link}")

    def test_installed_from_a_build_of_its_own(self):
        """Where there is a build already, meson takes no option such as the prefix, and says so with status 0."""
        page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
        setup, build, install = re.search(
            r"^meson setup (\S+) .*-Dtests=false .*--prefix=/usr .*\nninja -C (\S+)\nmeson install -C (\S+)$", page, re.M).groups()
        self.assertEqual((build, install), (setup, setup))
        for script in (p for p in (ROOT / "build-aux").iterdir() if p.is_file()):
            self.assertNotRegex(script.read_text(encoding="utf-8"), rf"(?<!\w){setup}\b", script.name)

    def test_stopped_for_good(self):
        """A socket of systemd that still listens starts the node amid what is done to its files."""
        blocks = [block for page in [*pages(), *(ROOT / "docs" / "man").glob("*.md")]
                  for block in re.findall(r"(?:^(?:    |```sh\n).*\n(?:.+\n)*)", page.read_text(encoding="utf-8"), re.M)
                  if re.search(r"^ *mv /var/lib/tocsin", block, re.M)]
        for block in blocks:
            self.assertRegex(block, r"systemctl stop tocsin\.socket tocsin-api\.socket tocsin\n", block)
        self.assertEqual(len(blocks), 3)

    def test_named_files(self):
        seen = 0
        for page in pages():
            for name in NAMED.findall(prose(page)):
                if "NAME" in name or "THING" in name:
                    continue
                seen += 1
                self.assertTrue((ROOT / name).exists(), f"{page.relative_to(ROOT)} names {name}, which is not there")
        self.assertGreater(seen, 40)

    def test_every_page_is_reached(self):
        reached, waiting = set(), [ROOT / "README.md"]
        while waiting:
            page = waiting.pop()
            if page in reached:
                continue
            reached.add(page)
            for link in LINK.findall(prose(page)):
                target = (page.parent / link.partition("#")[0]).resolve()
                if "://" not in link and target.suffix == ".md":
                    waiting.append(target)
        self.assertEqual([str(p.relative_to(ROOT)) for p in pages() if p not in reached], [])

    def test_federation(self):
        """FEP-67ff: in the root, Markdown, protocols and FEPs listed."""
        text = (ROOT / "FEDERATION.md").read_text(encoding="utf-8")
        self.assertTrue(text.startswith("# Federation\n"))
        self.assertIn("\n## Supported federation protocols and standards\n", text)
        feps = text.split("\n## Supported FEPs\n")[1].split("\n## ")[0]
        listed = re.findall(r"^- \[FEP-([0-9a-f]{4}): [^\]]+\]\(https://w3id\.org/fep/\1\)", feps, re.M)
        self.assertEqual(set(listed), {"67ff", "d556", "2677", "521a", "844e", "8b32", "fe34"})
        self.assertIn("\n## ActivityPub\n", text)
        self.assertIn("\n## Additional documentation\n", text)

    def test_tests_of_the_security_page(self):
        """Each row of each table that says what shows it names a test or a command, and each test is run."""
        text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
        builds = "".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "tests").rglob("meson.build")))
        builds += (ROOT / "build-aux" / "check-memory").read_text(encoding="utf-8")
        rows = [row for table in re.findall(r"^\|.*\| shown by \|\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.M)
                for row in table.splitlines()]
        self.assertGreater(len(rows), 35)
        for row in rows:
            shown = re.findall(r"`((?:tests|build-aux)/[\w./-]+)`", row.rsplit("|", 2)[1])
            self.assertTrue(shown, row)
            for name in (name for name in shown if name.startswith("tests/")):
                stem = re.sub(r"^(test|check|fuzz|bench)-", "", pathlib.Path(name).stem)
                self.assertRegex(builds, rf"['/-]{stem}\b", f"{name} is in no meson.build")

    def test_review_kinds(self):
        """What accept and reject do to a line stands nowhere else."""
        table = (ROOT / "src/fed/review.c").read_text(encoding="utf-8")
        kinds = re.findall(r'^  \{ TOCSIN_REVIEW_\w+, "(\w+)" \},$', table, re.M)
        rows = re.findall(r"^\| `(\w+)` \|(?: [^|]+ \|){3}$", prose(ROOT / "docs/operating.md"), re.M)
        api = (ROOT / "schemas/openapi.yaml").read_text(encoding="utf-8")
        said = re.search(r'"ReviewKind": \{[^]]*"enum": \[([^]]*)\]', api)[1]
        self.assertGreater(len(kinds), 10)
        self.assertEqual(sorted(rows), sorted(kinds))
        self.assertEqual(sorted(re.findall(r'"(\w+)"', said)), sorted(kinds))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
