#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Builds the Debian package and takes it through its life.

Usage: test_deb.py ROOT [--keep DIR]

In a copy of the tree: dpkg-buildpackage, then lintian without an error or a warning. In a chroot
that the test makes: install, run as the service's user, boot with systemd as PID 1 and run under
the unit, upgrade, remove, purge. Each part is skipped with a word where its tools are missing;
without any the exit is 77.
"""
import argparse
import glob
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

BUILD_SECONDS = 1500
START_SECONDS = 60
BOOT_SECONDS = 240
TOKEN = "tocsin_" + "a" * 40

# What is done in the booted system; each line that begins with "=" is looked at.
PROBE = """
say() { echo "= $*"; }
status() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
say started $(systemctl is-active tocsin) $(tocsin status >/dev/null 2>&1 && echo answers)
pid=$(systemctl show -p MainPID --value tocsin)
say confined $(sed -n 's/^\\(CapEff\\|NoNewPrivs\\|Seccomp\\):\\s*//p' /proc/$pid/status)
say user $(stat -c %U /proc/$pid)
say dumps $(stat -c %U /proc/$pid/environ) $(sed -n 's/^Max core file size *\\([0-9]*\\) .*/\\1/p' /proc/$pid/limits)
systemctl stop tocsin
say stopped $(systemctl show -p Result -p ExecMainStatus --value tocsin)
systemctl start tocsin.socket tocsin-api.socket
say waiting $(systemctl is-active tocsin)
say socket $(status http://127.0.0.1:8477/health/live) $(systemctl is-active tocsin)
mkdir -m 0700 -p /etc/credstore
echo TOKEN >/etc/credstore/tocsin.admin-token
chmod 0600 /etc/credstore/tocsin.admin-token
systemctl restart tocsin
say credential $(status -H 'Authorization: Bearer TOKEN' http://127.0.0.1:8478/v1/status)
say stranger $(status -H 'Authorization: Bearer TOKENx' http://127.0.0.1:8478/v1/status)
rm -r /etc/credstore
say exposure $(systemd-analyze security --no-pager tocsin | sed -n 's/.*level for tocsin.service: \\([0-9.]*\\).*/\\1/p')
say warned $(journalctl -q --no-pager -o cat -p warning _SYSTEMD_UNIT=tocsin.service | wc -l)
journalctl -u tocsin --no-pager | tail -n 20
"""
PROBE_UNIT = """
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh /var/tmp/probe
ExecStopPost=/bin/systemctl --no-block poweroff
StandardOutput=file:/var/tmp/probe.out
StandardError=inherit
"""
CONF = "[node]\nbase-url=https://tocsin.example.org\n"


def say(text):
    print(f"# {text}", flush=True)


def run(*command, seconds=600, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, timeout=seconds, **more)
    if done.returncode:
        print(done.stdout[-6000:])
        sys.exit(f"{' '.join(map(str, command[:4]))} …: exit {done.returncode}")
    return done.stdout


def expect(condition, text):
    if not condition:
        sys.exit(f"test_deb: {text}")


def copy_tree(root, target):
    """What is under version control, and what is about to be."""
    listed = subprocess.run(["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-co",
                             "--exclude-standard", "-z"], capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, listed):
        source = root / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)


def build(root, work):
    copy_tree(root, work / "src")
    env = dict(os.environ, DEB_BUILD_OPTIONS="parallel=2")
    if shutil.which("ccache"):
        env["CCACHE_DIR"] = run("ccache", "-k", "cache_dir").strip()
    run("dpkg-buildpackage", "-b", "-us", "-uc", seconds=BUILD_SECONDS, cwd=work / "src", env=env)
    packages = [p for p in glob.glob(str(work / "tocsin_*.deb"))]
    expect(len(packages) == 1, f"one package was to be built: {packages}")
    say(f"built {os.path.basename(packages[0])}")
    return pathlib.Path(packages[0])


def look_with_lintian(work):
    if not shutil.which("lintian"):
        say("no lintian here: its part is skipped")
        return
    changes = glob.glob(str(work / "*.changes"))[0]
    user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []
    os.chmod(work, 0o755)
    run(*user, "lintian", "--fail-on", "error,warning", changes,
        env=dict(os.environ, HOME="/nonexistent", TMPDIR="/tmp"))
    say("lintian has nothing to say")


def next_version(package, work):
    """The same with a higher version: what an upgrade needs."""
    tree = work / "next"
    run("dpkg-deb", "-R", package, tree)
    control = tree / "DEBIAN" / "control"
    text = control.read_text()
    changed = re.sub(r"^Version: (.*)-1$", r"Version: \1-2", text, flags=re.M)
    expect(changed != text, "the package has no version")
    control.write_text(changed)
    built = work / "next.deb"
    run("dpkg-deb", "--root-owner-group", "-b", tree, built)
    return built


class Chroot:
    def __init__(self, path):
        self.path = path

    def run(self, *command, **more):
        return run("chroot", self.path, *command, **more)

    def exists(self, name):
        return os.path.lexists(f"{self.path}{name}")

    def mode(self, name):
        return oct(os.stat(f"{self.path}{name}").st_mode & 0o7777)


def make_chroot(package, work):
    sources = glob.glob("/etc/apt/sources.list.d/*.sources") + glob.glob("/etc/apt/sources.list")
    sources = [s for s in sources if os.path.getsize(s)]
    release = dict(l.rstrip().split("=", 1) for l in open("/etc/os-release", encoding="utf-8") if "=" in l)
    path = work / "root"
    made = subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=apt", "--include=systemd-sysv,curl", f"--customize-hook=copy-in {package} /var/tmp",
         "--aptopt=APT::Install-Recommends false",
         f'--customize-hook=chroot "$1" env DEBIAN_FRONTEND=noninteractive apt-get install -y /var/tmp/{package.name}',
         release["VERSION_CODENAME"], str(path), *sources],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL, timeout=900,
    )
    if made.returncode and "tocsin" not in made.stdout:
        say("no chroot could be made here: " + made.stdout.strip().splitlines()[-1])
        return None
    expect(made.returncode == 0, "the package could not be installed: " + made.stdout[-2000:])
    say("installed in a chroot")
    return Chroot(path)


def check_installed(root):
    user = root.run("getent", "passwd", "tocsin").split(":")
    expect(user[5] == "/var/lib/tocsin" and user[6].strip().endswith("nologin"), f"the user is {user}")
    owner = os.stat(f"{root.path}/var/lib/tocsin")
    expect(root.mode("/var/lib/tocsin") == "0o700" and str(owner.st_uid) == user[2], "the data directory's mode")
    expect(root.mode("/etc/tocsin") == "0o755", "the settings directory's mode")
    expect(not root.exists("/etc/tocsin/node.conf"), "settings are the operator's to write")
    version = root.run("tocsin", "--version")
    expect(re.match(r"tocsin \d+\.\d+", version), f"tocsin --version says {version}")
    pathlib.Path(f"{root.path}/etc/tocsin/node.conf").write_text(CONF)
    root.run("tocsind", "--check-config")
    root.run("tocsind", "--check-config", "--base-url", "https://tocsin.example.org", "--config",
             "/usr/share/doc/tocsin/node.conf.example")
    unit = root.run("cat", "/etc/systemd/system/multi-user.target.wants/tocsin.service")
    expect("ExecStart=/usr/bin/tocsind" in unit, "the service is not enabled")
    expect(not root.exists("/etc/systemd/system/sockets.target.wants/tocsin.socket"), "the socket is optional")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def live(root):
    """Starts the node as its user, asks it, and stops it; gives what the command line said."""
    node = subprocess.Popen(
        [shutil.which("chroot"), "--userspec=tocsin:tocsin", root.path, "/usr/bin/tocsind", "--listen", f"127.0.0.1:{free_port()}",
         "--api-listen", "none"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={"PATH": "/usr/bin:/bin", "GIO_USE_PROXY_RESOLVER": "dummy"},
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not root.exists("/var/lib/tocsin/api.sock") or subprocess.run(
                ["chroot", root.path, "tocsin", "status"], capture_output=True).returncode:
            if node.poll() is not None or time.monotonic() > deadline:
                node.kill()
                sys.exit("test_deb: the node did not start: " + node.stdout.read()[-1000:])
            time.sleep(0.1)
        status = root.run("tocsin", "status", "--json")
    finally:
        node.terminate()
        try:
            node.wait(30)
        except subprocess.TimeoutExpired:
            node.kill()
    expect(node.returncode == 0, f"the node ended with {node.returncode}")
    return status


def check_booted(root):
    """The unit does what it promises, under the systemd that it is for."""
    if not shutil.which("systemd-nspawn"):
        say("no systemd-nspawn here: the unit is not run")
        return
    probe = pathlib.Path(f"{root.path}/var/tmp/probe")
    unit = pathlib.Path(f"{root.path}/etc/systemd/system/probe.service")
    wanted = unit.parent / "multi-user.target.wants" / unit.name
    probe.write_text(PROBE.replace("TOKEN", TOKEN))
    unit.write_text(PROBE_UNIT)
    wanted.symlink_to("../probe.service")
    booted = subprocess.run(["systemd-nspawn", "--quiet", "-D", root.path, "--boot", "--register=no", "--keep-unit",
                             "--private-network", "--console=pipe"], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=BOOT_SECONDS, check=False)
    out = pathlib.Path(f"{root.path}/var/tmp/probe.out")
    told = out.read_text() if out.exists() else ""
    for path in (wanted, unit):
        path.unlink()
    if not told:
        say("no system could be booted here: the unit is not run: " + repr(booted.stdout[-200:]))
        return
    said = dict(line[2:].split(" ", 1) for line in told.splitlines() if re.match(r"= \w+ \S", line))
    exposure = said.pop("exposure", "10")
    expect(said == {
        "started": "active answers", "confined": "0000000000000000 1 2", "user": "tocsin", "dumps": "root 0",
        "stopped": "success 0", "waiting": "inactive", "socket": "200 active", "credential": "200", "stranger": "401",
        "warned": "0",
    }, f"under its unit the node said {said}\n{told}")
    expect(float(exposure) <= 2.0, f"the unit's exposure is {exposure}")
    say(f"ran under its unit, by its sockets, with a credential; exposure {exposure}")


def check_life(root, package, work):
    check_installed(root)
    before = re.search(r'"fingerprint": ?"([^"]+)"', live(root)).group(1)
    say("the node ran as its user")
    check_booted(root)

    shutil.copy(next_version(package, work), f"{root.path}/var/tmp/next.deb")
    root.run("dpkg", "-i", "/var/tmp/next.deb", env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    after = re.search(r'"fingerprint": ?"([^"]+)"', live(root)).group(1)
    expect(before == after, "an upgrade changed the node's key")
    expect(pathlib.Path(f"{root.path}/etc/tocsin/node.conf").read_text() == CONF, "an upgrade changed the settings")
    say("upgraded")

    shutil.copy(f"{root.path}/etc/tocsin/node.conf", f"{root.path}/etc/tocsin/node.conf.before")
    root.run("dpkg", "-r", "tocsin")
    expect(root.exists("/var/lib/tocsin/keys/rsa.pem"), "removing took the keys")
    expect(root.exists("/etc/tocsin/node.conf"), "removing took the settings")
    expect(not root.exists("/usr/bin/tocsind"), "removing left the program")

    # As the service is started while a package is configured: what others do after that is not done yet.
    root.run("dpkg", "--no-triggers", "-i", "/var/tmp/next.deb", env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    again = re.search(r'"fingerprint": ?"([^"]+)"', live(root)).group(1)
    expect(before == again, "a removal and an installation changed the node's key")
    root.run("dpkg", "--triggers-only", "--pending")
    say("removed, and installed again with its settings in place")

    root.run("dpkg", "-P", "tocsin")
    left = subprocess.run(["find", root.path, "-xdev", "(", "-path", f"{root.path}/var/tmp", "-o", "-path",
                           f"{root.path}/var/log", ")", "-prune", "-o", "-name", "*tocsin*", "-print"],
                          capture_output=True, text=True, check=True).stdout.split()
    expect(not left, f"purging left {left}")
    say("removed and purged")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=pathlib.Path)
    root = parser.parse_args().root.resolve()
    for tool in ("dpkg-buildpackage", "dh", "git"):
        if not shutil.which(tool):
            say(f"skipped: no {tool} here")
            return 77
    if not (root / ".git").exists():
        say("skipped: no repository, only a copy of the tree")
        return 77
    with tempfile.TemporaryDirectory(prefix="tocsin-deb.") as name:
        work = pathlib.Path(name)
        package = build(root, work)
        look_with_lintian(work)
        if os.getuid() != 0 or not shutil.which("mmdebstrap"):
            say("no chroot without root and mmdebstrap: installing is skipped")
            return 0
        made = make_chroot(package, work)
        if made is not None:
            check_life(made, package, work)
    say("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
