# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The command line under each catalogue.

Usage: TOCSIN=PATH test_translations.py PO_DIR

The catalogues are compiled into a folder that $TOCSIN_LOCALEDIR names. Texts for people come from
them, words for machines do not.
"""
import gettext
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from fake_node import main, run

PO = pathlib.Path(sys.argv[1])
C_LOCALE = "/usr/lib/locale/C.utf8"
LANGUAGES = re.sub(r"#.*", "", (PO / "LINGUAS").read_text(encoding="utf-8")).split()


class Translations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="tocsin-po.")
        cls.texts = {}
        # glibc 2.41 (Debian 13) translates nothing under C.UTF-8, and a fresh system has no other
        # locale: so the same one under another name.
        cls.locale = {"LC_ALL": "C.UTF-8"}
        if os.path.isdir(C_LOCALE):
            shutil.copytree(C_LOCALE, pathlib.Path(cls.folder.name) / "eo_XX.utf8")
            cls.locale = {"LC_ALL": "eo_XX.UTF-8", "LOCPATH": cls.folder.name}
        for language in LANGUAGES:
            into = pathlib.Path(cls.folder.name) / language / "LC_MESSAGES"
            into.mkdir(parents=True)
            subprocess.run(["msgfmt", "--check", "-o", into / "tocsin.mo", PO / f"{language}.po"], check=True)
            with (into / "tocsin.mo").open("rb") as file:
                cls.texts[language] = gettext.GNUTranslations(file)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_in(self, language, *words):
        return run(*words, env={"LANGUAGE": language, "TOCSIN_LOCALEDIR": self.folder.name, **self.locale})

    def summaries(self):
        """What `tocsin --help` says of each command, in English."""
        shown = run("--help", env={"LANGUAGE": "C", "LC_ALL": "C.UTF-8"}).stdout.split("\nCommands:\n")[1]
        return re.findall(r"^      (\S.*)$", shown, re.M)

    def test_help(self):
        english = self.summaries()
        self.assertGreater(len(english), 12)
        for language in LANGUAGES:
            done = self.run_in(language, "--help")
            self.assertEqual(done.returncode, 0)
            said = self.texts[language].gettext
            translated = [t for t in ["Commands:", "COMMAND [ARGUMENT…]", *english] if said(t) != t]
            self.assertGreater(len(translated), 12, language)
            for text in translated:
                self.assertIn(said(text), done.stdout, language)

    def test_every_command_in_one(self):
        """A catalogue whose words are as unlike ours as any."""
        for word in run("--list-commands").stdout.split():
            if not word.startswith("-"):
                done = self.run_in("ja", word, "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""), word)

    def test_refusals(self):
        for language in LANGUAGES:
            done = self.run_in(language, "stats")
            self.assertEqual(done.returncode, 2)
            expected = self.texts[language].gettext("There is no command “%s”; did you mean “%s”?")
            self.assertIn(expected % ("stats", "status"), done.stderr)

    def test_words_for_machines_stay(self):
        plain = run("--list-commands", "peer").stdout
        for language in LANGUAGES:
            self.assertEqual(self.run_in(language, "--list-commands", "peer").stdout, plain)


if __name__ == "__main__":
    if shutil.which("msgfmt") is None:
        print("skipped: no msgfmt here")
        sys.exit(77)
    sys.exit(main(sys.argv[:1]))
