"""What was recorded, and where the figures of the guests' use come from, as data and sentences. Measures nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from .metering import Kind, Measured, Stock, Use
from .snapshot import Snapshot
from .usage_window import UsageSource

_MIB = 1024 * 1024


def usage_facts(snapshot: Snapshot) -> dict[str, Any]:
    """Return what a module tells of the use that it plans with: from history, of the moment, or from nowhere."""
    active = [place.guest for place in snapshot.residents if place.guest.active]
    measured = sum(guest.usage_cpus is not None for guest in active)
    used = snapshot.usage
    return {
        "source": "history" if used and used.guests else "moment" if measured else "none",
        "guests": len(active),
        "with_history": used.guests if used else 0,
        "without_history": used.missing if used else len(active),
        "unmeasured": len(active) - measured,
        "samples": used.samples if used else 0,
        "newest": used.newest if used else None,
    }


def usage_lines(snapshot: Snapshot, asked: bool) -> tuple[str, ...]:
    """Return a sentence for the plan; none where no history was given, unless CPU use is ``asked`` for."""
    if snapshot.usage is None and not asked:
        return ()
    facts = usage_facts(snapshot)
    unmeasured = f"; {_of(facts['unmeasured'], facts)} measured by nobody and taken for idle"
    rest = unmeasured if facts["unmeasured"] else ""
    if snapshot.usage is not None:
        return (f"{_recorded(snapshot.usage, facts)}{rest}",)
    if not facts["guests"]:
        return ()
    return (f"CPU use is of the moment, not from history{rest}",)


def _recorded(used: UsageSource, facts: dict[str, Any]) -> str:
    window = f"the last {used.window.minutes} minutes"
    if not used.guests:
        return f"the history has nothing of {window}, CPU use is of the moment"
    what = f"CPU use is the {used.window.percentile:g}th percentile of {window} ({used.samples} samples)"
    missing = f"; {_of(used.missing, facts)} without history, with what they use at the moment" if used.missing else ""
    return what + missing


def _of(number: int, facts: dict[str, Any]) -> str:
    return f"{number} of {facts['guests']} active guests {'is' if number == 1 else 'are'}"


def sample_facts(measured: Measured) -> dict[str, Any]:
    """Return what a sample has, in sums."""
    of = {kind: [use for use in measured.sample.uses if use.subject.kind is kind] for kind in Kind}
    return {
        "at": iso(measured.sample.at),
        "hosts": len(of[Kind.HOST]),
        "guests": len(of[Kind.GUEST]),
        "looked_twice": len(measured.looked_twice),
        "unmeasured": sum(use.cpus is None for use in measured.sample.uses),
        "unmeasured_disk": sum(use.disk is None for use in of[Kind.GUEST]),
        "unmeasured_network": sum(use.network is None for use in of[Kind.GUEST]),
        "guest_cpus": _cpus(of[Kind.GUEST]),
        "guest_memory": _memory(of[Kind.GUEST]),
        "guest_disk": round(sum(use.disk or 0.0 for use in of[Kind.GUEST]), 1),
        "guest_network": round(sum(use.network or 0.0 for use in of[Kind.GUEST]), 1),
        "host_cpus": _cpus(of[Kind.HOST]),
        "host_memory": _memory(of[Kind.HOST]),
    }


def sample_lines(facts: dict[str, Any]) -> list[str]:
    """Return what a sample has, and what it lacks, in words; ``facts`` as from ``sample_facts``."""
    memory, disk, network = (facts[f"guest_{what}"] / _MIB for what in ("memory", "disk", "network"))
    used = (
        f"{facts['guests']} guests on {facts['hosts']} hosts use {facts['guest_cpus']:.2f} CPUs, "
        f"{memory:.0f} MiB of memory, {disk:.2f} MiB/s of disks and {network:.2f} MiB/s of networks"
    )
    lacks = [
        f"{what} of {facts[key]} of the {whose}"
        for key, what, whose in (
            ("unmeasured", "CPU use", "hosts and guests"),
            ("unmeasured_disk", "throughput of disks", "guests"),
            ("unmeasured_network", "throughput of networks", "guests"),
        )
        if facts[key]
    ]
    return [used, *([f"not measured: {', '.join(lacks)}"] if lacks else [])]


def stock_facts(stock: Stock) -> dict[str, Any]:
    """Return what a history holds."""
    oldest = None if stock.oldest is None else iso(stock.oldest)
    return {"samples": stock.samples, "oldest": oldest, "ahead": stock.ahead, "bytes": stock.bytes}


def record_lines(measured: Measured, stock: Stock, added: bool) -> list[str]:
    """Return what somebody should look at."""
    lines = [f"{name} does not answer, so it is not in the sample: {why}" for name, why in measured.silent.items()]
    if not added:
        lines.append("the history has a sample of this very second already; this one was left out")
    if stock.ahead:
        lines.append(
            f"{stock.ahead} samples are later than this one, the clock was set back; they count once their time comes"
        )
    return lines


def iso(seconds: int) -> str:
    """Return the moment as text, ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()


def _cpus(uses: Sequence[Use]) -> float:
    return round(sum(use.cpus or 0.0 for use in uses), 3)


def _memory(uses: Sequence[Use]) -> int:
    return sum(use.memory or 0 for use in uses)
