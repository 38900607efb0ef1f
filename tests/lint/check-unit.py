#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks that the service stays as confined as it was.

Usage: check-unit.py UNIT

UNIT is the configured tocsin.service. It says what docs/security.md says of it, and its exposure,
as systemd-analyze counts it (0 best, 10 worst), must be at most LIMIT.
"""
import re
import shutil
import subprocess
import sys

LIMIT = 2.0
SAID = ("LimitCORE=0", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "MemoryDenyWriteExecute=yes",
        "SystemCallFilter=@system-service", "SystemCallFilter=~@privileged", "SystemCallArchitectures=native",
        "ProtectSystem=strict", "ProtectProc=invisible", "PrivateUsers=yes", "StateDirectoryMode=0700", "UMask=0077",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX", "User=tocsin")

if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as unit:
        lines = set(unit.read().splitlines())
    missing = [line for line in SAID if line not in lines]
    if missing:
        sys.exit(f"the unit lacks {', '.join(missing)}")
    if shutil.which("systemd-analyze") is None:
        print("skipped: no systemd-analyze here")
        sys.exit(77)
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", sys.argv[1]],
                          capture_output=True, text=True)
    level = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    if level is None:
        print(done.stdout + done.stderr)
        sys.exit(1)
    print(level.group(0))
    sys.exit(1 if float(level.group(1)) > LIMIT else 0)
