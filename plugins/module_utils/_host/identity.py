"""Who this machine is: what names it, its boot, whether it is a container, which guest it may be. Changes nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import uuid
from pathlib import Path

from .._model.fitness import Identity


def identity(root: Path = Path("/")) -> Identity:
    """Return what tells this machine from others; an image that was never booted has no name yet."""
    return Identity(
        machine_id=_machine_id(root),
        boot_id=(root / "proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip(),
        # systemd of a container writes it, and so do Docker and Podman each in a file of its own
        container=any((root / path).exists() for path in ("run/systemd/container", ".dockerenv", "run/.containerenv")),
    )


def guest_uuids(root: Path = Path("/")) -> tuple[str, ...]:
    """Return the UUIDs that a guest would have for its hypervisor if it were this machine, none where none is known.

    The board's is root's to read. systemd takes it for the machine's own id in a guest that boots the first time.
    """
    found = [_machine_id(root)]
    # not root, or a machine without such tables: then only the other one can tell
    with contextlib.suppress(OSError):
        found.append((root / "sys/class/dmi/id/product_uuid").read_text(encoding="ascii"))
    return tuple(dict.fromkeys(filter(None, map(_canonical, found))))


def _machine_id(root: Path) -> str:
    path = root / "etc/machine-id"
    return path.read_text(encoding="ascii", errors="replace").strip() if path.is_file() else ""


def _canonical(text: str) -> str:
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        return ""
