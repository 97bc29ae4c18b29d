"""A guest that is not whole is made so, or refused, before anything is planned for it. Pure; what is right is decided
in the planner's room."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional, Protocol, Union

from .._model.anomaly import Anomaly, AnomalyKind
from .._model.errors import FleetError
from .._model.guest import GuestState
from .._model.half_done import Action, Copies, Deed, Doubt, Unproven
from .._model.host import Host, HostState
from .._model.prose_anomaly import describe_anomaly
from .._model.prose_mend import copies_in_words, describe_deed, describe_doubt, mended_in_words
from .._model.snapshot import Snapshot
from .._planner.anomalies import anomalies
from .._planner.mending import mending
from .events import Emit
from .ports import DriverError

# Two looks so far apart must show the same: a migration that begins or ends is not taken for one that nobody drives.
LOOK_SECONDS = 2.0
# What no claim explains; all else the run mends by itself, or goes on with.
_UNCLAIMED = frozenset({AnomalyKind.RUNS_TWICE, AnomalyKind.GHOST, AnomalyKind.DEFINED_TWICE, AnomalyKind.LEFT_PAUSED})


class Mender(Protocol):
    """The way to the copies of a guest. Calls raise DriverError and nothing else."""

    def look(self, guest: str, name: str, hosts: Sequence[str]) -> Copies:
        """Ask these hosts, all at the same moment as nearly as can be."""

    def wait(self, seconds: float) -> None:
        """Sleep."""

    def do(self, deed: Deed) -> None:
        """Do it, if the copy is still as the deed says."""


@dataclass(frozen=True)
class Whole:
    """What came of it: the fleet afterwards, and what was done, or why nothing was."""

    fleet: Snapshot
    name: str = ""
    mended: tuple[Mapping[str, str], ...] = ()
    refusal: Optional[Mapping[str, str]] = None
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)


def made_whole(
    fleet: Snapshot,
    guest: str,
    mend: bool,
    mender: Mender,
    emit: Emit,
    look: Optional[Callable[[], Snapshot]],
) -> Whole:
    """Return the fleet with the guest whole; ``look`` gives it anew afterwards, in check mode there is none.

    Raises FleetError where the guest is not whole and ``mend`` does not allow to touch it.
    """
    anomaly = _unclaimed(fleet, guest)
    if anomaly is None:
        return Whole(fleet)
    if not mend:
        said = describe_anomaly(anomaly)
        raise FleetError(said["message"], said["remedy"])
    copies, found = _judged(fleet, anomaly, mender)
    if isinstance(found, Doubt):
        return Whole(fleet, anomaly.name, refusal=describe_doubt(found))
    mended = tuple(describe_deed(deed) for deed in found)
    if look is not None:
        _do(found, mender, emit)
    after = as_mended(fleet, found) if look is None else look()
    words = copies_in_words(copies), mended_in_words(copies, found)
    return Whole(after, anomaly.name, mended, None, *words)


def _unclaimed(fleet: Snapshot, guest: str) -> Optional[Anomaly]:
    found = [each for each in anomalies(fleet) if guest in (each.name, each.guest)]
    # of several with that name nobody knows which is meant, and the planner says so
    return found[0] if len(found) == 1 and found[0].kind in _UNCLAIMED else None


def _judged(fleet: Snapshot, anomaly: Anomaly, mender: Mender) -> tuple[Copies, Union[tuple[Deed, ...], Doubt]]:
    silent = tuple(fleet.unreachable)
    asked = [host.name for host in fleet.hosts if host.state not in (HostState.UNREACHABLE, HostState.STANDBY)]
    first = _looked(mender, anomaly, asked, silent)
    mender.wait(LOOK_SECONDS)
    second = _looked(mender, anomaly, asked, silent)
    if first != second:
        return second, Doubt(Unproven.CHANGES, anomaly.name, anomaly.hosts)
    return second, mending(second)


def _looked(mender: Mender, anomaly: Anomaly, asked: Sequence[str], silent: tuple[str, ...]) -> Copies:
    found = mender.look(anomaly.guest, anomaly.name, asked)
    return replace(found, silent=tuple(sorted((*found.silent, *silent))))


def _do(deeds: Sequence[Deed], mender: Mender, emit: Emit) -> None:
    done: list[str] = []
    for deed in deeds:
        said = describe_deed(deed)
        try:
            mender.do(deed)
        except DriverError as error:
            emit("mend_failed", {"guest": deed.guest, "name": deed.name, "error": error.failure.message})
            before = f" (done before: {'; '.join(done)})" if done else ""
            text = f"{deed.name} could not be mended on {deed.host}: {error.failure.message}{before}"
            raise FleetError(text, error.failure.remedy or "Run again") from error
        emit("made_whole", {"guest": deed.guest, "name": deed.name, **said})
        done.append(said["message"])


def as_mended(fleet: Snapshot, deeds: Sequence[Deed]) -> Snapshot:
    """Return the fleet as the deeds would leave it."""
    by_host = {deed.host: deed for deed in deeds}
    hosts = tuple(_mended(host, by_host[host.name]) if host.name in by_host else host for host in fleet.hosts)
    return replace(fleet, hosts=hosts)


def _mended(host: Host, deed: Deed) -> Host:
    others = tuple(guest for guest in host.guests if guest.uuid != deed.guest)
    if deed.action is not Action.RESUME:
        return replace(host, guests=others)
    resumed = (
        replace(guest, state=GuestState.RUNNING, job=None) if guest.uuid == deed.guest else guest
        for guest in host.guests
    )
    return replace(host, guests=tuple(resumed))


@contextlib.contextmanager
def mentioned(whole: Whole) -> Iterator[None]:
    """Have a refusal of what comes next say what was mended before: it is done, and stays so."""
    try:
        yield
    except FleetError as error:
        if not whole.mended:
            raise
        done = "; ".join(each["message"] for each in whole.mended)
        raise FleetError(f"{error.message} (mended before: {done})", error.remedy) from error


def with_mended(result: dict[str, Any], whole: Whole) -> dict[str, Any]:
    """Return a module's result with what was mended, which is a change whatever became of the move."""
    if not whole.mended:
        return {**result, "mended": []}
    key = f"copies of {whole.name}"
    diff = {
        "before": {**result["diff"]["before"], key: dict(whole.before)},
        "after": {**result["diff"]["after"], key: dict(whole.after)},
    }
    said = [each["message"] for each in whole.mended]
    return {**result, "changed": True, "mended": list(whole.mended), "diff": diff, "text": [*said, *result["text"]]}


def not_mended(refusal: Mapping[str, str]) -> dict[str, Any]:
    """Return a module's result where nothing was done."""
    return {
        "failed": True,
        "changed": False,
        "msg": f"{refusal['message']}. {refusal['remedy']}",
        "refusal": dict(refusal),
        "mended": [],
    }
