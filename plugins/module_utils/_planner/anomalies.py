"""What half-done moves have left anywhere in the fleet: found by looking at all places of each guest. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Optional

from .._model.anomaly import Anomaly, AnomalyKind
from .._model.guest import JobKind, MoveClaim, VolumeRef
from .._model.snapshot import Located, Snapshot, by_uuid, residence, runs_twice
from .compat import in_flight, unfinished_source


def anomalies(snapshot: Snapshot) -> tuple[Anomaly, ...]:
    """Return one anomaly for each guest that is not whole on one host, the worst of its kinds, sorted by name."""
    found = [_anomaly(places) for places in by_uuid(snapshot).values()]
    return tuple(sorted((each for each in found if each is not None), key=lambda each: (each.name, each.guest)))


def _anomaly(places: tuple[Located, ...]) -> Optional[Anomaly]:
    if runs_twice(places):
        active = tuple(sorted(place.host for place in places if place.guest.active))
        return _of(AnomalyKind.RUNS_TWICE, places, active)
    if in_flight(places):
        return None
    home = residence(places)
    ghosts = [place.host for place in places if place.guest.job is JobKind.INCOMING and place.host != home.host]
    if ghosts and home.guest.active:
        return _of(AnomalyKind.GHOST, places, (home.host, *sorted(ghosts)))
    left = unfinished_source(places)
    if left is not None:
        return _of(AnomalyKind.LEFTOVER_DEFINITION, places, (home.host, left.host))
    if len(places) > 1:
        others = sorted(place.host for place in places if place.host != home.host)
        return _of(AnomalyKind.DEFINED_TWICE, places, (home.host, *others))
    return _unfinished(home)


def _unfinished(home: Located) -> Optional[Anomaly]:
    claim = home.guest.notes.claim
    # nobody can say yet what becomes of one that is arriving
    if claim is None or home.guest.job is not None:
        return None
    other = claim.source if home.host == claim.dest else claim.dest
    volumes = _left_volumes(claim, home.host)
    return Anomaly(AnomalyKind.UNFINISHED, home.guest.uuid, home.guest.name, (home.host, other), volumes)


def _left_volumes(claim: MoveClaim, host: str) -> tuple[VolumeRef, ...]:
    """Return what is left on the other host: of a guest that has arrived what it left, else what was made for it."""
    return claim.copied if host == claim.dest else claim.volumes


def _of(kind: AnomalyKind, places: tuple[Located, ...], hosts: tuple[str, ...]) -> Anomaly:
    guest = residence(places).guest
    return Anomaly(kind, guest.uuid, guest.name, hosts)
