"""Modules that run on every host stay light: Ansible packs, sends and compiles what they import in every run."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ast
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
# files of the collection that a module may bring along; those that plan or move have some 190
MOST = {"host_maintenance": 20, "host_standby": 20, "host_fitness_info": 40, "host_check_info": 50, "host_shutdown": 40}


def files_of(name: str) -> set[Path]:
    """Return the files of the collection that a module imports, and what those import."""
    found: set[Path] = set()
    ahead = [PLUGINS / "modules" / f"{name}.py"]
    while ahead:
        path = ahead.pop()
        if path not in found:
            found.add(path)
            ahead += imported_by(path)
    return found


def imported_by(path: Path) -> list[Path]:
    """Return what a file imports of the collection."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            folder = path.parents[node.level - 1] if node.level else PLUGINS
            module = (node.module or "").rpartition("virtfleet.migration.plugins.")[2]
            for name in ("", *(alias.name for alias in node.names)):
                candidate = folder.joinpath(*module.split("."), name).with_suffix(".py")
                found += [candidate] if candidate.is_file() else []
    return found


@pytest.mark.parametrize("name", MOST)
def test_what_every_host_runs_brings_few_files_along(name: str) -> None:
    files = files_of(name)
    assert 3 <= len(files) <= MOST[name], sorted(str(path.relative_to(PLUGINS)) for path in files)
    assert not [path for path in files if {"goals", "search", "verify"} & set(path.parts)]
