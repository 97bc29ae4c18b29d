"""THR-MMT and LR-MMT as CloudSim has them, for a comparison under the same simulator. No part of the product.

Written from the description of Beloglazov and Buyya (2012) and the behaviour of CloudSim 3.0.3. Each step: hosts that
the detector calls overloaded give away the guests that move fastest (least memory) until they are not; these guests go,
busiest first, where power rises least; then hosts are emptied, least used first, where all their guests find a place.
Kept as they are, flaws included: a host whose guests want nothing counts as switched off, a host that is off costs
nothing to wake, and memory is no constraint.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.power import watts
from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.values import Decision, Order, Policy, View

HISTORY = 10  # values that the regression looks at
FALLBACK = 0.7  # threshold until there are so many


@dataclass(frozen=True)
class Detector:
    """A host is overloaded where its guests' ``weight`` sums to more than ``share`` of its CPUs."""

    weight: Callable[[Sequence[float]], float]
    share: float


def threshold(share: float) -> Callable[[int], Detector]:
    """Return the detector of THR: what guests wanted last, against a share of the host."""
    return lambda _known: Detector(lambda past: past[-1], share)


def local_regression(safety: float) -> Callable[[int], Detector]:
    """Return the detector of LR: the line through the last ten values, one step ahead, times ``safety``."""
    line = _extrapolation(HISTORY, HISTORY + 1)

    def weight(past: Sequence[float]) -> float:
        return safety * sum(factor * value for factor, value in zip(line, past[-HISTORY:]))

    return lambda known: Detector(weight, 1.0) if known >= HISTORY else threshold(FALLBACK)(known)


def _extrapolation(count: int, to: float) -> list[float]:
    """Return by how much each of ``count`` values at 1, 2 ... counts in their least-squares line's value at ``to``."""
    middle = (count + 1) / 2
    spread = sum((place - middle) ** 2 for place in range(1, count + 1))
    return [1 / count + (to - middle) * (place - middle) / spread for place in range(1, count + 1)]


def mmt(snapshot: Snapshot, detector: Callable[[int], Detector]) -> Policy:
    """Return the policy with minimum migration time as its choice of guests."""
    hosts = snapshot.hosts
    memory = {place.guest.uuid: place.guest.memory for place in snapshot.residents}

    def policy(view: View) -> Decision:
        if view.step == 0:
            return Decision()
        fleet = _Fleet(hosts, view, detector(view.step), memory)
        moves = fleet.relieve()
        moves.update(fleet.empty())
        orders = tuple(
            Order(str(number), guest, hosts[host].name, memory[guest])
            for number, (guest, host) in enumerate(moves.items())
        )
        used = {hosts[host].name for host in fleet.at.values()}
        return Decision(orders, tuple(sorted(used - view.on)), tuple(sorted(view.on - used)))

    return policy


class _Fleet:
    """Who is where while one decision is made. Lives in it."""

    def __init__(self, hosts: Sequence[Host], view: View, detector: Detector, memory: dict[str, int]) -> None:
        self.hosts, self.memory, self.share = hosts, memory, detector.share
        index = {host.name: number for number, host in enumerate(hosts)}
        past = {guest: view.trace.wanted[guest][max(0, view.step - HISTORY) : view.step] for guest in view.placement}
        self.use = {guest: values[-1] for guest, values in past.items()}
        self.weight = {guest: detector.weight(values) for guest, values in past.items()}
        self.at = {guest: index[name] for guest, name in view.placement.items()}
        self.on: list[set[str]] = [set() for _host in hosts]
        self.load, self.weighed = [0.0] * len(hosts), [0.0] * len(hosts)
        for guest, host in self.at.items():
            self._put(guest, host)
        self.was = tuple(self.load)
        self.over = [number for number in range(len(hosts)) if self._overloaded(number)]
        self.off = {number for number in range(len(hosts)) if self.was[number] <= 0}
        self.coming: set[int] = set()

    def relieve(self) -> dict[str, int]:
        """Take guests off overloaded hosts and find each a place; those that find none stay."""
        leaving: list[str] = []
        home = dict(self.at)
        for host in self.over:
            while self.on[host]:
                guest = min(self.on[host], key=lambda each: (self.memory[each], each))
                self._take(guest, host)
                leaving.append(guest)
                if not self._overloaded(host):
                    break
        moves = {}
        for guest in sorted(leaving, key=lambda each: (-self.use[each], each)):
            host = self._find(guest, frozenset(self.over))
            if host is None:
                self._put(guest, home[guest])
            else:
                self._put(guest, host)
                moves[guest] = host
        self.coming |= set(moves.values())
        return moves

    def empty(self) -> dict[str, int]:
        """Empty hosts, least used first, where all their guests find a place elsewhere."""
        moves: dict[str, int] = {}
        closed = {*self.over, *self.off}
        untried = set(range(len(self.hosts))) - closed - self.coming
        while untried:
            host = min(untried, key=lambda each: (self.was[each], each))
            untried.discard(host)
            closed.add(host)
            found = self._all_away(host, frozenset(closed))
            moves.update(found)
            untried -= set(found.values())
        return moves

    def _all_away(self, host: int, closed: frozenset[int]) -> dict[str, int]:
        moves: dict[str, int] = {}
        for guest in sorted(self.on[host], key=lambda each: (-self.use[each], each)):
            dest = self._find(guest, closed)
            if dest is None:
                for moved, there in moves.items():
                    self._take(moved, there)
                    self._put(moved, host)
                return {}
            self._take(guest, host)
            self._put(guest, dest)
            moves[guest] = dest
        return moves

    def _find(self, guest: str, closed: frozenset[int]) -> int | None:
        """Return the host where power rises least and which the guest does not overload.

        As there, the rise is from what the host drew before this step's moves: who comes second finds it dearer.
        """
        use, weight = self.use[guest], self.weight[guest]
        best, chosen = float("inf"), None
        tried: set[float] = set()
        for number, host in enumerate(self.hosts):
            load = self.load[number]
            if number in closed or load + use > host.cpus or use > host.cpus / 2 or host.power is None:
                continue
            if not load:
                if host.cpus in tried:  # hosts that are off are all alike
                    continue
                tried.add(host.cpus)
            elif self.weighed[number] + weight > self.share * host.cpus:
                continue
            rise = watts(host.power, (load + use) / host.cpus) - watts(host.power, self.was[number] / host.cpus)
            if rise < best:
                best, chosen = rise, number
        return chosen

    def _overloaded(self, host: int) -> bool:
        return self.weighed[host] > self.share * self.hosts[host].cpus

    def _put(self, guest: str, host: int) -> None:
        self.at[guest] = host
        self.on[host].add(guest)
        self.load[host] += self.use[guest]
        self.weighed[host] += self.weight[guest]

    def _take(self, guest: str, host: int) -> None:
        self.on[host].discard(guest)
        self.load[host] = self.load[host] - self.use[guest] if self.on[host] else 0.0
        self.weighed[host] = self.weighed[host] - self.weight[guest] if self.on[host] else 0.0


def keep_in_place(view: View) -> Decision:
    """Return the policy that moves nobody; a host whose guests have all ended is off, as CloudSim has it."""
    return Decision(power_off=tuple(sorted(view.on - set(view.placement.values()))))
