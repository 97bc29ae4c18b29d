"""A plan as lines for the person who approves it, at most 120 columns wide. Pure; decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Optional

from .._model.plan import Bound, Breach, ChangeKind, Move, Plan
from .._model.prose_balance import not_moved_lines
from .._model.request import Goal, Request
from .crossing_text import crossing_lines
from .energy_text import energy_lines
from .report import stay_facts, stay_lines

WIDTH = 120
# moves, stays, waves and names in a row that are shown of a long plan
SHOWN, FEW = 60, 8
MIB = 1024 * 1024
_GAP = 2
_HEADER = ("id", "guest", "from", "to", "how", "MiB", "seconds", "waits for", "why")
_NUMBERS = frozenset({"MiB", "seconds", "MiB left", "vCPUs left"})
# columns that give way where a line would be too wide, the widest first
_ELASTIC = frozenset({"guest", "from", "to", "host", "why", "remarks"})


def plan_lines(plan: Plan, shown: int = SHOWN) -> list[str]:
    """Return the plan as lines for people; of a plan with more than ``shown`` moves the first (0: all of them)."""
    return wrapped(
        [
            f"Plan {plan.plan_id}: {purpose(plan.request)}",
            *_named("Switched on before the first move", plan.power_on),
            *_moves(plan, shown or len(plan.moves)),
            *_totals(plan),
            *_restless(plan),
            *crossing_lines(plan),
            *_waves(plan, shown or len(plan.waves)),
            *_named("Can be switched off after the last move", plan.power_off),
            *energy_lines(plan),
            *(bound_line(bound) for bound in plan.bounds),
            *_stays(plan, shown),
            *not_moved_lines(plan.not_moved),
            *(_breach(breach) for breach in plan.breaches),
            *_loss(plan),
            *_named("Cleaned up first, left by interrupted moves of", [item.name for item in plan.leftovers]),
            *(f"Remark: {remark}" for remark in plan.remarks),
        ]
    )


def plan_facts(plan: Plan) -> dict[str, Any]:
    """Return what a module gives back about a plan beside the plan itself: in words, and who stays."""
    stays = [stay_facts(stay) for stay in plan.stays]
    return {"plan_text": plan_lines(plan), "stays": stays, "stays_text": stay_lines(stays)}


def purpose(request: Request) -> str:
    """Return what the request wants, in a clause."""
    labels = [f"{key}={value}" for key, value in sorted(request.labels.items())]
    own = (f"{key} to {where}" for key, where in sorted(request.dest_of.items()))
    guests = few((*request.guests, *labels, *own))
    hosts = few((*request.hosts, *(f"site {site}" for site in request.sites)))
    among = f" among {hosts}" if hosts else ""
    whole = {
        Goal.EVACUATE: f"empty {hosts}{_allowed(request)}",
        Goal.RESTORE: f"bring home the guests of {hosts}",
        Goal.MOVE: f"move {guests} to {hosts}",
        Goal.RELOCATE: f"relocate {' and what is on '.join(filter(None, (guests, hosts)))}{_allowed(request)}",
        Goal.CONSOLIDATE: f"empty as many hosts as possible{among}",
        Goal.BALANCE: f"even out the load{among}",
        Goal.ROLLING: f"empty {hosts or 'every host'} once, in waves",
        Goal.REPAIR: "mend broken rules and overfull hosts",
    }
    return whole[request.goal]


def _allowed(request: Request) -> str:
    labels = [f"{key}={value}" for key, value in sorted(request.dest_labels.items())]
    places = few((*request.dests, *(f"site {site}" for site in request.dest_sites), *labels))
    where = f", only to {places}" if places else ""
    if request.near is not None:
        most = f" (within {request.max_latency_ms:g} ms)" if request.max_latency_ms is not None else ""
        where += f", near {request.near}{most}"
    return where + (", all or none" if request.all_or_none else "")


def few(names: Sequence[str], most: int = FEW) -> str:
    """Return the names with commas; of many the first and a count."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _moves(plan: Plan, shown: int) -> list[str]:
    if not plan.moves:
        return ["nothing to move"]
    lines = table(_HEADER, [_row(move) for move in plan.moves[:shown]])
    hidden = len(plan.moves) - shown
    if hidden > 0:
        lines.append(
            f"... and {_count(hidden, 'more move')}: all are in the plan; migration_plan shows them with text_moves=0"
        )
    return lines


def _row(move: Move) -> tuple[str, ...]:
    first, more = move.after[:1], len(move.after) - 1
    why = ("on the way, " if move.parking else "") + move.reason
    return (
        move.id,
        move.name,
        move.source,
        move.dest,
        move.method.value,
        mib(move.est_bytes),
        f"{move.est_seconds:.1f}",
        f"{first[0]} +{more}" if more > 0 else first[0] if first else "-",
        why + _disk_words(move) + _name_words(move),
    )


