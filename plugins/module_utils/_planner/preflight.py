"""Could it go? Each guest and each host it might go to, with every refusal and caution. Pure; plans and moves nothing.

What keeps a guest from a host is asked of the very functions that a plan is made with, by way of ``explain``.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Optional

from .._model.fleet import HostEntry
from .._model.guest import Guest
from .._model.host import Host, HostState
from .._model.host_check import HostCheck
from .._model.refusal import Caution, Refusal, RefusalCode
from .._model.request import Request
from .._model.settings import Transport, Wanted
from .._model.snapshot import Snapshot
from .cautions import cautions
from .compat import pair_reach
from .explain import Candidate, Explanation, explain
from .hostchecks import check_cautions, check_refusals, not_checked, pair_of


@dataclass(frozen=True)
class Verdict:
    """One guest and one host: it could go where there are no refusals. ``guest`` is its UUID."""

    guest: str
    name: str
    source: str
    dest: str
    refusals: tuple[Refusal, ...] = ()
    cautions: tuple[Caution, ...] = ()


def preflight(
    snapshot: Snapshot,
    request: Request,
    wanted: Wanted,
    entries: Optional[Mapping[str, HostEntry]] = None,
    checks: Optional[Mapping[str, HostCheck]] = None,
) -> tuple[Verdict, ...]:
    """Return a verdict for each guest that a RELOCATE request chooses and each destination that it allows.

    ``entries`` are the inventory's, where it is at hand: they tell how daemons reach each other. ``checks`` are the
    looks on the hosts themselves, by host.
    """
    guests = {place.guest.uuid: place.guest for place in snapshot.residents}
    looks = checks or {}
    hosts = {host.name: _measured(host, looks) for host in snapshot.hosts}
    return tuple(
        _verdict(guests[each.guest], hosts, each, candidate, wanted, entries, looks)
        for each in explain(snapshot, request)
        for candidate in each.candidates
    )


def _verdict(
    guest: Guest,
    hosts: Mapping[str, Host],
    each: Explanation,
    candidate: Candidate,
    wanted: Wanted,
    entries: Optional[Mapping[str, HostEntry]],
    looks: Mapping[str, HostCheck],
) -> Verdict:
    source, dest = hosts[each.host], hosts[candidate.host]
    refusals = (*each.blockers, *candidate.refusals, *_peer(guest, dest, wanted, entries))
    if HostState.UNREACHABLE in (source.state, dest.state):  # of which nothing else is known
        return Verdict(each.guest, each.name, each.host, dest.name, refusals)
    copies = pair_reach(guest, source, dest).copies
    warned = (*cautions(guest, source, dest, copies, wanted), *not_checked(guest, (source, dest), looks))
    pair = pair_of(guest, source, dest, looks, wanted)
    if pair is not None:
        refusals, warned = (*refusals, *check_refusals(pair, copies)), (*warned, *check_cautions(pair))
    return Verdict(each.guest, each.name, each.host, dest.name, refusals, warned)


def _measured(host: Host, looks: Mapping[str, HostCheck]) -> Host:
    """Return the host with the MTUs that a look on it found, where libvirt could not tell them."""
    look = looks.get(host.name)
    return replace(host, mtus=look.mtus) if look is not None and not host.mtus else host


def _peer(guest: Guest, dest: Host, wanted: Wanted, entries: Optional[Mapping[str, HostEntry]]) -> tuple[Refusal, ...]:
    entry = entries.get(dest.name) if entries is not None else None
    if wanted.transport is not Transport.P2P or entry is None or entry.peer_uri:
        return ()
    return (Refusal(RefusalCode.NO_PEER_URI, guest.name, dest.name),)
