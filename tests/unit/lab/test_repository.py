"""Package repositories of the lab: where hosts see one, and what its index says of a package."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from virtfleet_lab import repository
from virtfleet_lab.shell import LabError


def package(folder: Path) -> Path:
    control = folder / "tree" / "DEBIAN" / "control"
    control.parent.mkdir(parents=True)
    control.write_text(
        "Package: sample\nVersion: 2:1.0\nArchitecture: all\nMaintainer: nobody <nobody@example.com>\n"
        "Description: a sample\n",
        encoding="utf-8",
    )
    made = folder / "archives" / "sample_2%3a1.0_all.deb"
    made.parent.mkdir()
    subprocess.run(["dpkg-deb", "--build", str(folder / "tree"), str(made)], check=True, capture_output=True)
    return made


def test_the_index_names_each_file_with_its_size_and_digest(tmp_path: Path) -> None:
    content = package(tmp_path).read_bytes()
    (file,) = repository._renamed(tmp_path / "archives", tmp_path)
    entry = repository._index([file])
    assert "Package: sample\nVersion: 2:1.0\n" in entry
    assert entry.endswith(
        f"\nFilename: ./sample_2_1.0_all.deb\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n"
    )
    assert (tmp_path / "sample_2_1.0_all.deb").read_bytes() == content


def test_hosts_of_each_offer_are_given_its_repository_by_a_path_of_their_own() -> None:
    line = repository.source_line(Path("/somewhere/build/lab-cache/packages/upgrade-0123456789ab"))
    assert line == "deb [trusted=yes] file:/usr/lib/virtfleet-lab-packages/upgrade-0123456789ab ./\n"


def test_packages_come_from_the_mirror_that_the_image_was_made_from(tmp_path: Path) -> None:
    sources = tmp_path / "etc/apt/sources.list"
    sources.parent.mkdir(parents=True)
    sources.write_text("# made\ndeb [signed-by=/key] http://mirror.example/debian bookworm main\n", encoding="utf-8")
    assert repository._mirror_of(tmp_path) == "http://mirror.example/debian"
    sources.write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(LabError, match="names no mirror"):
        repository._mirror_of(tmp_path)
