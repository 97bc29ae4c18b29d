"""Where the goal relocate wants each guest: by what is allowed, by a map, by nearness. Must import only _model.

Written from the options' text. Whether the nearest host that could take a guest was found is not replayed.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..._model.guest import Guest
from ..._model.request import Request
from .case import Case, asked_hosts


def relocated(case: Case, allowed: frozenset[str]) -> Mapping[str, frozenset[str]]:
    """Return the hosts on which each guest that the request speaks of may live at the end."""
    request = case.request
    left = asked_hosts(case) if request.hosts or request.sites else frozenset()
    if not (request.dests or request.dest_sites or request.dest_labels):
        allowed -= left
    found = {}
    for uuid, place in case.homes.items():
        targets = _targets(request, place.guest)
        if targets or _chosen(request, place.guest) or case.before[uuid] in left:
            mine = allowed
            if targets:
                mine = frozenset(name for name in allowed if targets[0] in (name, case.hosts[name].site))
            found[uuid] = mine if request.near is None else frozenset(_near(case, mine))
    return found


def _targets(request: Request, guest: Guest) -> list[str]:
    """Return what the map has for the guest, what counts first."""
    labels = [f"{key}={guest.notes.labels[key]}" for key in sorted(guest.notes.labels)]
    return [request.dest_of[key] for key in (guest.name, guest.uuid, *labels) if key in request.dest_of]


def _chosen(request: Request, guest: Guest) -> bool:
    labels = request.labels.items()
    by_label = bool(labels) and all(guest.notes.labels.get(key) == value for key, value in labels)
    return by_label or guest.name in request.guests or guest.uuid in request.guests


def _near(case: Case, allowed: frozenset[str]) -> Iterator[str]:
    users, most = case.request.near or "", case.request.max_latency_ms
    for name in allowed:
        latency = case.hosts[name].latency_ms.get(users)
        if latency is not None and (most is None or latency <= most):
            yield name
