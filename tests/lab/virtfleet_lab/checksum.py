"""Whether a guest's disk holds what was written to it: by the guest's own ticks, or by its image when it is off."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
from pathlib import Path

from . import state
from .guestspec import (
    BASE_VOLUME,
    LOCAL,
    LOCAL_DISK_BYTES,
    RING_BYTES,
    GuestSpec,
    first_content,
    shared_content,
)
from .settings import HOST_IMAGES_DIR, Lab
from .shell import LabError
from .sites import names_of
from .ticks import History
from .verdict import Place
from .wiring import in_lab


def verdict(lab: Lab, guest: GuestSpec, place: Place | None, past: History) -> str:
    """right, wrong, or none for a guest without a disk or one of which nothing is known."""
    if guest.disk == "none" or place is None:
        return "none"
    if past.bad_disk:
        return "wrong"
    if place.state != "shutoff":
        return "none" if past.newest is None else "wrong" if past.newest.disk == "BAD" else "right"
    content = _content(lab, guest, place)
    if past.newest is not None:
        return "right" if hashlib.md5(content[:RING_BYTES]).hexdigest().startswith(past.newest.md5) else "wrong"
    below = shared_content(BASE_VOLUME) if guest.disk == "chain" else b""
    pristine = below.ljust(LOCAL_DISK_BYTES, b"\0") if guest.disk in LOCAL else first_content(guest)
    return "right" if content == pristine else "wrong"


def _content(lab: Lab, guest: GuestSpec, place: Place) -> bytes:
    """What the guest would read from its disk; nothing when there is no such disk."""
    if guest.disk in LOCAL:
        return _local_content(lab, guest, place.host)
    path = (lab.iscsi_dir if guest.disk == "iscsi" else _brick(lab, place.host)) / guest.volume
    return path.read_bytes() if path.is_file() else b""


def _brick(lab: Lab, host: str) -> Path:
    """The folder behind the shared pool of the site that a host is on."""
    (found,) = [each for each in state.read_plan(lab).hosts if each.name == host]
    return lab.brick(names_of(found).volume)


def _local_content(lab: Lab, guest: GuestSpec, host: str) -> bytes:
    """The qcow2 of a host, unfolded by the host's own qemu-img in its root folder, whether it is on or off."""
    folder = lab.host_dir(host)
    image = f"{HOST_IMAGES_DIR}/{guest.volume}"
    unfolded = Path("/var/tmp") / f"lab-{guest.uuid}"
    convert = ["qemu-img", "convert", "--force-share", "-f", "qcow2", "-O", "raw", image, str(unfolded)]
    try:
        in_lab(lab, ["chroot", str(folder / "root"), *convert])
        return (folder / "upper" / unfolded.relative_to("/")).read_bytes()
    except LabError:
        return b""
    finally:
        in_lab(lab, ["rm", "-f", f"{folder / 'root'}{unfolded}"])
