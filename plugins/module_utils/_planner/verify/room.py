"""Room at every step, whatever order the plan leaves open: memory to places of a rule. Must import only _model.

Everything that guests take of a place is one *stock*: a key, what is there at the start, and a limit. A move takes
from the stocks of its destination when it starts, and gives back to those of its source when it ends. At the start of
a move any takers listed before it may be there, each only with those gone whom it waits for, and of all others who
leave only the ones that are surely over when the move starts. That is enough for every order: whoever of those under
way or done is listed last has been checked against all others.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Union

from ..._model.guest import Disk, Guest
from ..._model.host import Host
from ..._model.rules import RuleKind, When
from .case import Case, Hop, Violation, hops
from .cut import greatest_surplus
from .rules import BoundRule, domain_of

# What is counted, of which host, and more where a host has several: a pool and volume, a cell, a size of pages
Key = tuple[Union[str, int], ...]
NO_POOL = float("-inf")
SLACK = 1e-6  # of a byte, a vCPU, a guest: what fractions lose on their way


@dataclass(frozen=True)
class Use:
    """A move takes ``amount`` of a stock when it starts, or gives it back when it ends."""

    index: int
    amount: float
    gives: bool


def room_violations(case: Case, rules: Sequence[BoundRule]) -> Iterator[Violation]:
    """Yield for each stock the first move that may find too little of it."""
    limited, common = _limiting(rules), _first_of_shared(case)
    uses: dict[Key, list[Use]] = {}
    for hop in hops(case):
        taken = _in_common(common, _amounts(hop, hop.dest, limited, arriving=True))
        given = _in_common(common, _amounts(hop, hop.source, limited, arriving=False))
        already = {_one(common, key) for key in _taken_before(case, hop)}
        for key, amount in taken.items():
            if key not in already and not hop.move.adopt:
                uses.setdefault(key, []).append(Use(hop.index, amount, gives=False))
        for key, amount in given.items():
            uses.setdefault(key, []).append(Use(hop.index, amount, gives=True))
    wanted = {key: found for key, found in uses.items() if not all(use.gives for use in found)}
    loads = _loads(case, limited, wanted, common)
    for key, found in wanted.items():
        yield from _overflow(case, key, loads[key], _limit(case, rules, key), found)


def _overflow(case: Case, key: Key, load: float, limit: float, uses: Iterable[Use]) -> Iterator[Violation]:
    """Replay the uses of one stock in the plan's order; ``known`` are the leavers whose share is in ``released``."""
    leavers: dict[int, float] = {}
    arrivals: dict[int, float] = {}
    leaving = known = 0
    released = 0.0
    for use in uses:
        if use.gives:
            leavers[use.index] = use.amount
            leaving |= 1 << use.index
            continue
        load += use.amount
        gone = case.ahead[use.index] & leaving
        changed, known = gone ^ known, gone
        while changed:
            index = changed.bit_length() - 1
            released += leavers[index] if gone >> index & 1 else -leavers[index]
            changed ^= 1 << index
        would = load - released
        if would > limit + SLACK:
            # not all who are listed before need be here at once: some of them wait for others to leave
            would -= _absent(case, arrivals, {i: leavers[i] for i in leavers if not gone >> i & 1}, would - limit)
        if would > limit + SLACK:
            yield _violation(case, key, use.index, would, limit)
            return
        arrivals[use.index] = use.amount


def _absent(case: Case, arrivals: Mapping[int, float], leavers: Mapping[int, float], enough: float) -> float:
    """Return how much less than all of the arrivals can be here while the leavers may be; ``enough`` will do."""
    waits = {arrival: [index for index in leavers if case.ahead[arrival] >> index & 1] for arrival in arrivals}
    total = sum(arrivals.values())
    return total - greatest_surplus(arrivals, leavers, waits, total - enough)


def _taken_before(case: Case, hop: Hop) -> frozenset[Key]:
    """Return the names that a definition of this guest holds which an interrupted move left at the destination."""
    found: set[Key] = set()
    for place in case.places[hop.move.guest]:
        if place.host == hop.dest.name and place.host != case.homes[hop.move.guest].host:
            found.add(("name", place.host, place.guest.name))
            for disk in place.guest.disks:
                found.add(("volume", place.host, disk.pool or "", disk.volume or ""))
    return frozenset(found)


