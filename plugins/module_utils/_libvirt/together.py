"""Ask many hosts the same at the same time. Must not know what is asked."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Callable, TypeVar

from .._model.errors import FleetError
from .._model.host import Host
from .._model.snapshot import Snapshot
from .advice import failure_of
from .connection import Fleet, error_text, in_time

T = TypeVar("T")


def ask_hosts(hosts: Sequence[str], seconds: float, ask: Callable[[str], T]) -> tuple[dict[str, T], dict[str, str]]:
    """Return what each host answers, and of those that do not the reason."""
    if not hosts:
        return {}, {}
    with ThreadPoolExecutor(len(hosts)) as pool:
        answers = dict(zip(hosts, pool.map(lambda name: in_time(lambda: ask(name), seconds), hosts)))
    late = f"no answer within {seconds:g} s"
    known = {name: answer for name, (done, answer, error) in answers.items() if done and error is None}
    silent = {
        name: error_text(error) if error is not None else late
        for name, (done, _answer, error) in answers.items()
        if not done or error is not None
    }
    return known, silent


def looked_at_again(
    fleet: Fleet, snapshot: Snapshot, hosts: Sequence[Host], what: Callable[[Host], str], look: Callable[[Host], Host]
) -> Snapshot:
    """Return the snapshot with these hosts as they are now.

    Raises FleetError where one is gone; ``what`` says what could not be seen of it.
    """
    by_name = {host.name: host for host in hosts}
    now, silent = ask_hosts(tuple(by_name), fleet.timeout, lambda name: look(by_name[name]))
    if silent:
        name, why = next(iter(silent.items()))
        failure = failure_of(f"{what(by_name[name])}: {why}")
        raise FleetError(failure.message, failure.remedy)
    return replace(snapshot, hosts=tuple(now.get(host.name, host) for host in snapshot.hosts))
