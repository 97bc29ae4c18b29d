"""Copies the checkout's tracked and unignored files to TREE/ansible_collections/virtfleet/migration, where Ansible
and ansible-test want them. Copies only what changed, removes what is gone. Must not change the checkout.

Usage: collection.py [TREE]     default build
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def listed_files() -> set[Path]:
    """Tracked and unignored files, relative to the checkout, less those deleted but not yet committed."""
    argv = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    run = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"collection: git can't list the files of {ROOT}: {run.stderr.strip()}\nRun this in a git checkout.")
    return {Path(name) for name in run.stdout.split("\0") if name and (ROOT / name).is_file()}


def copy_changed(names: set[Path], tree: Path) -> None:
    for name in names:
        source, copy = ROOT / name, tree / name
        if not _same(source, copy):
            copy.parent.mkdir(parents=True, exist_ok=True)
            new = copy.with_name(f".{copy.name}.new")
            shutil.copy2(source, new)
            os.replace(new, copy)  # a playbook that runs meanwhile sees the old file or the new one


def _same(source: Path, copy: Path) -> bool:
    if not copy.is_file():
        return False
    a, b = source.stat(), copy.stat()
    return (a.st_size, a.st_mtime_ns, a.st_mode) == (b.st_size, b.st_mtime_ns, b.st_mode)


def remove_gone(names: set[Path], tree: Path) -> None:
    for folder, _subfolders, files in os.walk(tree, topdown=False):
        if Path(folder).name == "__pycache__":
            continue
        for file in files:
            path = Path(folder, file)
            if path.relative_to(tree) not in names:
                path.unlink()
        if not os.listdir(folder):
            os.rmdir(folder)


def main() -> None:
    base = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build").resolve()
    tree = base / "ansible_collections" / "virtfleet" / "migration"
    tree.mkdir(parents=True, exist_ok=True)
    with open(base / ".collection.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        names = listed_files()
        copy_changed(names, tree)
        remove_gone(names, tree)


if __name__ == "__main__":
    main()
