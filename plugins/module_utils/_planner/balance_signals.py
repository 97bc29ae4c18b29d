"""What goal balance evens out: the signals of the hosts of a scope, each with its weight. Pure; moves nobody.

Formulas and sources are in docs/design/balance.md. CPU time that guests were measured to use is what they got; where
their host was under pressure they wanted more, at most twice as much.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from .._model.balance import WEIGHTS
from .._model.guest import Guest
from .._model.host import Host
from .._model.request import Request
from .board import Board
from .scope import Scope
from .search.balance_score import Signal

MOST_WANTED = 2.0  # times what was used
# a host's room for bytes per second: 1 Gbit/s, and what a few disks give; a weight scales it
NETWORK_ROOM = 125_000_000.0
DISK_ROOM = 250_000_000.0
NAMES: Mapping[str, str] = {
    "memory": "memory",
    "memory_used": "used memory",
    "vcpus": "vcpus",
    "cpu": "cpu usage",
    "disk": "disk throughput",
    "network": "network throughput",
}


def signals_of(board: Board, scope: Scope) -> tuple[Signal, ...]:
    """Return the signals that count: those with a weight and, but for what guests were given, with a measurement."""
    hosts, weights = [board.snapshot.hosts[host] for host in scope.hosts], weights_of(board.request, board, scope)
    # of hosts of several sizes, what each keeps for itself counts as filled, as Ganeti's score has it
    total = [float(max(host.memory, host.allocatable_memory)) for host in hosts]
    kept = [1.0 - host.allocatable_memory / room if room else 0.0 for host, room in zip(hosts, total)]
    cpus = [float(host.cpus) for host in hosts]
    measured = _Measured(board, scope)
    found = (
        Signal(NAMES["memory"], scope.grid.memory, total, weights["memory"], kept),
        Signal(NAMES["vcpus"], scope.grid.vcpus, scope.grid.room_vcpus, weights["vcpus"]),
        Signal(NAMES["cpu"], measured.by_block(_wanted), cpus, weights["cpu"]),
        Signal(NAMES["memory_used"], measured.by_block(_memory_used), total, weights["memory_used"]),
        Signal(NAMES["disk"], measured.by_block(_disk), [DISK_ROOM] * len(hosts), weights["disk"]),
        Signal(NAMES["network"], measured.by_block(_network), [NETWORK_ROOM] * len(hosts), weights["network"]),
    )
    given = (NAMES["memory"], NAMES["vcpus"])
    return tuple(each for each in found if each.weight > 0 and (each.name in given or any(each.amount)))


def weights_of(request: Request, board: Board, scope: Scope) -> dict[str, float]:
    """Return what the spread of each signal counts."""
    hosts = [board.snapshot.hosts[host] for host in scope.hosts]
    ratio = median(host.allocatable_vcpus / host.cpus if host.cpus else 1.0 for host in hosts)
    return {name: request.weights.get(name, ratio if default is None else default) for name, default in WEIGHTS.items()}


def pressed(host: Host) -> float:
    """Return by how much more than they used the guests of a host wanted CPU: 1 where nobody tells, 2 at most."""
    waited = (host.pressure.cpu if host.pressure else None) or 0.0
    return min(MOST_WANTED, 1.0 / max(1.0 - waited / 100.0, 1.0 / MOST_WANTED))


@dataclass(frozen=True)
class _Measured:
    board: Board
    scope: Scope

    def by_block(self, amount: Callable[[Guest, Host], float]) -> list[float]:
        """Return what each block brings of it, of the guests that run."""
        hosts = {host.name: host for host in self.board.snapshot.hosts}
        return [
            sum(amount(place.guest, hosts[place.host]) for place in self.board.members[block] if place.guest.active)
            for block in self.scope.blocks
        ]


def _wanted(guest: Guest, host: Host) -> float:
    # what a host on which others waited gave is less than was wanted; no guest wants more than its vCPUs
    return min(guest.wanted_cpus * pressed(host), max(float(guest.vcpus), guest.wanted_cpus))


def _memory_used(guest: Guest, _host: Host) -> float:
    return float(guest.memory_used or 0)


def _disk(guest: Guest, _host: Host) -> float:
    return guest.usage_disk or 0.0


def _network(guest: Guest, _host: Host) -> float:
    return guest.usage_network or 0.0


def words_of(signal: Signal) -> str:
    """Return the signal as it is called in sentences."""
    return {"vcpus": "vCPUs", "cpu usage": "CPU use"}.get(signal.name, signal.name)
