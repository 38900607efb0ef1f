#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a node's secrets are not: logs, answers, rows of a backup, process lists, core dumps.

A node runs with everything logged, its operator and programs use tokens, right and wrong, a key is
rotated. Then nothing of it is in the log, in /proc, in what the node tells of itself or in the
store; and the process lets nobody of its own user look into its memory. Without a token no call
is answered, and no page of a browser gets an answer that it may read.
"""

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from harness import expect, parse_arguments, run, wait_until

TIME_SCALE = 1
NOBODY = 65534
CREDENTIAL = "tocsin_" + "c" * 43
SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "schemas" / "openapi.yaml"
OPEN = {"/health/live", "/health/ready", "/openapi.json"}  # what a supervisor asks, and the same for all


def tocsin(lab, *arguments, **more):
    program = os.path.join(os.path.dirname(lab.tocsind), "tocsin")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=60, **more)


def proc(pid, name):
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read()


def holds_none(what, text, secrets):
    raw = text if isinstance(text, bytes) else text.encode()
    expect(not any(secret.encode() in raw for secret in secrets), f"{what} tells a secret")


def is_closed(node):
    """Whatever the umask: what holds a secret, or who reported whom, is for the node's user alone."""
    files = [os.path.join("keys", name) for name in os.listdir(os.path.join(node.data_dir, "keys"))]
    files = [name for name in files if name.endswith((".pem", ".new"))] + ["admin.token", "store/data.mdb"]
    expect(len(files) >= 4, f"two keys, at least: {files}")
    for names, wanted in ((("keys", "store"), 0o700), (files, 0o600)):
        for name in names:
            mode = os.stat(os.path.join(node.data_dir, name)).st_mode & 0o777
            expect(mode == wanted, f"{name} has mode {mode:o}")


def raw_keys(node):
    """The 32 bytes of each Ed25519 key, which its file holds in other words."""
    keys = os.path.join(node.data_dir, "keys")
    for name in os.listdir(keys):
        if name.startswith("ed25519") and name.endswith(".pem"):
            with open(os.path.join(keys, name), encoding="ascii") as pem:
                yield base64.b64decode("".join(pem.read().splitlines()[1:-1]))[-32:]


def use_tokens(lab, node):
    """Whoever may call calls, in every way that a token can be given, right and wrong."""
    made = node.ask("POST", "/v1/tokens", {"name": "program", "scopes": ["check"]}, 201)["token"]
    wrong = made[:-4] + "zzzz"
    lab.tokens.update((wrong, wrong[7:]))
    with open(os.path.join(node.data_dir, "admin.token"), encoding="ascii") as file:
        admin = file.read().strip()
    body = b'{"subjects":[{"type":"ip","value":"192.0.2.1"}]}'
    lab.subjects.add("192.0.2.1")  # everything is logged, but for whom it is about
    for token, status in ((made, 200), (wrong, 401), (admin, 200)):
        bearer = node.tcp("POST", "/v1/check", body, token=token)
        named = node.tcp("POST", "/v1/check", body, headers={"X-Api-Key": token})
        basic = base64.b64encode(f"any:{token}".encode()).decode()
        lab.tokens.add(basic)
        for reply in (bearer, named, node.tcp("POST", "/v1/check", body, headers={"Authorization": "Basic " + basic})):
            holds_none("an answer", reply.body + str(reply.headers).encode(), [token, basic])
        expect((bearer.status, named.status) == (status, status), f"{bearer}, {named}")
        for path in (f"/v1/check?token={token}", f"/{token}"):  # a mistake that is made
            expect(node.tcp("GET", path, token=token).status in (400, 401, 403, 404, 405), "a token is in no target")
            expect(node.public("GET", path).status == 404, "there is no such page")
    for name in ("token", "access_token", "api_key"):
        expect(node.tcp("GET", f"/v1/status?{name}={admin}").status == 401, f"{name} of a target is no token")
    return admin, made


def waits_for_its_token(pid):
    """As private as it will be: nothing else makes it wait."""
    return (proc(pid, "stat").rsplit(b")", 1)[1].split()[0] == b"S"
            and re.search(rb"^Max core file size +0 +0 ", proc(pid, "limits"), re.M))


