#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Turns the tables of data/ into C, so that a program needs no file to know them.

Usage: gen-categories.py categories|providers INPUT OUTPUT

Stops with the line named where the input breaks a rule that the code relies on.
"""
import csv
import json
import pathlib
import re
import sys

HALF_LIVES = ["ip", "email", "domain", "url", "username", "actor"]
CONSTANTS = {
    "inf": "TOCSIN_HALF_LIFE_NEVER",
    "L": "TOCSIN_HALF_LIFE_WHILE_LISTED",
    "-": "TOCSIN_HALF_LIFE_REFUSED",
}
CLASSES = {"C": "TOCSIN_CLASS_CRITICAL", "I": "TOCSIN_CLASS_INFORMAL"}
GROUPS = {
    "": "TOCSIN_AREA_ANY",
    "spam": "TOCSIN_AREA_SPAM",
    "abuse": "TOCSIN_AREA_ABUSE",
    "security": "TOCSIN_AREA_SECURITY",
}
MASTODON = {"", "spam", "legal", "violation", "other"}
HEADER = """/* Made from {name} by gen-categories.py.
 * SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
"""


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=True)


def half_life(text: str) -> str:
    if text in CONSTANTS:
        return CONSTANTS[text]
    if not 1 <= int(text) <= 3650:
        raise ValueError(f"a half-life of {text} days")
    return text


def category(row: dict[str, str]) -> str:
    if None in row or None in row.values():
        raise ValueError("wrong number of columns")
    if not re.fullmatch(r"[a-z][a-z_]*", row["slug"]):
        raise ValueError(f"slug {row['slug']}")
    if row["mastodon"] not in MASTODON:
        raise ValueError(f"Mastodon category {row['mastodon']}")
    if not row["label"] or not row["rule"]:
        raise ValueError("a label and a rule of inclusion are needed")
    days = {name: half_life(row[name]) for name in HALF_LIVES}
    days["network"] = days["ip"]
    table = ", ".join(f"[TOCSIN_SUBJECT_{name.upper()}] = {value}" for name, value in days.items())
    return f"""  {{
    .id = {int(row["id"])},
    .slug = {quoted(row["slug"])},
    .label = N_ ({quoted(row["label"])}),
    .klass = {CLASSES[row["class"]]},
    .severity = {int(row["severity"])},
    .group = {GROUPS[row["group"]]},
    .half_life_days = {{ {table} }},
    .mastodon = {quoted(row["mastodon"])},
    .iftas = {quoted(row["iftas"])},
    .rsit = {quoted(row["rsit"])},
    .abuseipdb = {quoted(",".join(str(int(n)) for n in row["abuseipdb"].split()))},
    .rule = {quoted(row["rule"])},
  }},
"""


def categories(lines: list[tuple[int, str]]) -> str:
    ids = [0]
    slugs = set()
    out = '#include <glib/gi18n.h>\n\n#include "core/category-table.h"\n\n'
    out += "const TocsinCategory tocsin_category_table[] = {\n"
    reader = csv.DictReader([text for _, text in lines], strict=True)
    for (number, _), row in zip(lines[1:], reader):
        try:
            out += category(row)
            ids.append(int(row["id"]))
            if not ids[-2] < ids[-1] <= 63 or row["slug"] in slugs:
                raise ValueError("ids must ascend to at most 63, slugs differ")
            slugs.add(row["slug"])
        except (KeyError, ValueError) as error:
            raise ValueError(f"line {number}: {error}") from error
    return out + f"}};\nconst gsize tocsin_category_table_size = {len(slugs)};\n"


def providers(lines: list[tuple[int, str]]) -> str:
    for number, text in lines:
        if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", text):
            raise ValueError(f"line {number}: {text} is no domain in canonical form")
    names = sorted({text for _, text in lines})
    out = '#include "core/host-table.h"\n\n'
    out += "const char *const tocsin_shared_providers[] = {\n"
    out += "".join(f"  {quoted(name)},\n" for name in names)
    return out + f"}};\nconst gsize tocsin_n_shared_providers = {len(names)};\n"


def main(kind: str, source: str, target: str) -> None:
    path = pathlib.Path(source)
    text = path.read_text(encoding="utf-8").splitlines()
    lines = [(n, t.strip()) for n, t in enumerate(text, 1) if t.strip() and not t.startswith("#")]
    try:
        body = {"categories": categories, "providers": providers}[kind](lines)
    except ValueError as error:
        sys.exit(f"{source}: {error}")
    pathlib.Path(target).write_text(HEADER.format(name=path.name) + body, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
