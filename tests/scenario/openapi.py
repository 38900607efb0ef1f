# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A node's OpenAPI document, read strictly: what an answer has must be declared, and what every
answer had must be required.

OpenAPI lets a server send more than it says. Here that is a fault, and so is a status, a header or a
media type that is not declared, and a member that was in every object and is not `required`: a
program that is made from the document could rely on it and does not know. So whoever uses this calls
each operation, and sees to it that what may be missing is missing once.
"""

import collections
import json
import re
import urllib.parse

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
MAX_EXACT = 2**53  # beyond that a reader that has doubles gets another number
HEADERS = re.compile(r"^(ETag|Retry-After|WWW-Authenticate|Repr-Digest|X-.+)$", re.IGNORECASE)
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_type(value, name):
    if name in ("integer", "number"):
        numbers = int if name == "integer" else (int, float)
        return isinstance(value, numbers) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


class Document:
    """`faults` has what was found, each once, and how often."""

    def __init__(self, document):
        self.document = document
        self.faults = collections.Counter()
        self.statuses = collections.defaultdict(set)
        self.members = collections.defaultdict(collections.Counter)  # None: how many objects
        self.schemas = {}  # of the objects that were met, by place
        self.operations = {
            operation["operationId"]: dict(operation, path=path, method=method.upper())
            for path, item in document["paths"].items() for method, operation in item.items()
        }

    def fault(self, text):
        self.faults[text] += 1

    def resolve(self, node):
        while "$ref" in node:
            target = self.document
            for part in node["$ref"].split("/")[1:]:
                target = target[part]
            node = target
        if "allOf" not in node:
            return node
        parts = [self.resolve(part) for part in node["allOf"]]
        return {
            "type": "object",
            "properties": {k: v for part in parts for k, v in part["properties"].items()},
            "required": [name for part in parts for name in part.get("required", ())],
        }

    def path(self, operation, names, query):
        path = self.operations[operation]["path"]
        for name in re.findall(r"{(\w+)}", path):
            path = path.replace(f"{{{name}}}", urllib.parse.quote(str(names[name]), safe=""))
        return path + ("?" + urllib.parse.urlencode(query) if query else "")

    def query_names(self, operation):
        parameters = map(self.resolve, self.operations[operation].get("parameters", ()))
        return [one["name"] for one in parameters if one["in"] == "query"]

    # ---- values

    def fits(self, schema, value):
        """Whether this is the alternative that is meant."""
        schema = self.resolve(schema)
        types = schema.get("type", [])
        types = types if isinstance(types, list) else [types]
        return any(is_type(value, name) for name in types) and (
            not isinstance(value, dict) or all(name in value for name in schema.get("required", ())))

    def check(self, schema, value, place):
        if "$ref" in schema:
            place = schema["$ref"].rsplit("/", 1)[-1]
        schema = self.resolve(schema)
        if "anyOf" in schema:
            meant = [one for one in schema["anyOf"] if self.fits(one, value)]
            if meant:
                self.check(meant[0], value, place)
            else:
                self.fault(f"{place}: none of its schemas fits {json.dumps(value)[:200]}")
            return
        types = schema.get("type")
        if types is not None and not self.fits({"type": types}, value):
            self.fault(f"{place}: {json.dumps(value)[:80]} is no {types}")
        elif "const" in schema and value != schema["const"]:
            self.fault(f"{place}: {value!r} is not {schema['const']!r}")
        elif "enum" in schema and value not in schema["enum"]:
            self.fault(f"{place}: {value!r} is none of the words")
        elif isinstance(value, str):
            self.check_string(schema, value, place)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            if not schema.get("minimum", -MAX_EXACT) <= value <= schema.get("maximum", MAX_EXACT):
                self.fault(f"{place}: {value} is out of bounds")
        elif isinstance(value, list):
            for one in value:
                self.check(schema.get("items", {}), one, place + "[]")
        elif isinstance(value, dict):
            self.check_object(schema, value, place)

    def check_string(self, schema, value, place):
        if bool(TIME.match(value)) != (schema.get("format") == "date-time"):
            self.fault(f"{place}: {value!r}, and the format is {schema.get('format')}")
        if not re.search(schema.get("pattern", ""), value):
            self.fault(f"{place}: {value[:80]!r} does not match {schema['pattern']}")

    def check_object(self, schema, value, place):
        known, others = schema.get("properties", {}), schema.get("additionalProperties", False)
        if not known and not others:
            return  # it is somebody else's
        self.schemas[place] = schema
        self.members[place].update((None, *value))
        for name in schema.get("required", ()):
            if name not in value:
                self.fault(f"{place}: the required {name} is missing")
        for name, one in value.items():
            self.check(schema.get("propertyNames", {}), name, f"{place}, a name")
            if name in known:
                self.check(known[name], one, f"{place}.{name}")
            elif others:
                self.check(others, one, f"{place}.*")
            else:
                self.fault(f"{place}: {name} is not declared")

    # ---- answers

    def check_reply(self, operation, reply):
        what = f"{operation} {reply.status}"
        responses = self.operations[operation]["responses"]
        self.statuses[operation].add(str(reply.status))
        if str(reply.status) not in responses:
            self.fault(f"{what} is not declared: {reply}")
            return
        response = self.resolve(responses[str(reply.status)])
        self.check_headers(response.get("headers", {}), reply, what)
        kind = reply.headers.get("Content-Type", "").replace("; ", ";")
        content = response.get("content", {})
        found = content.get(kind, content.get(kind.split(";")[0]))
        if found is None:
            if reply.body or content:
                self.fault(f"{what}: Content-Type {kind!r} is not declared: {reply}")
        elif "ndjson" in kind:
            for line in reply.body.splitlines():
                self.check(found["schema"], json.loads(line), what)
        elif "json" in kind:
            self.check(found["schema"], reply.json, what)
            if "problem" in kind and reply.json.get("status") != reply.status:
                self.fault(f"{what}: its problem has another status: {reply}")
        else:
            self.check(found["schema"], reply.body.decode(), what)

    def check_headers(self, declared, reply, what):
        for name in reply.headers:
            if HEADERS.match(name) and name not in declared:
                self.fault(f"{what}: the header {name} is not declared")
        for name, header in declared.items():
            header, value = self.resolve(header), reply.headers.get(name)
            if value is not None:
                number = self.resolve(header["schema"]).get("type") == "integer"
                self.check(header["schema"], int(value) if number else value, f"{what}, {name}")
            elif header.get("required"):
                self.fault(f"{what}: the header {name} is missing")

    def complaints(self):
        """All faults, what was in all objects of a place and may be missing in the next, and what was never done."""
        for operation in self.operations:
            if not any(status.startswith("2") for status in self.statuses[operation]):
                yield f"{operation}: nobody did it"
        for text, count in self.faults.items():
            yield text + (f" ({count} times)" if count > 1 else "")
        for place, schema in self.schemas.items():
            members = self.members[place]
            always = [name for name in schema.get("properties", {})
                      if members[name] == members[None] and name not in schema.get("required", ())]
            if always:
                yield f"{place}: always there and not required: {', '.join(always)} ({members[None]} objects)"
