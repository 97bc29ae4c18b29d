"""A rollout over hosts: which are to be done, what became of each, when the waves come. Moves nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Optional

from .errors import FleetError


@dataclass(frozen=True)
class Seen:
    """What was found on a host. ``due``: why it has to be done, empty if not.

    ``error``: why Ansible has not reached it; ``broken``: why it can't tell what there is to do. ``mark`` is the reason
    in its maintenance mark, None without one. ``control_node``: Ansible itself runs there.
    """

    error: Optional[str] = None
    mark: Optional[str] = None
    due: tuple[str, ...] = ()
    standby: bool = False
    broken: Optional[str] = None
    control_node: bool = False


@dataclass(frozen=True)
class Todo:
    """The hosts by what is to be done. ``interrupted`` are the part of ``todo`` that an earlier run has begun.

    ``ready``: nothing to do, and not in maintenance. ``skipped`` and ``failed`` have the reason for each host.
    ``last`` are the part that comes after all others, as their reboot ends the run.
    """

    todo: tuple[str, ...] = ()
    interrupted: tuple[str, ...] = ()
    ready: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    due: Mapping[str, str] = field(default_factory=dict)
    last: tuple[str, ...] = ()


def sort_out(seen: Mapping[str, Seen], reason: str) -> Todo:
    """Return what is to be done; a mark that begins with ``reason`` is one that this kind of rollout has set."""
    skipped: dict[str, str] = {}
    failed: dict[str, str] = {}
    due: dict[str, str] = {}
    interrupted, ready = [], []
    for name, found in sorted(seen.items()):
        ours = found.mark is not None and found.mark.startswith(reason)
        if found.standby:
            skipped[name] = "switched off on purpose"
        elif found.error is not None:
            failed[name] = found.error
        elif ours:
            # packages that are installed in part can keep it from telling; the upgrade mends them
            interrupted.append(name)
            due[name] = found.broken or ", ".join(found.due) or "an earlier run was interrupted here"
        elif found.mark is not None:
            skipped[name] = f"in maintenance ({found.mark or 'no reason'})"
        elif found.broken is not None:
            failed[name] = found.broken
        elif found.due:
            due[name] = ", ".join(found.due)
        else:
            ready.append(name)
            skipped[name] = "nothing to do"
    last = tuple(name for name in due if seen[name].control_node and name not in interrupted)
    return Todo(tuple(due), tuple(interrupted), tuple(ready), skipped, failed, due, last)


def seen_of(variables: Mapping[str, Any], look: str) -> Seen:
    """Return what a host's variables say: its mark, and the result of the look in the variable of that name."""
    if str(variables.get("virtfleet_standby", "")).lower() in ("true", "yes", "on", "1"):
        return Seen(standby=True)
    told = variables.get("virtfleet_mark") or {}
    if "maintenance" not in told:
        return Seen(error=f"can't be reached: {told.get('msg') or 'nobody has tried'}")
    found = variables.get(look)
    mark = told["maintenance"]
    reason = str(mark.get("reason", "")) if mark else None
    if found is None:
        return Seen(error="was lost while it was looked at", mark=reason)
    due, here = tuple(found.get("due") or ()), bool(found.get("control_node"))
    return Seen(None, reason, due, broken=found.get("error") or None, control_node=here)


@dataclass(frozen=True)
class Outcomes:
    """What became of the hosts that were worked on: done, or failed and why."""

    done: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)


def outcomes(names: Sequence[str], hostvars: Mapping[str, Mapping[str, Any]]) -> Outcomes:
    """Return the outcomes that the tasks noted as facts; a host without one has not been begun."""
    noted = {name: hostvars[name].get("maintenance_outcome") or {} for name in sorted(set(names))}
    done = tuple(name for name, found in noted.items() if found.get("state") == "done")
    failed = {name: str(found.get("why", "")) for name, found in noted.items() if found.get("state") == "failed"}
    return Outcomes(done, failed)


