"""A machine is known by its names and its boot, and whatever runs on it goes down with it."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._host.identity import guest_uuids, identity
from ansible_collections.virtfleet.migration.plugins.module_utils._model.fitness import Identity, goes_down_with

NAME = "7d2c1d9f5f0e4f0d8d6e2b7a3c0f9b11"
UUID = "7d2c1d9f-5f0e-4f0d-8d6e-2b7a3c0f9b11"
BOARD = "4C4C4544-0042-3510-8052-B4C04F4A3432"
MACHINE = Identity(NAME, "boot-1")


def put(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="ascii")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    put(tmp_path, "proc/sys/kernel/random/boot_id", "boot-1\n")
    put(tmp_path, "etc/machine-id", f"{NAME}\n")
    return tmp_path


def test_a_machine_has_a_name_and_a_boot(root: Path) -> None:
    assert identity(root) == MACHINE


@pytest.mark.parametrize("sign", ["run/systemd/container", ".dockerenv", "run/.containerenv"])
def test_a_container_is_told_by_what_its_manager_has_put_there(root: Path, sign: str) -> None:
    put(root, sign, "")
    assert identity(root).container


def test_an_image_without_a_name_has_none(root: Path) -> None:
    (root / "etc/machine-id").unlink()
    assert identity(root).machine_id == ""
    assert guest_uuids(root) == ()


def test_a_guest_may_be_known_by_its_board_or_by_its_machine_id(root: Path) -> None:
    put(root, "sys/class/dmi/id/product_uuid", f"{BOARD}\n")
    assert guest_uuids(root) == (UUID, BOARD.lower())


def test_a_board_without_a_uuid_is_nobody(root: Path) -> None:
    put(root, "sys/class/dmi/id/product_uuid", "Not Settable\n")
    assert guest_uuids(root) == (UUID,)


def test_what_runs_on_a_machine_goes_down_with_it_in_a_container_too() -> None:
    assert goes_down_with(MACHINE, MACHINE)
    assert goes_down_with(Identity("", "boot-1", container=True), MACHINE)


def test_a_machine_made_from_the_same_image_is_another_one() -> None:
    assert not goes_down_with(MACHINE, replace(MACHINE, boot_id="boot-2"))


def test_a_container_that_reboots_takes_its_machine_not_with_it() -> None:
    there = Identity("another", "boot-1", container=True)
    assert not goes_down_with(MACHINE, there)
    assert not goes_down_with(Identity("", "boot-1"), replace(there, machine_id=""))


def test_a_container_that_reboots_takes_what_runs_in_it_with_it() -> None:
    here = replace(MACHINE, container=True)
    assert goes_down_with(here, here)
