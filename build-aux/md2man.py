#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Makes a manual page of a Markdown file.

Usage: md2man.py VERSION INPUT.md OUTPUT [SCHEMA.gschema.xml]

INPUT begins with a line "# NAME(SECTION) — what it is", which becomes the title and the NAME
section. It may use "##" and "###" headings, paragraphs, "- " lists, terms (a paragraph followed by
lines that begin with ":   "), code indented by four spaces, **strong**, *emphasis* and `code`.
A line "@settings@" stands for the settings of SCHEMA, each with its type, default and description.
HTML comments are left out. Anything else that looks like Markdown is an error, not a guess.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

TYPES = {"s": "text", "as": "list of texts", "b": "true or false", "u": "whole number", "i": "whole number",
         "d": "number"}


def escape(text: str) -> str:
    """For troff: backslashes and hyphens are themselves, a leading dot or quote is no request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def inline(text: str) -> str:
    out = []
    for part in re.split(r"(\*\*[^*]+\*\*|\*[^*\s][^*]*\*|`[^`]+`)", text):
        if part.startswith("**"):
            out.append(f"\\fB{escape(part[2:-2])}\\fR")
        elif part.startswith("`"):
            out.append(f"\\fB{escape(part[1:-1])}\\fR")
        elif len(part) > 2 and part.startswith("*") and part.endswith("*"):
            out.append(f"\\fI{escape(part[1:-1])}\\fR")
        else:
            out.append(escape(part) if not out else part.replace("\\", "\\e").replace("-", "\\-"))
    return "".join(out)


def range_of(key) -> str:
    limits = key.find("range")
    return f", {limits.get('min')} to {limits.get('max')}" if limits is not None else ""


def type_of(key) -> str:
    if key.get("type") is None:
        return "one of the names below"
    return TYPES[key.get("type")] + range_of(key)


def settings(schema: pathlib.Path) -> list[str]:
    """The settings as blocks of the same Markdown."""
    root = ET.parse(schema).getroot()
    names = {e.get("id"): [v.get("nick") for v in e.findall("value")] for e in root.iter("enum")}
    blocks = []
    for key in root.iter("key"):
        allowed = names.get(key.get("enum")) or [c.get("value") for c in key.iter("choice")]
        said = " ".join(key.findtext("description", "").split())
        # A description speaks of itself in words; no mark-up is in it.
        said = re.sub(r"([*`])", "", said)
        also = f" Names: {', '.join(allowed)}." if allowed else ""
        default = " ".join((key.findtext("default") or "").split())
        blocks.append(f"**{key.get('name')}** ({type_of(key)}; default {default})\n"
                      f":   {key.findtext('summary')}. {said}{also}")
    return blocks


def blocks_of(text: str) -> list[str]:
    text = re.sub(r"<!--.*?-->\n*", "", text, flags=re.S)
    return [b for b in re.split(r"\n{2,}", text.strip("\n"))]


def joined(lines) -> str:
    return " ".join(line.strip() for line in lines)


def render_list(lines: list[str]) -> list[str]:
    items = []
    for line in lines:
        if line.startswith("- "):
            items.append([line[2:]])
        else:
            items[-1].append(line)
    return [part for item in items for part in (".IP \\(bu 2", inline(joined(item)))]


def render(block: str, name: str) -> list[str]:
    lines = block.split("\n")
    first = lines[0]
    if first.startswith("### "):
        return [f".SS {inline(first[4:])}"]
    if first.startswith("## "):
        return [f".SH {inline(first[3:].upper())}"]
    if all(line.startswith("    ") for line in lines):
        return [".PP", ".nf", ".RS 4", *(escape(line[4:]) for line in lines), ".RE", ".fi"]
    if first.startswith("- "):
        return render_list(lines)
    told = next((i for i, line in enumerate(lines) if line.startswith(":   ")), None)
    if told is not None:
        return [".TP", inline(joined(lines[:told])), inline(joined([lines[told][4:], *lines[told + 1:]]))]
    if re.match(r"[#>|]|\d+\. |```", first):
        raise SystemExit(f"{name}: not understood: {first}")
    return [".PP", inline(joined(lines))]


def page(version: str, source: pathlib.Path, schema: pathlib.Path | None) -> str:
    blocks = blocks_of(source.read_text(encoding="utf-8"))
    title = re.fullmatch(r"# ([\w.-]+)\((\d)\) — (.+)", blocks[0])
    if title is None:
        raise SystemExit(f"{source}: the first line is no title")
    name, section, what = title.groups()
    out = [f'.TH "{escape(name.upper())}" "{section}" "" "Tocsin {escape(version)}" "Tocsin"', ".SH NAME",
           f"{escape(name)} \\- {inline(what)}"]
    for block in blocks[1:]:
        if block == "@settings@":
            if schema is None:
                raise SystemExit(f"{source}: @settings@ without a schema")
            for setting in settings(schema):
                out += render(setting, str(source))
        else:
            out += render(block, str(source))
    return "\n".join(out) + "\n"


def main() -> int:
    version, source, output, *schema = sys.argv[1:]
    text = page(version, pathlib.Path(source), pathlib.Path(schema[0]) if schema else None)
    pathlib.Path(output).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