def summary(todo: Mapping[str, Any], noted: Outcomes, waves: Sequence[Sequence[str]], why_not: str) -> dict[str, Any]:
    """Return who is done, who failed, who was not touched and why; ``why_not``: for hosts that no wave came to."""
    failed = {**dict(todo["failed"]), **dict(noted.failed)}
    planned = {name for wave in waves for name in wave}
    rest = [name for name in todo["todo"] if name not in noted.done and name not in failed]
    untouched = {name: why_not if name in planned else "its guests find no place, see the plan" for name in rest}
    return {
        "done": list(noted.done),
        "failed": failed,
        "untouched": untouched,
        "skipped": dict(todo["skipped"]),
        "waves": [list(wave) for wave in waves],
    }


def summary_lines(found: Mapping[str, Any]) -> list[str]:
    """Return the summary for people."""
    lines = [f"done: {name}" for name in found["done"]]
    for label in ("failed", "untouched", "skipped"):
        lines += [f"{label}: {name}, {why}" for name, why in found[label].items()]
    return lines or ["there is no host to do"]


@dataclass(frozen=True)
class Halt:
    """Why no further wave starts, empty where one may. ``closed``: it is only that the window has closed."""

    why: str = ""
    closed: bool = False


def halt(failed: Mapping[str, str], jammed: Sequence[str], stop_at_failure: bool, late: str) -> Halt:
    """Return whether a wave may start. ``late`` is the stop time if it has passed, else empty.

    ``jammed``: hosts that an earlier run has left half done and that the plan can't empty; they count as failed.
    """
    if stop_at_failure and failed:
        return Halt(f"not begun, as {', '.join(failed)} failed")
    if stop_at_failure and jammed:
        return Halt(f"not begun, as {', '.join(jammed)} was left half done and can't be emptied")
    return Halt(f"no wave starts after {late}", closed=True) if late else Halt()


def left_out(names: Sequence[str], waves: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return those of ``names`` that no wave has."""
    planned = {name for wave in waves for name in wave}
    return tuple(name for name in names if name not in planned)


def stop_time(text: str, now: datetime) -> Optional[datetime]:
    """Return when no wave may start any more: a time of day is the next one after ``now``; None where none is given."""
    if not text:
        return None
    try:
        if len(text) <= len("00:00:00") and ":" in text:
            clock = datetime.strptime(text, "%H:%M" if text.count(":") == 1 else "%H:%M:%S").time()
            at = datetime.combine(now.date(), clock, now.tzinfo)
            return at if at > now else at + timedelta(days=1)
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise FleetError(f"the stop time is {text!r}", "Give a time of day, 05:00, or 2026-01-31T05:00") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=now.tzinfo)


def forecast(waves: Sequence[Mapping[str, Any]], minutes: float, now: datetime, stop: Optional[datetime]) -> list[str]:
    """Return a line for each wave with when it begins and ends as far as can be told, and whether it may start then."""
    return list(_forecast(waves, minutes, now, stop))


def _forecast(
    waves: Sequence[Mapping[str, Any]], minutes: float, now: datetime, stop: Optional[datetime]
) -> Iterator[str]:
    at = now
    for number, wave in enumerate((wave for wave in waves if wave["hosts"]), start=1):
        moving = timedelta(seconds=float(wave.get("est_seconds") or 0))
        end = at + moving + timedelta(minutes=minutes)
        late = "; not begun, it is past the stop time" if stop is not None and at >= stop else ""
        count = len(wave["moves"])
        moves = f"{count} move{'' if count == 1 else 's'} in about {moving.total_seconds():.0f} s"
        span = f"from about {at:%H:%M:%S} to {end:%H:%M:%S}"
        yield f"Wave {number}: {', '.join(wave['hosts'])}: {moves}, then about {minutes:g} min of work, {span}{late}"
        at = end
