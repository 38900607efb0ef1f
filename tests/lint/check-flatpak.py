#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks the Flatpak manifest and the AppStream metadata.

Usage: check-flatpak.py ROOT

Every module but our own is pinned by checksum, libsodium to a version whose look at points is whole
(CVE-2025-69277), which Debian mended in its own; flatpak-builder and appstreamcli have nothing to
say, where they are; name, version and licence are those of the project.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from skips import may_skip  # noqa: E402 pylint: disable=wrong-import-position

ID = "org.tocsin.Node"
OLDEST = {"libsodium": [1, 0, 21]}


def left_out(tool: str):
    """Says that the part of a tool is skipped, and complains where none may be."""
    print(f"no {tool} here: its part is skipped")
    if not may_skip():
        yield f"nothing may be skipped here (TOCSIN_SKIP=never), and there is no {tool}"


def manifest_complaints(path: pathlib.Path):
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if manifest["id"] != ID:
        yield f"{path.name}: the id is {manifest['id']}"
    *others, own = manifest["modules"]
    if own["sources"] != [{"type": "dir", "path": ".."}]:
        yield f"{path.name}: the last module is to be this tree"
    for module in others:
        for source in module["sources"]:
            if not re.fullmatch(r"[0-9a-f]{64}", source.get("sha256", "")) or not source["url"].startswith("https://"):
                yield f"{path.name}: {module['name']} is not pinned"
            version = re.search(r"[-_](\d+\.\d+\.\d+)[.\w]*$", source["url"])[1]
            if list(map(int, version.split("."))) < OLDEST.get(module["name"], []):
                yield f"{path.name}: {module['name']} {version} is too old"
    if shutil.which("flatpak-builder"):
        with tempfile.TemporaryDirectory() as state:
            shown = subprocess.run(["flatpak-builder", "--show-manifest", str(path.resolve())],
                                   capture_output=True, text=True, cwd=state)
        if shown.returncode or len(json.loads(shown.stdout)["modules"]) != len(manifest["modules"]):
            yield f"flatpak-builder: {shown.stderr.strip() or 'another manifest'}"
    else:
        yield from left_out("flatpak-builder")


def metadata_complaints(path: pathlib.Path, root: pathlib.Path):
    component = ET.parse(path).getroot()
    if component.findtext("id") != ID:
        yield f"{path.name}: the id is {component.findtext('id')}"
    version = re.search(r"version: '([^']+)'", (root / "meson.build").read_text(encoding="utf-8")).group(1)
    if component.find("releases/release").get("version") != version:
        yield f"{path.name}: the newest release is not {version}"
    if shutil.which("appstreamcli"):
        said = subprocess.run(["appstreamcli", "validate", "--no-net", str(path)], capture_output=True, text=True)
        # 1.0 asks for a home page, which the project does not have.
        lines = [line for line in said.stdout.splitlines() if "url-homepage-missing" not in line]
        serious = [line for line in lines if re.match(r"[EW]:", line)]
        if serious or (said.returncode and lines == said.stdout.splitlines()):
            yield f"appstreamcli: {said.stdout.strip()}"
    else:
        yield from left_out("appstreamcli")


if __name__ == "__main__":
    root = pathlib.Path(sys.argv[1])
    found = list(manifest_complaints(root / "flatpak" / f"{ID}.json"))
    found += metadata_complaints(root / "data" / f"{ID}.metainfo.xml", root)
    print("\n".join(found) or "in order")
    sys.exit(1 if found else 0)