def _amounts(hop: Hop, host: Host, limited: Mapping[str, list[BoundRule]], arriving: bool) -> dict[Key, float]:
    """Return what the guest of the move takes at its destination, or gives back at its source."""
    found: dict[Key, float] = {("name", host.name, hop.guest.name): 1.0}
    found.update(_held(hop.guest, host))
    disks = {disk.target: disk for disk in hop.guest.disks}
    for copy in hop.move.copies:
        if copy.target not in disks:
            continue  # said elsewhere: nobody knows how large it is
        disk, volume = disks[copy.target], copy.dest if arriving else copy.source
        size = disk.allocation or (disk.capacity or copy.capacity if arriving else 0)
        if arriving and copy.backing is None:
            size = _with_layers(disk, size, hop.source)
        space: Key = ("space", host.name, volume.pool)
        found[space] = found.get(space, 0.0) + size
        key: Key = ("volume", host.name, volume.pool, volume.volume)
        found[key] = found.get(key, 0.0) + 1.0
    other = hop.source if arriving else hop.dest
    for rule in limited.get(hop.move.guest, ()):
        domain = domain_of(rule, host)
        if domain != domain_of(rule, other) and (rule.kind is RuleKind.ANTI_AFFINITY or host.name in rule.hosts):
            found["rule", rule.number, domain] = 1.0
    return found


def _first_of_shared(case: Case) -> Mapping[Key, Key]:
    """Return, by host and pool, the first host that has the same shared storage; nothing where none is copied into."""
    shared = {
        (host.name, pool.name): pool.identity
        for host in case.hosts.values()
        for pool in host.pools
        if pool.identity and pool.active
    }
    if not any((move.dest, copy.dest.pool) in shared for move in case.plan.moves for copy in move.copies):
        return {}
    first: dict[str, Key] = {}
    for place in sorted(shared):
        first.setdefault(str(shared[place]), place)
    return {place: first[str(identity)] for place, identity in shared.items()}


def _one(common: Mapping[Key, Key], key: Key) -> Key:
    """Return the key of what hosts have in common: space and volumes of shared storage are those of its first host."""
    if not common or key[0] not in ("space", "volume") or key[1:3] not in common:
        return key
    return (key[0], *common[key[1:3]], *key[3:])


def _in_common(common: Mapping[Key, Key], amounts: Mapping[Key, float]) -> dict[Key, float]:
    return {_one(common, key): amount for key, amount in amounts.items()}


def _with_layers(disk: Disk, size: int, source: Host) -> int:
    """Return what a copy of the disk takes that has everything below it too: at most the disk's capacity."""
    layers = [source.image(layer.pool, layer.volume) for layer in disk.chain]
    if any(image is None for image in layers) or (disk.backing and not layers):
        return max(size, disk.capacity or 0)
    return max(size, min(size + sum(image.length for image in layers if image is not None), disk.capacity or 0))


def _held(guest: Guest, host: Host) -> dict[Key, float]:
    """Return what an active guest holds of the host that it is on."""
    if not guest.active:
        return {}
    found: dict[Key, float] = {("memory", host.name): guest.memory, ("vcpus", host.name): guest.vcpus}
    cpus = max(guest.usage_cpus or 0.0, guest.forecast_cpus or 0.0)
    if cpus:
        found["cpu", host.name] = cpus
    if guest.hugepage_kib is not None:
        found["pages", host.name, guest.hugepage_kib] = guest.memory
    elif any(cell.hugepages for cell in host.numa_cells):
        found["plain", host.name] = guest.memory
    for cell in guest.numa_cells:
        found["cell", host.name, cell] = guest.memory / len(guest.numa_cells)
    return found


def _loads(
    case: Case, limited: Mapping[str, list[BoundRule]], wanted: Collection[Key], common: Mapping[Key, Key]
) -> dict[Key, float]:
    """Return what is taken of the wanted stocks before the first move."""
    loads = dict.fromkeys(wanted, 0.0)
    for host in case.snapshot.hosts:
        for guest in host.guests:
            for each, amount in _at_start(guest, host):
                key = _one(common, each)
                if key in loads:
                    loads[key] += amount
    for uuid, rules in limited.items():
        for rule in rules:
            # a guest under way at the start is at both ends
            for domain in {domain_of(rule, case.hosts[name]) for name in (case.homes[uuid].host, case.before[uuid])}:
                key = ("rule", rule.number, domain)
                if key in loads:
                    loads[key] += 1.0
    return loads


