"""Which guests and hosts a rule or a request speaks of: names, patterns, labels, sites and racks. Pure look-ups."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence

from .._model.guest import Guest
from .._model.host import Host, HostState
from .._model.request import Request
from .._model.rules import Rule, Scope
from .._model.snapshot import Snapshot


def rule_hosts(rule: Rule, hosts: Sequence[Host]) -> frozenset[str]:
    """Return the names of the rule's hosts; every given way of selecting must match."""
    return frozenset(
        host.name
        for host in hosts
        if (not rule.hosts or _any_matches((host.name,), rule.hosts))
        and _has_labels(host.labels, rule.host_labels)
        and (not rule.sites or host.site in rule.sites)
        and (not rule.racks or host.rack in rule.racks)
    )


def in_rule(rule: Rule, guest: Guest) -> bool:
    """Return whether the rule speaks of the guest."""
    if rule.group_by is not None and rule.group_by not in guest.notes.labels:
        return False
    if rule.guests and not _any_matches((guest.name, guest.uuid), rule.guests):
        return False
    return _has_labels(guest.notes.labels, rule.labels)


def chosen_guest(request: Request, guest: Guest) -> bool:
    """Return whether the request's ``guests`` or ``labels`` pick the guest."""
    if guest.name in request.guests or guest.uuid in request.guests:
        return True
    return bool(request.labels) and _has_labels(guest.notes.labels, request.labels)


def labels_of(guest: Guest) -> tuple[str, ...]:
    """Return the labels of the guest as people write them: key=value, sorted."""
    return tuple(f"{key}={value}" for key, value in sorted(guest.notes.labels.items()))


def goal_hosts(request: Request, hosts: Sequence[Host]) -> frozenset[str]:
    """Return the names of the hosts that the request is about: by name or by site."""
    return frozenset(host.name for host in hosts if host.name in request.hosts or host.site in request.sites)


def allowed_dests(request: Request, hosts: Sequence[Host]) -> frozenset[str]:
    """Return the hosts that the request allows as destinations: by name, by site or by labels; all if it names none."""
    if not (request.dests or request.dest_sites or request.dest_labels):
        return frozenset(host.name for host in hosts)
    return frozenset(
        host.name
        for host in hosts
        if host.name in request.dests
        or host.site in request.dest_sites
        or (request.dest_labels and _has_labels(host.labels, request.dest_labels))
    )


def may_wake(snapshot: Snapshot, request: Request) -> frozenset[str]:
    """Return the hosts on standby that a plan may switch on."""
    return frozenset(host.name for host in snapshot.hosts if request.wake and host.state is HostState.STANDBY)


def domain_of(host: Host, scope: Scope) -> str:
    """Return the place that counts as one for the scope; a host that has no such place is one of its own."""
    place = {Scope.HOST: None, Scope.RACK: host.rack, Scope.SITE: host.site}[scope]
    return f"{scope.value} {place}" if place is not None else f"host {host.name}"


def domains(hosts: Sequence[Host], scope: Scope) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return each host's domain as a number, and what the numbers stand for."""
    names = tuple(sorted({domain_of(host, scope) for host in hosts}))
    number = {name: index for index, name in enumerate(names)}
    return tuple(number[domain_of(host, scope)] for host in hosts), names


def _has_labels(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in wanted.items())


def _any_matches(names: Sequence[str], patterns: Sequence[str]) -> bool:
    # a name with a bracket in it is a name first
    return any(name == pattern or fnmatch.fnmatchcase(name, pattern) for name in names for pattern in patterns)
