"""Finds this machine's Pythons and chooses the ansible-cores to test on. Must not install anything.

`cores.py pythons`  prints `3.11 /usr/bin/python3.11` lines, oldest first
`cores.py choose`   prints `2.19.14 3.13 /path/to/python3.13` lines: oldest and newest core that run here, and 2.19
`cores.py ends`     the same without 2.19 in between
`cores.py 2.18`     the same for the cores whose version begins so
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

SUPPORTED = [f"3.{minor}" for minor in range(9, 15)]
CORES = Path(__file__).with_name("cores.txt")
ALWAYS = "2.19."


def find_pythons() -> dict[str, Path]:
    """Supported Pythons that start and have venv, the system's own preferred, then PATH, then pyenv's."""
    folders = [Path("/usr/bin"), *map(Path, os.environ.get("PATH", "").split(os.pathsep))]
    folders += sorted((Path.home() / ".pyenv" / "versions").glob("*/bin"))
    return {v: path for v in SUPPORTED if (path := _first_working(v, folders)) is not None}


def _first_working(version: str, folders: list[Path]) -> Path | None:
    for folder in folders:
        candidate = folder / f"python{version}"
        if "shims" not in folder.parts and candidate.is_file() and _works(candidate, version):
            return candidate
    return None


def _works(python: Path, version: str) -> bool:
    code = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    run = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return run.returncode == 0 and run.stdout.strip() == version


def read_cores() -> list[tuple[str, list[str]]]:
    """(core, its controller Pythons) from cores.txt, oldest core first."""
    lines = [line.split() for line in CORES.read_text(encoding="utf-8").splitlines()]
    return [(words[0], words[1:]) for words in lines if words and re.match(r"\d", words[0])]


def runnable(pythons: dict[str, Path]) -> list[tuple[str, str]]:
    """(core, newest Python here that runs it) for every core that runs here."""
    found = []
    for core, versions in read_cores():
        here = [v for v in versions if v in pythons]
        if here:
            found.append((core, here[-1]))
    return found


def choose(candidates: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Oldest, newest and 2.19."""
    return [c for c in candidates if c in (candidates[0], candidates[-1]) or c[0].startswith(ALWAYS)]


def ends(candidates: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Oldest and newest, one where they are the same."""
    return list(dict.fromkeys((candidates[0], candidates[-1])))


def wanted(what: str, candidates: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those that the argument stands for."""
    if what in ("choose", "ends"):
        return (choose if what == "choose" else ends)(candidates) if candidates else []
    return [c for c in candidates if c[0].startswith(what)]


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: cores.py pythons | choose | ends | VERSION", file=sys.stderr)
        return 2
    what = sys.argv[1]
    pythons = find_pythons()
    if what == "pythons":
        for version, path in pythons.items():
            print(version, path)
        return 0
    chosen = wanted(what, runnable(pythons))
    if not chosen:
        found = ", ".join(pythons) or "none"
        print(f"No Python here runs that ansible-core; found {found}, see {CORES}.", file=sys.stderr)
        return 1
    for core, version in chosen:
        print(core, version, pythons[version])
    return 0


if __name__ == "__main__":
    sys.exit(main())
