"""Whether a guest's disk holds what was written to it: by the guest's own ticks, or by its image when it is off."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from .guestspec import RING_BYTES, GuestSpec, first_content
from .settings import HOST_IMAGES_DIR, Lab
from .ticks import History
from .verdict import Place


def verdict(lab: Lab, guest: GuestSpec, places: Sequence[Place], past: History) -> str:
    """right, wrong, or none for a guest without a disk."""
    if guest.disk == "none":
        return "none"
    if past.bad_disk:
        return "wrong"
    if guest.state == "shutoff" and past.newest is None and guest.disk != "local":
        return "right" if _file(lab, guest, places).read_bytes() == first_content(guest) else "wrong"
    return "right"


def _file(lab: Lab, guest: GuestSpec, places: Sequence[Place]) -> Path:
    if guest.disk == "iscsi":
        return lab.iscsi_dir / guest.volume
    return lab.gluster_dir / guest.volume