def _at_start(guest: Guest, host: Host) -> Iterator[tuple[Key, float]]:
    yield ("name", host.name, guest.name), 1.0
    for key, amount in _held(guest, host).items():
        if key[0] != "pages":  # the host states what is free of these, with its guests on it
            yield key, amount
    for disk in guest.disks:
        if disk.pool is not None and disk.volume is not None:
            yield ("volume", host.name, disk.pool, disk.volume), 1.0


def _limit(case: Case, rules: Sequence[BoundRule], key: Key) -> float:
    if key[0] == "rule":
        return rules[int(key[1])].most
    host, request = case.hosts[str(key[1])], case.request
    share = (100.0 - request.headroom_percent) / 100.0
    if key[0] == "memory":
        return host.allocatable_memory * share
    if key[0] == "vcpus":
        return host.allocatable_vcpus * share
    if key[0] == "cpu":
        percent = request.arrival_percent
        return float("inf") if percent is None else host.cpus * percent / 100.0
    if key[0] == "pages":
        size = int(key[2])
        return sum(cell.hugepages.get(str(size), 0) for cell in host.numa_cells) * size * 1024
    if key[0] == "plain":
        return host.allocatable_memory - _set_aside(host)
    if key[0] == "cell":
        return sum(cell.memory for cell in host.numa_cells if cell.id == key[2])
    if key[0] == "space":
        # whether a copy may go to shared storage is said where disks are looked at
        pools = [pool for pool in host.pools if pool.name == key[2] and pool.active]
        return sum(pool.available for pool in pools) if pools else NO_POOL
    return 1.0  # a name, a volume


def _set_aside(host: Host) -> int:
    """Return the memory in huge pages: what the host says is free of them, and what its guests have in them."""
    total = sum(guest.memory for guest in host.guests if guest.hugepage_kib is not None and guest.active)
    for cell in host.numa_cells:
        for size, count in cell.hugepages.items():
            total += count * int(size) * 1024
    return total


def _violation(case: Case, key: Key, index: int, would: float, limit: float) -> Violation:
    move, host, place = case.plan.moves[index].id, str(key[1]), key[-1]
    amount = f"{would:.12g} of {limit:.12g}"
    if key[0] in ("memory", "plain", "pages", "cell"):
        return _memory_violation(key, move, host, amount)
    if key[0] == "vcpus":
        return Violation("vCPUs", move, f"{host} would need {amount}")
    if key[0] == "cpu":
        return Violation("CPU usage", move, f"the guests on {host} would use {amount} CPUs")
    if key[0] == "name":
        return Violation("free name", move, f"{host} has or gets another {place}")
    if key[0] == "volume":
        return Violation("free volume", move, f"{place} is taken in pool {key[2]} of {host}")
    if key[0] == "space" and limit == NO_POOL:
        return Violation("pool of the copy", move, f"{host} has no active local pool {place}")
    if key[0] == "space":
        return Violation("disk space", move, f"pool {place} of {host} would need {amount} bytes")
    return Violation("guests per place", move, f"{place} would have {amount} guests that a hard rule allows")


def _memory_violation(key: Key, move: str, host: str, amount: str) -> Violation:
    if key[0] == "pages":
        return Violation("huge pages", move, f"{host} would need {amount} bytes in pages of {key[2]} KiB")
    if key[0] == "plain":
        return Violation("plain memory", move, f"{host} would need {amount} bytes beside its huge pages")
    if key[0] == "cell":
        return Violation("NUMA memory", move, f"node {key[2]} of {host} would need {amount} bytes")
    return Violation("memory", move, f"{host} would need {amount} bytes")


def _limiting(rules: Iterable[BoundRule]) -> dict[str, list[BoundRule]]:
    """Return for each guest the hard rules that count it at every step."""
    found: dict[str, list[BoundRule]] = {}
    for rule in rules:
        counts = rule.kind in (RuleKind.ANTI_AFFINITY, RuleKind.MAX_GUESTS)
        if counts and rule.hard and rule.when is When.THROUGHOUT:
            for uuid in rule.guests:
                found.setdefault(uuid, []).append(rule)
    return found
