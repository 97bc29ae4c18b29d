"""Could guests go from each host to each other one? Judged with a guest that needs nothing but the hosts. Pure.

Everything is asked of the pre-flight look; what a guest of one's own needs beyond that is its own look's affair.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Optional

from .._model.fleet import HostEntry
from .._model.guest import Guest, GuestState
from .._model.host import Host, HostState
from .._model.host_check import HostCheck
from .._model.refusal import Refusal, RefusalCode
from .._model.request import Goal, Request
from .._model.settings import Wanted
from .._model.snapshot import Snapshot
from .preflight import Verdict, preflight

_PROBE = "any guest of {}"
_SMALL = 1024 * 1024
# of the kinds of guests that a host can run the one that most are of
_PREFERRED = "kvm"


def readiness(
    snapshot: Snapshot,
    wanted: Wanted,
    entries: Optional[Mapping[str, HostEntry]] = None,
    checks: Optional[Mapping[str, HostCheck]] = None,
) -> tuple[Verdict, ...]:
    """Return a verdict for each ordered pair of hosts, sorted; its ``guest`` and ``name`` say which pair it is.

    A maintenance mark is left out of account: it says that a host shall not take guests, not that it can't.
    """
    hosts = tuple(_with_probe(host) for host in snapshot.hosts)
    names = tuple(host.name for host in hosts)
    able = tuple(host.name for host in hosts if host.guests)
    request = Request(Goal.RELOCATE, able, dests=names)
    found = preflight(replace(snapshot, hosts=hosts), request, wanted, entries, checks) if able else ()
    silent = (each for host in hosts if not host.guests for each in _from(host, names))
    return tuple(sorted((*map(_named, found), *silent), key=lambda each: (each.source, each.dest)))


def _with_probe(host: Host) -> Host:
    """Return the host as it would be with one small guest on it and no mark; with none where it can't be a source."""
    if host.state not in (HostState.SCHEDULABLE, HostState.MAINTENANCE):
        return replace(host, guests=())
    kind = _PREFERRED if _PREFERRED in host.virt_types or not host.virt_types else host.virt_types[0]
    probe = Guest(
        uuid=f"on {host.name}",
        name=_PROBE.format(host.name),
        state=GuestState.RUNNING,
        memory=_SMALL,
        vcpus=1,
        arch=host.cpu.arch,
        virt_type=kind,
    )
    return replace(host, state=HostState.SCHEDULABLE, maintenance=None, max_guests=None, guests=(probe,))


def _from(host: Host, names: tuple[str, ...]) -> Iterator[Verdict]:
    """Nothing is known of a host that does not answer or is off, but that nobody leaves it."""
    code = RefusalCode.HOST_UNREACHABLE if host.state is HostState.UNREACHABLE else RefusalCode.HOST_ON_STANDBY
    refusal = Refusal(code, _PROBE.format(host.name), host.name, {"error": host.error or "no answer"})
    yield from (_named(Verdict("", "", host.name, dest, (refusal,))) for dest in names if dest != host.name)


def _named(verdict: Verdict) -> Verdict:
    pair = f"{verdict.source} to {verdict.dest}"
    return replace(verdict, guest=pair, name=pair)
