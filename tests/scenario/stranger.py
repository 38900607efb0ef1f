# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""An actor that can do anything wrong.

Signatures, digests and proofs are made here from their specifications (RFC 9421,
draft-cavage-http-signatures-12, FEP-8b32) and signed by the openssl program: nothing of what is
under test takes part, so that one mistake cannot hide another.
"""

import base64
import copy
import datetime
import email.utils
import hashlib
import http.server
import json
import os
import select
import socket
import subprocess
import tempfile
import threading
import time
import uuid

AS2 = "https://www.w3.org/ns/activitystreams"
INTEGRITY = "https://w3id.org/security/data-integrity/v1"
CONTEXT = [AS2, INTEGRITY, {"@vocab": "https://w3id.org/tocsin/ns#"}]
MEDIA_TYPE = "application/activity+json"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
DAY = 86400
SEND_BYTES = 16384

wall = time.time  # the time of day; soak.py has another


def openssl(*arguments, data=None):
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True)
    return done.stdout


def base58(data):
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def jcs(value):
    """RFC 8785, for the ASCII keys and the integers that are used here."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def rfc3339(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Key:
    """A private key in a file, signed with by openssl."""

    def __init__(self, kind, directory=None):
        handle, self.path = tempfile.mkstemp(prefix="key.", dir=directory)
        os.close(handle)
        options = {
            "ed25519": ["-algorithm", "ed25519"],
            "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        }.get(kind, ["-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{kind}"])
        openssl("genpkey", *options, "-out", self.path)
        self.kind = kind
        self.pem = openssl("pkey", "-in", self.path, "-pubout").decode()

    def sign(self, data):
        if self.kind == "ed25519":
            # pkeyutl wants a file whose size it can ask for.
            with tempfile.NamedTemporaryFile() as message:
                message.write(data)
                message.flush()
                return openssl(
                    "pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", message.name
                )
        return openssl("dgst", "-sha256", "-sign", self.path, data=data)

    def multikey(self):
        """Of an Ed25519 key: multicodec 0xed01, then the last 32 bytes of the DER."""
        der = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")
        return "z" + base58(b"\xed\x01" + der[-32:])


class Request:
    """What goes over the wire, to the byte."""

    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body

    def get(self, name):
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)

    def without(self, name):
        self.headers = [(n, v) for n, v in self.headers if n.lower() != name.lower()]
        return self

    def put(self, name, value):
        """Replaces a header, or adds it."""
        self.without(name).headers.append((name, value))
        return self

    def to_bytes(self):
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + self.body


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments):
        pass

    def do_GET(self):
        self.answer()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.owner.posted.append((self.path, dict(self.headers), body))
        self.reply(202, b"", "text/plain")

    def answer(self):
        owner = self.server.owner
        owner.fetched.append(self.path)
        document = owner.documents.get(self.path.split("?")[0])
        if callable(document):
            document(self)
        elif document is None:
            self.reply(404, b"", "text/plain")
        else:
            self.reply(200, json.dumps(document).encode(), MEDIA_TYPE)

    def reply(self, status, body, media_type, **headers):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A node may hang up whenever it likes."""


class Stranger:
    """An actor on a port of its own, with an RSA and an Ed25519 key."""

    def __init__(self, rsa, ed25519, protocol_version=None):
        self.documents, self.fetched, self.posted = {}, [], []
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.owner = self
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        self.actor = self.base + "/actor"
        self.rsa, self.ed25519 = rsa, ed25519
        self.rsa_id, self.ed25519_id = self.actor + "#main-key", self.actor + "#ed25519-1"
        self.documents["/actor"] = self.document(protocol_version)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def document(self, protocol_version=None):
        more = {"protocolVersion": protocol_version} if protocol_version else {}
        return {
            "@context": [AS2, "https://w3id.org/security/v1"],
            "id": self.actor,
            "type": "Application",
            "preferredUsername": "stranger",
            "inbox": self.base + "/inbox",
            "outbox": self.base + "/outbox",
            "followers": self.base + "/followers",
            "reports": self.base + "/reports",
            "trust": self.base + "/trust",
            "publicKey": {"id": self.rsa_id, "owner": self.actor, "publicKeyPem": self.rsa.pem},
            "assertionMethod": [
                {
                    "id": self.ed25519_id,
                    "type": "Multikey",
                    "controller": self.actor,
                    "publicKeyMultibase": self.ed25519.multikey(),
                }
            ],
            **more,
        }

    # Activities.

    def new_id(self, room):
        return f"{self.base}/{room}/{uuid.uuid4()}"

    def report(self, **changes):
        now = wall()
        report = {
            "type": ["Object", "Report"],
            "id": self.new_id("reports"),
            "attributedTo": self.actor,
            "published": rfc3339(now),
            "updated": rfc3339(now),
            "reportSubject": {"subjectType": "ip", "value": "203.0.113.9"},
            "category": "spam",
            "basis": "first_hand",
            "opinion": "malicious",
            "confidence": 90,
            "observedAt": rfc3339(now - now % 3600),
            "lastObservedAt": rfc3339(now - now % 3600),
            "endTime": rfc3339(now + 30 * DAY),
            "action": "none",
            "sharing": "green",
        }
        return changed(report, changes)

    def activity(self, kind, **changes):
        head = {
            "@context": CONTEXT,
            "id": self.new_id("activities"),
            "type": kind,
            "actor": self.actor,
            "published": rfc3339(wall()),
        }
        return changed(head, changes)

    def add(self, report=None, **changes):
        changes = {"object": self.report() if report is None else report, **changes}
        target = {"to": self.base + "/followers", "target": self.base + "/reports"}
        return self.activity("Add", **{**target, **changes})

    def remove(self, report_id, **changes):
        target = {"to": self.base + "/followers", "target": self.base + "/reports"}
        return self.activity("Remove", **{**target, "object": report_id, "summary": "error", **changes})

    def prove(self, activity, key=None, value=None, **changes):
        """FEP-8b32, eddsa-jcs-2022."""
        proof = {
            "@context": activity["@context"],
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-jcs-2022",
            "proofPurpose": "assertionMethod",
            "verificationMethod": self.ed25519_id,
            "created": rfc3339(wall()),
        }
        proof = changed(proof, changes)
        digest = hashlib.sha256(jcs(proof)).digest() + hashlib.sha256(jcs(activity)).digest()
        signature = value or "z" + base58((key or self.ed25519).sign(digest))
        return {**copy.deepcopy(activity), "proof": {**proof, "proofValue": signature}}

    # Requests. Every keyword is one thing to do wrong.

    def request(self, node, activity, scheme="draft", **twists):
        body = activity if isinstance(activity, bytes) else json.dumps(activity).encode()
        host = node.base.split("//")[1]
        headers = [
            ("Host", host),
            ("Content-Type", twists.pop("media_type", MEDIA_TYPE)),
            ("Content-Length", str(len(body))),
        ]
        request = Request("POST", twists.pop("target", "/inbox"), headers, body)
        sign = self.sign_draft if scheme == "draft" else self.sign_rfc9421
        sign(request, node, **twists)
        return request

    def sign_draft(
        self,
        request,
        _node,
        covered="(request-target) host date digest content-type",
        date=0,
        algorithm="rsa-sha256",
        key=None,
        key_id=None,
        signed_target=None,
        signed_host=None,
        digest=None,
        parameters="",
        lines=(),
    ):
        request.put("Date", email.utils.formatdate(wall() + date, usegmt=True))
        right = "SHA-256=" + base64.b64encode(hashlib.sha256(request.body).digest()).decode()
        request.put("Digest", digest or right)
        values = {
            "(request-target)": f"{request.method.lower()} {signed_target or request.target}",
            "host": signed_host or request.get("Host"),
            **dict(lines),
        }
        base = "\n".join(f"{n}: {values.get(n, request.get(n))}" for n in covered.split())
        signature = base64.b64encode((key or self.rsa).sign(base.encode())).decode()
        request.put(
            "Signature",
            f'keyId="{key_id or self.rsa_id}",algorithm="{algorithm}"{parameters},'
            f'headers="{covered}",signature="{signature}"',
        )

    def sign_rfc9421(
        self,
        request,
        node,
        covered="@method @target-uri content-digest",
        created=0,
        expires=None,
        algorithm="rsa-v1_5-sha256",
        key=None,
        key_id=None,
        signed_target=None,
        signed_host=None,
        digest=None,
        parameters="",
        label="sig1",
        with_created=True,
    ):
        right = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
        request.put("Content-Digest", digest or f"sha-256=:{right}:")
        host = signed_host or node.base.split("//")[1]
        target = signed_target or request.target
        values = {
            "@method": request.method,
            "@target-uri": f"http://{host}{target}",
            "@authority": host,
            "@path": target,
            "@request-target": target,
        }
        inner = "(" + " ".join(f'"{name}"' for name in covered.split()) + ")"
        if with_created:
            inner += f";created={int(wall() + created)}"
        if expires is not None:
            inner += f";expires={int(wall() + expires)}"
        inner += f';keyid="{key_id or self.rsa_id}"'
        if algorithm:
            inner += f';alg="{algorithm}"'
        inner += parameters
        base = "".join(f'"{n}": {values.get(n, request.get(n))}\n' for n in covered.split())
        base += f'"@signature-params": {inner}'
        signature = base64.b64encode((key or self.rsa).sign(base.encode())).decode()
        request.put("Signature-Input", f"{label}={inner}")
        request.put("Signature", f"{label}=:{signature}:")


def changed(document, changes):
    """A copy with members replaced; None takes one away."""
    document = {**document, **changes}
    return {name: value for name, value in document.items() if value is not None}


def exchange(port, data, seconds=60):
    """Sends bytes, as long as nobody answers; gives the status, 0 if there never was one.

    Who refuses early closes early, and what was sent after that takes the answer away.
    """
    deadline = time.monotonic() + seconds
    view = memoryview(data)
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.setblocking(False)
        try:
            while view and time.monotonic() < deadline:
                readable, writable, _ = select.select([connection], [connection], [], 1)
                if readable:
                    break
                if writable:
                    view = view[connection.send(view[:SEND_BYTES]) :]
        except OSError:
            pass
        connection.settimeout(max(deadline - time.monotonic(), 0.1))
        return read_status(connection)


def read_status(connection):
    answer = b""
    try:
        while b"\r\n\r\n" not in answer:
            more = connection.recv(65536)
            if not more:
                break
            answer += more
    except OSError:
        pass
    parts = answer.split(b" ", 2)
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0
