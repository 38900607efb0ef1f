#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks that every function of a header says what it is for.

Usage: check-comments.py ROOT

The comment stands above the declaration, behind it, above the paragraph of declarations that it
is in, or above the definition. What the name says by itself needs none: _free, _clear, _ref, _unref,
_get_type, _quark, a constructor without arguments, and the _finish of an _async.
"""
import pathlib
import re
import sys

SAID_BY_NAME = re.compile(r"_(free|clear|ref|unref|get_type|quark|finish)$|_new \(void\)$")
NAME = re.compile(r"\b((?:tocsin_|g_)\w+) \(")


def paragraphs(text: str):
    """Runs of lines without a blank one between them; bodies in braces are left out."""
    text = re.sub(r"^#(?:.*\\\n)*.*$", "", text, flags=re.M)
    depth, kept = 0, []
    in_comment = False
    for line in text.split("\n"):
        starts = in_comment
        in_comment = (in_comment or "/*" in line) and not line.rstrip().endswith("*/")
        code = "" if starts or line.lstrip().startswith("/*") else re.sub(r"/\*.*?\*/", "", line)
        opens, closes = code.count("{"), code.count("}")
        if depth == 0 or (opens < closes and depth + opens - closes == 0):
            kept.append(line)
        depth += opens - closes
    return re.split(r"\n\s*\n", "\n".join(kept))


def declared(text: str):
    """Name, and whether a comment stands above it, of each function."""
    for paragraph in paragraphs(text):
        has_comment = False
        bare = []
        for line in paragraph.split("\n"):
            stripped = line.strip()
            if stripped.startswith(("/*", "*")):
                has_comment = True
            bare.append("" if stripped.startswith(("/*", "*")) else line)
        for statement in re.split(r"(?<=;)(?!\s*/\*)|(?<=\*/)\n|[{}]", "\n".join(bare)):
            says = has_comment or "/*" in statement
            statement = re.sub(r"/\*.*?\*/|;", "", statement, flags=re.S)
            if "typedef" in statement or "G_DECLARE" in statement or "G_DEFINE" in statement:
                continue
            match = NAME.search(re.sub(r"\s+", " ", statement))
            if match is not None and match.group(1).startswith("tocsin_"):
                whole = re.sub(r"\s+", " ", statement).strip()
                yield match.group(1), says, whole


def main() -> int:
    root = pathlib.Path(sys.argv[1])
    complaints = []
    for folder in sorted(path for path in (root / "src").iterdir() if path.is_dir()):
        sources = "\n".join(path.read_text() for path in sorted(folder.glob("*.c")))
        headers = {header: list(declared(header.read_text())) for header in sorted(folder.glob("*.h"))}
        said = {name for names in headers.values() for name, has_comment, _ in names if has_comment}
        for header, names in headers.items():
            for name, has_comment, whole in names:
                short = name + " (void)" if "(void)" in whole else name
                if name in said or SAID_BY_NAME.search(short) or SAID_BY_NAME.search(name):
                    continue
                if re.search(r"\*/\n(?:static )?[^\n;(]*(?:\n)?" + name + r" \(", sources):
                    continue
                complaints.append(f"{header.relative_to(root)}: {name}() does not say what it is for")
    for complaint in complaints:
        print(complaint)
    print(f"{len(complaints)} functions without a comment")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
