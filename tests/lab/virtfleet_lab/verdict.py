"""The judge: from what was seen of guests, hosts and ticks to problems in plain words. Pure: no libvirt, no clock."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .ticks import History

SILENCE_S = 10.0


@dataclass(frozen=True)
class Place:
    """A host's libvirt knows the guest. `incoming`: it is being migrated to there right now."""

    host: str
    state: str
    persistent: bool
    incoming: bool = False

    @property
    def active(self) -> bool:
        return self.state != "shutoff" and not self.incoming


def main_place(places: Sequence[Place]) -> Place | None:
    """Where a guest runs, else where it is defined, if anywhere."""
    active = [place for place in places if place.active]
    return (active or list(places) or [None])[0]


@dataclass(frozen=True)
class Sighting:
    """Everything seen of one guest. checksum: right, wrong or none."""

    name: str
    uuid: str
    intended: str
    places: tuple[Place, ...]
    history: History
    checksum: str

    @property
    def place(self) -> Place | None:
        return main_place(self.places)


def problems_of(guest: Sighting, now: float) -> list[str]:
    """All that is wrong with a guest; an empty list is a guest that is exactly once where and how it should be."""
    found = [*_of_places(guest), *_of_state(guest), *_of_silence(guest, now), *_of_ticks(guest.history)]
    if guest.checksum == "wrong":
        found.append("its disk does not hold what it wrote")
    return [f"{guest.name}: {what}" for what in found]


def _of_places(guest: Sighting) -> list[str]:
    if not guest.places:
        return ["is on no host"]
    hosts = " and ".join(place.host for place in guest.places)
    if sum(place.active for place in guest.places) > 1:
        return [f"is active twice, on {hosts}"]
    if any(place.incoming for place in guest.places):
        return [f"is being moved, on {hosts}"]
    if len(guest.places) > 1:
        return [f"is defined twice, on {hosts}"]
    if not guest.places[0].persistent:
        return [f"is not persistent on {hosts}"]
    return []


def _of_state(guest: Sighting) -> list[str]:
    place = guest.place
    if place is None or place.state == guest.intended:
        return []
    return [f"is {place.state} on {place.host}, should be {guest.intended}"]


def _of_silence(guest: Sighting, now: float) -> list[str]:
    """A guest whose QEMU runs while the guest itself is dead."""
    if guest.place is None or guest.place.state != "running":
        return []
    newest = guest.history.newest
    if newest is None:
        return ["runs but never ticked"]
    silence = now - newest.time
    return [f"runs but has not ticked for {silence:.0f} s"] if silence > SILENCE_S else []


def _of_ticks(history: History) -> list[str]:
    found = []
    if history.duplicates:
        found.append(f"ticked {history.duplicates} numbers more than once")
    if history.ran_twice:
        found.append("two copies of it ticked at once")
    return found


def problems_of_services(services: dict[str, bool]) -> list[str]:
    said = {"recorder": "the recorder of ticks is dead, nothing can be said of ticks"}
    dead = [name for name, alive in services.items() if not alive]
    return [f"{said.get(name, f'the {name} daemon of the lab is dead')}: run `lab.py up`" for name in dead]


def foreign(names: Sequence[tuple[str, str]], known: set[str]) -> list[str]:
    """Guests, as (UUID, name), that somebody made without the lab and that are on several hosts."""
    strangers = [pair for pair in names if pair[0] not in known]
    return [f"{name}: is on two hosts" for uuid, name in sorted(set(strangers)) if strangers.count((uuid, name)) > 1]
