#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fails when a schema is no JSON Schema, or refuses an object that our parser takes.

Usage: check-schemas.py SCHEMAS CORPUS

CORPUS holds activities; the objects of those named add-* are validated, and copies of them
that the parser refuses must be refused too. Skipped (77) without the module jsonschema.
"""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("no module jsonschema")
    sys.exit(77)

EDITS = {
    "Report": [
        {"basis": "derived"},
        {"confidence": 0},
        {"confidence": 80.5},
        {"opinion": "neutral"},
        {"sharing": "red"},
        {"endTime": None},
        {"sharing": "green", "content": "x"},
        {"reportSubject": {"subjectType": "email", "value": "j@spam.example"}},
        {"reportSubject": {"subjectType": "domain", "digest": "sha-256:" + "0" * 64}},
        {"type": "Note"},
    ],
    "TrustStatement": [{"weight": 0}, {"weight": 101}, {"area": "politics"}, {"about": None}],
}


def main(schemas: pathlib.Path, corpus: pathlib.Path) -> int:
    validators = {}
    for kind, name in (("Report", "report"), ("TrustStatement", "trust-statement")):
        schema = json.loads((schemas / f"{name}.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        validators[kind] = jsonschema.Draft202012Validator(schema)
    faults = []
    seen = set()
    for path in sorted(corpus.glob("add-*")):
        thing = json.loads(path.read_text())["object"]
        kind = next(k for k in validators if k in thing["type"])
        seen.add(kind)
        faults += [f"{path.name}: {e.message}" for e in validators[kind].iter_errors(thing)]
        for edit in EDITS[kind]:
            changed = {k: v for k, v in (thing | edit).items() if v is not None}
            if validators[kind].is_valid(changed):
                faults.append(f"{path.name}: takes {edit}")
    faults += [f"no example of {kind}" for kind in validators if kind not in seen]
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
