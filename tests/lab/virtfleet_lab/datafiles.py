"""Reads the two kinds of files by which a person shapes the lab: profiles (hosts) and guests.yml. Reads only."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from .guestspec import GuestSpec, checked, next_lun
from .settings import MAX_HOSTS, Host, Lab
from .shell import LabError

RELEASE = "bookworm"


def hosts_of(lab: Lab, profile: str, count: int | None) -> tuple[Host, ...]:
    """The hosts that a profile file names; the first `count` of them, its own default without one."""
    content = _profile(lab, profile)
    entries = content["hosts"]
    most = min(len(entries), MAX_HOSTS)
    wanted = content["default_hosts"] if count is None else count
    if not 1 <= wanted <= most:
        raise LabError(f"Profile {profile!r} has 1 to {most} hosts, not {wanted}.")
    return tuple(_host(lab, number, entry) for number, entry in enumerate(entries[:wanted], start=1))


def releases(lab: Lab) -> set[str]:
    """The releases that hosts of any profile have."""
    profiles = sorted(file.stem for file in (lab.source / "profiles").glob("*.yml"))
    return {entry.get("release", RELEASE) for profile in profiles for entry in _profile(lab, profile)["hosts"]}


def guests_file(lab: Lab, profile: str) -> Path:
    """The file of the guests that a profile has at first."""
    return lab.source / _profile(lab, profile).get("guests", "guests.yml")


def _profile(lab: Lab, profile: str) -> dict[str, Any]:
    path = lab.source / "profiles" / f"{profile}.yml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in path.parent.glob("*.yml")))
        raise LabError(f"There is no profile {profile!r}. Known profiles: {known}.")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _host(lab: Lab, number: int, entry: dict[str, Any]) -> Host:
    return Host(
        name=entry["name"],
        number=number,
        release=entry.get("release", RELEASE),
        address=lab.address(10 + number),
        bmc_address=lab.address(110 + number),
        allocatable_memory_mib=entry.get("allocatable_memory_mib", 2048),
        allocatable_vcpus=entry.get("allocatable_vcpus", 8),
        bmc=entry.get("bmc", "ipmi"),
        site=entry.get("site", ""),
    )


def guests_of(path: Path, hosts: Sequence[str]) -> list[GuestSpec]:
    """The guests of the data file; LUNs are numbered in its order, a host that is not there is the last one."""
    guests: list[GuestSpec] = []
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        home = entry["host"] if entry["host"] in hosts else hosts[-1]
        lun = next_lun(guests) if entry.get("disk") == "iscsi" else 0
        guests.append(_guest(path, {**entry, "host": home, "lun": lun, "from_data_file": True}))
    return guests


def _guest(path: Path, fields: dict[str, Any]) -> GuestSpec:
    try:
        return checked(GuestSpec(**fields))
    except TypeError as error:
        raise LabError(f"{path.name}, guest {fields.get('name')!r}: {error}.") from error
