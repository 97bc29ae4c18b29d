"""What looks on the hosts themselves have against moves between them, as the planner asks it: often, of many. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence

from .._model.host_check import PeerCheck
from .._model.plan import DiskCopy
from .._model.refusal import Refusal
from .._model.settings import Wanted
from .._model.snapshot import Located, Snapshot
from .hostchecks import Pair, check_refusals, disk_places

_NOBODY: Mapping[str, PeerCheck] = {}


class Looks:
    """Answers about pairs of which the source has looked at the destination, and somebody at the destination itself.

    Of any other pair nothing is known, and nothing is held against it.
    """

    def __init__(self, snapshot: Snapshot, wanted: Wanted) -> None:
        self._wanted = wanted
        self._checks = snapshot.host_checks
        self._hosts = {host.name: host for host in snapshot.hosts}
        self._peers = {
            name: {peer.name: peer for peer in check.peers if peer.name in self._checks and peer.name in self._hosts}
            for name, check in self._checks.items()
        }

    def seen_from(self, source: str) -> Collection[str]:
        """Return the hosts of which something is known for guests that come from ``source``."""
        return self._peers.get(source, _NOBODY)

    def kind(self, place: Located) -> Hashable:
        """Return what, beside the planner's own kinds, decides the answers for a guest."""
        return disk_places(place.guest, self._checks[place.host]) if self.seen_from(place.host) else ()

    def refusals(self, place: Located, dest: str, copies: Sequence[DiskCopy]) -> tuple[Refusal, ...]:
        """Return everything that was found on the two hosts and keeps the guest from going."""
        peer = self._peers.get(place.host, _NOBODY).get(dest)
        if peer is None:
            return ()
        source, there = self._hosts[place.host], self._hosts[dest]
        here, beyond = self._checks[place.host], self._checks[dest]
        return check_refusals(Pair(place.guest, source, there, here, beyond, peer, self._wanted), copies)
