#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks that translators get every text, and that each translation is sound.

Usage: check-po.py ROOT

po/POTFILES names exactly the files with translatable text; every language of
po/LINGUAS has a .po file that msgfmt accepts, and no .po file is left out. In each
every text of the sources is translated, and none is a guess (fuzzy).
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# As meson's preset "glib" has it.
KEYWORDS = ["_", "N_", "C_:1c,2", "NC_:1c,2", "g_dcgettext:2", "g_dngettext:2,3", "g_dpgettext2:2c,3",
            "ngettext:1,2"]
MARK = re.compile(r'\b(N?_|C_|ngettext|g_dngettext|g_dpgettext2) \(')


def entries(path: pathlib.Path) -> list[str]:
    lines = (l.split("#")[0].strip() for l in path.read_text().splitlines())
    return [w for l in lines for w in l.split()]


# What the preprocessor puts together, xgettext sees in part: it would never be translated.
SPLIT = re.compile(r'\b(?:N?_|C_|ngettext) \((?:\s*"(?:[^"\\]|\\.)*")+\s*([A-Z][A-Z_0-9]+)')


def told(*command, **more) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, **more).stdout


def untranslated(root: pathlib.Path, files: list[str], languages: list[str]):
    """What a catalogue lacks of the texts that are in the sources now."""
    with tempfile.TemporaryDirectory() as work:
        template = f"{work}/tocsin.pot"
        told("xgettext", "--from-code=UTF-8", f"--output={template}",
             *(f"--keyword={k}" for k in KEYWORDS), *files, cwd=root)
        for language in languages:
            merged = f"{work}/{language}.po"
            told("msgmerge", "--quiet", "--no-fuzzy-matching", f"--output={merged}",
                 str(root / "po" / f"{language}.po"), template)
            for kind in ("--untranslated", "--only-fuzzy"):
                lacking = told("msgattrib", "--no-obsolete", "--no-wrap", kind, merged)
                texts = [t for t in re.findall(r'^msgid "(.+)"$', lacking, re.M)]
                for text in texts:
                    yield f"po/{language}.po: {'fuzzy' if 'fuzzy' in kind else 'not translated'}: {text[:70]}"


def complaints(root: pathlib.Path):
    listed = entries(root / "po/POTFILES")
    for name in sorted({n for n in listed if listed.count(n) > 1}):
        yield f"po/POTFILES: {name} is listed twice"
    for name in listed:
        if not (root / name).is_file():
            yield f"po/POTFILES: there is no {name}"
    for path in sorted((root / "src").rglob("*.[ch]")):
        name = str(path.relative_to(root))
        text = path.read_text()
        for macro in SPLIT.findall(text):
            yield f"{name}: a text for people with {macro} inside cannot be translated"
        if MARK.search(text) and name not in listed:
            yield f"po/POTFILES: {name} has text for people and is not listed"
    languages = entries(root / "po/LINGUAS")
    for path in sorted((root / "po").glob("*.po")):
        if path.stem not in languages:
            yield f"po/LINGUAS: {path.stem} is not listed"
    for language in languages:
        path = root / "po" / f"{language}.po"
        if not path.is_file():
            yield f"po/LINGUAS: there is no {language}.po"
            continue
        done = subprocess.run(["msgfmt", "--check", "--output-file=/dev/null", str(path)],
                              capture_output=True, text=True)
        if done.returncode:
            yield done.stderr.strip()
            return
    yield from untranslated(root, listed, languages)


if __name__ == "__main__":
    if shutil.which("msgfmt") is None:
        print("skipped: no msgfmt here")
        sys.exit(77)
    found = list(complaints(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "in order")
    sys.exit(1 if found else 0)
