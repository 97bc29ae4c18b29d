"""The parameters that give a guest another definition at its destination. Reads the guest, changes nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from .._model.plan import Move
from .binding import libvirt
from .dest_xml import rewritten


def definitions(domain: Any, move: Move) -> dict[str, str]:
    """Return the definition to run with and the one for the next start; none where nothing changes.

    Both are read with what is secret in them, or a screen would lose its password.
    """
    if not move.changes:
        return {}
    flags = libvirt.VIR_DOMAIN_XML_MIGRATABLE | libvirt.VIR_DOMAIN_XML_SECURE
    found = {"destination_xml": rewritten(domain.XMLDesc(flags), move.changes)}
    if domain.isPersistent():
        kept = domain.XMLDesc(flags | libvirt.VIR_DOMAIN_XML_INACTIVE)
        found["persistent_xml"] = rewritten(kept, move.changes, at_next_start=True)
    return found