def _disk_words(move: Move) -> str:
    names = [copy.target + (" above its base" if copy.backing else "") for copy in move.copies]
    names += [item.target for item in move.media]
    out = [change.what for change in move.changes if change.kind is ChangeKind.EJECT]
    words = (("copies", names), ("ejects", out))
    return "".join(f", {verb} {', '.join(targets)}" for verb, targets in words if targets)


def _name_words(move: Move) -> str:
    plugs = (ChangeKind.BRIDGE, ChangeKind.NETWORK)
    return "".join(f", {change.what} as {change.to}" for change in move.changes if change.kind in plugs)


def _totals(plan: Plan) -> Iterator[str]:
    if plan.moves:
        still = f"guests stand still for {plan.est_downtime_ms / 1000:.1f} s in sum"
        yield f"{_count(len(plan.moves), 'move')}, about {mib(plan.est_bytes)} MiB, about {plan.est_seconds} s, {still}"
    if len(plan.critical_path) > 1:
        yield f"Critical path: {few(plan.critical_path)}"


def _restless(plan: Plan) -> Iterator[str]:
    """Yield a line for each move whose guest was measured to write faster than it can be sent."""
    for move in plan.moves:
        found = move.expected
        if found is not None and not found.converges:
            rate = f"{found.dirty_rate / MIB:.0f} MiB/s"
            yield (
                f"{move.name} writes {rate} and does not converge by itself: it would stand still for "
                f"{found.downtime_ms / 1000:.1f} s in the end; policy {found.policy} is made for that"
            )


def _waves(plan: Plan, shown: int) -> Iterator[str]:
    for number, wave in enumerate(plan.waves[:shown], start=1):
        span = ", ".join([_count(len(wave.moves), "move"), *([" to ".join(_ends(wave.moves))] if wave.moves else [])])
        yield f"Wave {number}: {few(wave.hosts) or 'guests go home'} ({span})"
    if len(plan.waves) > shown:
        yield f"... and {len(plan.waves) - shown} more waves"


def _ends(ids: Sequence[str]) -> Sequence[str]:
    return ids if len(ids) < 2 else (ids[0], ids[-1])


def bound_line(bound: Bound) -> str:
    """Return one of the goal's numbers beside what it was and what no plan could have been better than."""
    unit = f" {bound.unit}" if bound.unit and bound.unit not in bound.what else ""
    line = f"{bound.what.capitalize()}: {_number(bound.value)}{unit}"
    if bound.before:
        line += f", {_number(bound.before)}{unit} before"
    if bound.bound is None:
        return line
    gap = _number(bound.value - bound.bound)
    above = f"{gap}{unit} above the bound of {_number(bound.bound)}{unit}"
    return f"{line}; {above if gap != '0' else 'at the bound, no plan does better'}"


def _stays(plan: Plan, shown: int) -> list[str]:
    lines = stay_lines([stay_facts(stay) for stay in plan.stays])
    hidden = len(lines) - shown if shown else 0
    return lines if hidden <= 0 else [*lines[:shown], f"... and {hidden} more reasons for which guests stay"]


def _breach(breach: Breach) -> str:
    kind = "hard" if breach.hard else "soft"
    since = "as it is already" if breach.before else "though it holds now"
    return f"Rule {breach.rule} ({kind}) is broken at the end, {since}: {breach.detail}"


def _loss(plan: Plan) -> Iterator[str]:
    if plan.frail is not None:
        yield (
            f"The fleet could not take the loss of {few(plan.frail)}"
            if plan.frail
            else "The fleet can lose any one host at the end"
        )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _named(what: str, names: Sequence[str]) -> list[str]:
    return [f"{what}: {few(names, SHOWN)}"] if names else []


def mib(size: Optional[int]) -> str:
    """Return bytes as MiB for a table."""
    return "-" if size is None else f"{size / MIB:.0f}"


def _number(value: float) -> str:
    return f"{value:.5f}".rstrip("0").rstrip(".") if abs(value) < 10 else f"{value:.0f}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines of aligned text, header first, cut to the width of a terminal where names are long."""
    cells = [tuple(header), *map(tuple, rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(header))]
    elastic = [index for index, name in enumerate(header) if name in _ELASTIC]
    for _column in range(sum(widths) + _GAP * (len(widths) - 1) - WIDTH):
        widths[max(elastic, key=lambda index: widths[index])] -= 1
    return [_line(header, line, widths) for line in cells]


def _line(header: Sequence[str], cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = [cell if len(cell) <= width else cell[: width - 2] + ".." for cell, width in zip(cells, widths)]
    aligned = (
        text.rjust(width) if name in _NUMBERS else text.ljust(width) for name, text, width in zip(header, shown, widths)
    )
    return (" " * _GAP).join(aligned).rstrip()


def wrapped(lines: Sequence[str]) -> list[str]:
    """Return the lines, those that are too wide broken at blanks."""
    found: list[str] = []
    for line in lines:
        found += [line] if len(line) <= WIDTH else textwrap.wrap(line, WIDTH, subsequent_indent="    ")
    return found