def token_from_a_pipe(lab, url, admin):
    """As of `--token-file <(pass tocsin)`: it waits for what is not there yet, as private as the daemon."""
    program = os.path.join(os.path.dirname(lab.tocsind), "tocsin")
    command = [program, "--url", url, "--token-file", "/dev/stdin", "status"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            wait_until(lambda: waits_for_its_token(process.pid), "it waits for its token, and would leave no core dump")
            out, said = process.communicate(admin.encode() + b"\n", timeout=60)
        finally:
            process.kill()
    expect(process.returncode == 0 and b"http" in out, f"a token from a pipe: {said}")


def command_line(lab, node, admin):
    """The command line takes a token from a file, never from its arguments."""
    path = os.path.join(lab.dir, "token")
    with open(path, "w", encoding="ascii") as file:
        file.write(admin + "\n")
    url = f"http://127.0.0.1:{node.api_port}"
    done = tocsin(lab, "--url", url, "--token-file", path, "status")
    expect(done.returncode == 0, f"a token from a file: {done.stderr}")
    holds_none("the command line", done.stdout + done.stderr, [admin])
    token_from_a_pipe(lab, url, admin)
    help_text = tocsin(lab, "--help").stdout
    options = set(re.findall(r"--[a-z-]*(?:token|password|secret|key)[a-z-]*(?:=\S+)?", help_text))
    expect(options == {"--token-file=FILE"}, f"options that name a secret: {options}")
    done = tocsin(lab, "--socket", node.socket, "key", "rotate", "--yes")
    expect(done.returncode == 0, f"the key is rotated: {done.stderr}")


def what_it_tells(lab, node, secrets):
    for path in ("/v1/status", "/v1/config", "/v1/tokens", "/v1/audit", "/metrics", "/v1/peers", "/health/ready"):
        reply = node.api("GET", path)
        expect(reply.status == 200, f"{path}: {reply}")
        holds_none(path, reply.body, secrets)
    for path in ("/actor", "/", "/.well-known/webfinger?resource=acct:tocsin@127.0.0.1", "/nodeinfo/2.1"):
        holds_none(path, node.public("GET", path).body, secrets)
    backup = os.path.join(lab.dir, "backup")
    node.ask("POST", "/v1/backup", {"dir": backup}, 200)
    with open(os.path.join(backup, "store", "data.mdb"), "rb") as store:
        raw = store.read()
    holds_none("the store", raw, secrets)
    expect(not any(key in raw for key in raw_keys(node)), "the store holds a private key")
    there = set(os.listdir(backup))
    expect(there <= {"keys", "store", "lock"}, f"a backup has no token: {there}")
    for name in os.listdir(os.path.join(backup, "keys")):
        mode = os.stat(os.path.join(backup, "keys", name)).st_mode & 0o777
        expect(mode == 0o600, f"keys/{name} of a backup has mode {mode:o}")


def process_list(node, secrets):
    pid = node.process.pid
    for name in ("cmdline", "environ", "comm", "status"):
        holds_none(f"/proc/PID/{name}", proc(pid, name), secrets)
    limits = proc(pid, "limits").decode()
    expect(re.search(r"^Max core file size +0 +0 ", limits, re.M), f"no core dump: {limits}")


def is_private(pid, user):
    expect(os.stat(f"/proc/{pid}").st_uid == (user or os.geteuid()), "the process is of a user like any")
    for name in ("environ", "mem", "maps", "fd"):
        expect(os.stat(f"/proc/{pid}/{name}").st_uid == 0, f"/proc/PID/{name} is closed to that user")


def copy_programs(lab, folder):
    """To where any user comes, which the folder of the build need not be. Gives the daemon and the command line."""
    build = os.path.dirname(os.path.dirname(lab.tocsind))
    copies = [os.path.join(folder, name) for name in ("src/tocsind", "src/tocsin", "schemas/gschemas.compiled")]
    for copy in copies:
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copyfile(os.path.join(build, os.path.relpath(copy, folder)), copy)
        for path in (folder, os.path.dirname(copy), copy):
            os.chmod(path, 0o755)
    return copies[:2]


def memory_is_private(lab):
    """Files of /proc that show memory belong to root where the kernel lets nobody else look."""
    user = NOBODY if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        lab.tocsind, program = copy_programs(lab, folder)
        node = lab.node("user", user=user)
        try:
            node.start()
        except PermissionError:
            lab.skip("nobody may run no program from a temporary folder")
            return
        is_private(node.process.pid, user)
        node.stop()
        command_line_is_private(folder, program, user)


def command_line_is_private(folder, program, user):
    with tempfile.TemporaryDirectory(dir=folder) as private:
        waiting = os.path.join(private, "token")
        os.mkfifo(waiting, 0o600)
        for path in (private, waiting):
            os.chown(path, user if user is not None else -1, -1)
        with open(waiting, "r+b", buffering=0), subprocess.Popen(
            [program, "--url", "http://127.0.0.1:1", "--token-file", waiting, "status"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user
        ) as process:
            try:
                wait_until(lambda: waits_for_its_token(process.pid), "the command line waits for its token")
                is_private(process.pid, user)
            finally:
                process.kill()


def nothing_without_a_token(node, made):
    """Every documented call, as a program of this machine or a page in its browser would make it."""
    text = SCHEMA.read_text(encoding="utf-8")
    paths = json.loads(re.sub(r"^#.*$", "", text, flags=re.M))["paths"]
    from_page = {"Origin": "https://evil.example", "Cookie": "token=1", "Sec-Fetch-Site": "cross-site"}
    closed = 0
    for path, methods in paths.items():
        for method in {"get", "post", "put", "patch", "delete"} & set(methods):
            target = re.sub(r"\{\w+\}", "x", path)
            reply = node.tcp(method.upper(), target, b"{}" if method in ("post", "put") else None, headers=from_page)
            expect(reply.status == (200 if path in OPEN else 401), f"{method} {target} without a token: {reply}")
            closed += reply.status == 401
            asked = {"Access-Control-Request-Method": method.upper(), "Access-Control-Request-Headers": "authorization"}
            for answer in (reply, node.tcp("OPTIONS", target, headers={**from_page, **asked})):
                cors = [name for name in answer.headers if name.lower().startswith("access-control-")]
                expect(not cors and "Set-Cookie" not in answer.headers, f"{method} {target} serves pages: {cors}")
    expect(closed > 50, f"many calls were tried: {closed}")
    reply = node.tcp("POST", "/v1/check", b'{"subjects":[{"type":"ip","value":"192.0.2.1"}]}', made, from_page)
    expect(reply.status == 200 and "Access-Control-Allow-Origin" not in reply.headers, f"no page may read it: {reply}")


def handed_by_systemd(lab):
    """A credential is read from its file, and nothing of it written down."""
    folder = os.path.join(lab.dir, "credentials")
    os.mkdir(folder)
    with open(os.path.join(folder, "tocsin.admin-token"), "w", encoding="ascii") as file:
        file.write(CREDENTIAL)
    lab.tokens.add(CREDENTIAL)
    node = lab.node("credential", api=True, environment={"CREDENTIALS_DIRECTORY": folder})
    keys = os.path.join(node.data_dir, "keys")
    os.makedirs(keys)
    os.chmod(keys, 0o755)
    node.start()
    expect(os.stat(keys).st_mode & 0o777 == 0o700, "a folder of keys that others could open is closed to them")
    expect(node.tcp("GET", "/v1/status", token=CREDENTIAL).status == 200, "the credential is the admin's token")
    expect(not os.path.exists(os.path.join(node.data_dir, "admin.token")), "no other token is made")
    process_list(node, [CREDENTIAL])
    node.stop()


def test(lab):
    node = lab.node("a", api=True, environment={"G_MESSAGES_DEBUG": "all"}).start()
    lab.step("tokens are used, a key is rotated")
    old_keys = lab.secrets(node)
    admin, made = use_tokens(lab, node)
    nothing_without_a_token(node, made)
    command_line(lab, node, admin)
    is_closed(node)
    lab.tokens.update(old_keys)
    secrets = lab.secrets(node)
    expect({admin, made} <= secrets and len(secrets) > 40, "the secrets are known here")
    lab.step("what the node tells, and what is in its process")
    what_it_tells(lab, node, secrets)
    process_list(node, secrets)
    node.stop()
    with open(node.log, encoding="utf-8", errors="replace") as log:
        expect("-DEBUG: " in log.read(), "everything was logged")
    lab.step("a credential of systemd")
    handed_by_systemd(lab)
    memory_is_private(lab)


if __name__ == "__main__":
    chosen = parse_arguments(__doc__, TIME_SCALE)
    sys.exit(run("secrecy", chosen, test))
