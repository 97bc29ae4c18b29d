"""What a name of one host is called on another: bridges, networks, pools. Pure; decides nothing about a guest."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Optional

from .._model.guest import Interface
from .._model.host import Host, Pool


def plug_at(interface: Interface, source: Host, dest: Host) -> Optional[str]:
    """Return the name of the network or bridge that the interface comes to, None where ``dest`` has none for it."""
    if interface.kind == "network":
        there, maps = {net.name for net in dest.networks if net.active}, (dest.maps.networks, source.maps.networks)
    elif interface.kind == "bridge":
        there, maps = set(dest.bridges), (dest.maps.bridges, source.maps.bridges)
    else:  # a device that the guest is put on directly
        there, maps = set(dest.bridges), ({}, {})
    return next((name for name in _names(interface.source or "", *maps) if name in there), None)


def pools_at(pool: Pool, by_name: bool, source: Host, dest: Host) -> Iterator[Pool]:
    """Yield the active pools of ``dest`` that stand for ``pool``, the best first.

    A pool that is mapped is the one of the mapped name. Else it is that of the same path, mapped or not, or of the same
    name where the guest's disk names its pool (``by_name``).
    """
    active = [other for other in dest.pools if other.active]
    names = _names(pool.name, dest.maps.pools, source.maps.pools)
    if by_name or pool.name in dest.maps.pools:
        yield from (other for name in names for other in active if other.name == name)
        return
    if pool.path is not None:
        for path in _paths(pool.path, dest.maps.paths, source.maps.paths):
            yield from (other for other in active if other.path == path)
    yield from (other for name in names if name != pool.name for other in active if other.name == name)


def _names(name: str, there: Mapping[str, str], here: Mapping[str, str]) -> tuple[str, ...]:
    """Return what ``name`` may be called: as the destination maps it, as it is, or backwards by the source's map."""
    if name in there:
        return (there[name],)
    back = [fleet for fleet, own in sorted(here.items()) if own == name]
    return (name, *(there.get(fleet, fleet) for fleet in back))


def _paths(path: str, there: Mapping[str, str], here: Mapping[str, str]) -> tuple[str, ...]:
    mapped = _moved(path, there)
    if mapped is not None:
        return (mapped,)
    back = _moved(path, {own: fleet for fleet, own in sorted(here.items(), reverse=True)})
    return (path,) if back is None else (path, _moved(back, there) or back)


def _moved(path: str, folders: Mapping[str, str]) -> Optional[str]:
    """Return the path with the longest of the folders that it lies in replaced, None where it lies in none."""
    for folder in sorted(folders, key=len, reverse=True):
        bare = folder.rstrip("/")
        if path == bare or path.startswith(bare + "/"):
            return folders[folder].rstrip("/") + path[len(bare) :]
    return None
