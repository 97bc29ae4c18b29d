"""What half-done moves have left anywhere in the fleet: found by looking at all places of each guest. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Optional

from .._model.anomaly import Anomaly, AnomalyKind
from .._model.guest import GuestState, JobKind, MoveClaim, VolumeRef
from .._model.snapshot import Located, Snapshot, by_uuid, residence, runs_twice
from .compat import in_flight, unfinished_copy


def anomalies(snapshot: Snapshot) -> tuple[Anomaly, ...]:
    """Return one anomaly for each guest that is not whole on one host, the worst of its kinds, sorted by name."""
    found = [_anomaly(places) for places in by_uuid(snapshot).values()]
    return tuple(sorted((each for each in found if each is not None), key=lambda each: (each.name, each.guest)))


def _anomaly(places: tuple[Located, ...]) -> Optional[Anomaly]:
    if any(place.guest.post_copy_broken for place in places):
        return _post_copy(places)
    if runs_twice(places):
        active = tuple(sorted(place.host for place in places if place.guest.active))
        return _of(AnomalyKind.RUNS_TWICE, places, active)
    if in_flight(places):
        return None
    paused = _left_paused(places)
    if paused is not None:
        return _of(AnomalyKind.LEFT_PAUSED, places, paused)
    home = residence(places)
    ghosts = [place.host for place in places if place.guest.job is JobKind.INCOMING and place.host != home.host]
    if ghosts and home.guest.active:
        return _of(AnomalyKind.GHOST, places, (home.host, *sorted(ghosts)))
    left = unfinished_copy(places)
    if left is not None:
        return _of(AnomalyKind.LEFTOVER_DEFINITION, places, (home.host, left.host))
    if len(places) > 1:
        others = sorted(place.host for place in places if place.host != home.host)
        return _of(AnomalyKind.DEFINED_TWICE, places, (home.host, *others))
    return _unfinished(home)


def _post_copy(places: tuple[Located, ...]) -> Anomaly:
    """Return the two halves, the destination first: there the guest has gone on."""
    halves = [place for place in places if place.guest.active]
    if len(halves) == 1:
        return _of(AnomalyKind.POST_COPY_HALF, places, (halves[0].host,))
    halves.sort(key=lambda place: (place.guest.state is GuestState.PAUSED, place.host))
    return _of(AnomalyKind.POST_COPY_BROKEN, places, tuple(place.host for place in halves))


def _left_paused(places: tuple[Located, ...]) -> Optional[tuple[str, ...]]:
    """Return where migrations have left a guest paused that runs nowhere, its source first; None: not so.

    libvirt calls either end of a migration that nobody drives incoming; only the source's copy has ever run.
    """
    active = [place for place in places if place.guest.active]
    if any(place.guest.job is not JobKind.INCOMING or place.guest.state is not GuestState.PAUSED for place in active):
        return None
    sources = [place for place in active if _is_source(place)]
    if len(sources) != 1:
        return None
    return (sources[0].host, *sorted(place.host for place in active if place is not sources[0]))


def _is_source(place: Located) -> bool:
    claim = place.guest.notes.claim
    return place.guest.has_run if claim is None else place.host == claim.source


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
