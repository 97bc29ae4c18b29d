"""How long a machine type is supported, and what a look at machine types and firmware finds. Decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Optional

Release = tuple[int, ...]

# QEMU's own machine types; names of distributions, such as pc-q35-rhel9.4.0, live as long as those want
_UPSTREAM = re.compile(r"(?:pc-i440fx|pc-q35|virt|pseries|s390-ccw-virtio)-(\d+)\.(\d+)(?:\.\d+)?")
_VERSIONED = re.compile(r"(?P<family>.*?)(?P<version>\d+(?:\.\d+)+)")
# policy of QEMU: a machine type of release x.y is deprecated in (x+3).y and gone in (x+6).y, kept to since these
_DEPRECATED_AFTER, _REMOVED_AFTER = 3, 6
_FIRST_DEPRECATION, _FIRST_REMOVAL = (9, 1), (10, 1)


class MachineConcern(enum.Enum):
    """What about a guest's machine type or firmware keeps it from some host, or will."""

    TOO_NEW = "machine_type_too_new"
    GONE = "machine_type_gone"
    UNKNOWN = "machine_type_unknown"
    DEPRECATED = "machine_type_deprecated"
    FIRMWARE = "firmware_missing"


@dataclass(frozen=True)
class Firmware:
    """The firmware that a host has for a machine type: files by path, and kinds that libvirt finds by itself."""

    loaders: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConcernedHosts:
    """Hosts of which a concern is true, with the QEMU release of each as a number of libvirt."""

    concern: MachineConcern
    hosts: tuple[str, ...]
    qemu_versions: tuple[int, ...]


@dataclass(frozen=True)
class MachineFinding:
    """A guest's machine type and firmware beside what all hosts of its architecture have.

    ``suggested`` is the newest machine type of its family that all of them know and none will drop.
    """

    guest: str
    name: str
    host: str
    machine: Optional[str]
    firmware: Optional[str]
    suggested: Optional[str]
    concerns: tuple[ConcernedHosts, ...] = ()


def lifetime(machine: Optional[str]) -> tuple[Optional[Release], Optional[Release]]:
    """Return the QEMU releases in which a machine type of QEMU's own is deprecated and removed."""
    match = _UPSTREAM.fullmatch(machine or "")
    if match is None:
        return None, None
    major, minor = int(match[1]), int(match[2])
    return (
        max((major + _DEPRECATED_AFTER, minor), _FIRST_DEPRECATION),
        max((major + _REMOVED_AFTER, minor), _FIRST_REMOVAL),
    )


def family_of(machine: Optional[str]) -> Optional[str]:
    """Return a versioned machine type's name without its version, None where it has none."""
    match = _VERSIONED.fullmatch(machine or "")
    return match["family"] if match is not None else None


def release_of(machine: str) -> Release:
    """Return the version in a machine type's name, to sort by; nothing where it has none."""
    match = _VERSIONED.fullmatch(machine)
    return tuple(int(part) for part in match["version"].split(".")) if match is not None else ()


def is_upstream(machine: Optional[str]) -> bool:
    """Return whether the version in the name is that of a QEMU release."""
    return _UPSTREAM.fullmatch(machine or "") is not None
