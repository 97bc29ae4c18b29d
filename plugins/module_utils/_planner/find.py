"""Look-ups of names that people typed. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from .._model.errors import FleetError
from .._model.snapshot import Located, Snapshot


def guest_named(name: str, places: Sequence[Located], snapshot: Snapshot) -> Located:
    """Return the guest of that name or UUID; raises FleetError where there is none, or more than one."""
    found = [place for place in places if name in (place.guest.name, place.guest.uuid)]
    if len(found) == 1:
        return found[0]
    if found:
        where = ", ".join(f"{place.guest.uuid} on {place.host}" for place in found)
        raise FleetError(f"several guests are called {name!r}: {where}", "Give the UUID")
    silent = list(snapshot.unreachable)
    hint = similar(name, (place.guest.name for place in places))
    if silent:
        hint = f"It may be on {', '.join(silent)}, which did not answer. {hint}".strip()
    raise FleetError(f"no guest is called {name!r} on the hosts that answered", hint or None)


def similar(name: str, known: Iterable[str]) -> str:
    """Return a question that offers the nearest known names, or nothing."""
    close = difflib.get_close_matches(name, sorted(set(known)), n=3)
    return f"Did you mean {' or '.join(close)}?" if close else ""
