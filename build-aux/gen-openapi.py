#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Turns schemas/openapi.yaml into the C array that /openapi.json serves.

Usage: gen-openapi.py VERSION INPUT OUTPUT

INPUT is JSON below comment lines. Stops where a $ref leads nowhere or two operations share an id.
"""
import json
import pathlib
import sys


def nodes(value):
    yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(child)


def complaints(document: dict):
    for node in nodes(document):
        if isinstance(node, dict) and isinstance(node.get("$ref"), str):
            target = document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target.get(part, {})
            if not target:
                yield f"{node['$ref']} leads nowhere"
    ids = [op["operationId"] for path in document["paths"].values() for op in path.values()]
    yield from (f"operationId {one} is used twice" for one in sorted(set(ids)) if ids.count(one) > 1)


def main(version: str, source: str, target: str) -> int:
    lines = pathlib.Path(source).read_text(encoding="utf-8").split("\n")
    # Comments become empty lines, so that an error of the parser names the right one.
    document = json.loads("\n".join("" if line.startswith("#") else line for line in lines))
    faults = list(complaints(document))
    if faults:
        print("\n".join(f"{source}: {fault}" for fault in faults), file=sys.stderr)
        return 1
    document["info"]["version"] = version
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    rows = [", ".join(str(byte) for byte in data[i:i + 24]) for i in range(0, len(data), 24)]
    pathlib.Path(target).write_text(
        '/* Made from openapi.yaml by gen-openapi.py. */\n#include "http/openapi.h"\n\n'
        f"const gsize tocsin_openapi_bytes = {len(data)};\n"
        "const guint8 tocsin_openapi[] = {\n  " + ",\n  ".join(rows) + "\n};\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
