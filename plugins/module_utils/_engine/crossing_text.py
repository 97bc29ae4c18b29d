"""Groups and links of a plan and of a run: as lines for people, and as facts for the report. Pure; decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .._model.crossing import LinkUse, MoveGroup
from .._model.plan import Move, Plan
from .._model.snapshot import Snapshot
from .result import MoveResult, Outcome

GIB = 1024**3


@dataclass(frozen=True)
class Run:
    """What came of a plan: the results of all rounds, the fleet before and after, first and last second."""

    results: Sequence[MoveResult]
    before: Snapshot
    after: Snapshot
    span: tuple[float, float]


def crossing_lines(plan: Plan) -> Iterator[str]:
    """Yield what goes over each link, and for how long each group would be on two sites."""
    names = {move.id: move.name for move in plan.moves}
    for use in plan.links:
        yield f"Link {_link(use.sites)}: {_use(use)}"
    for group in plan.groups:
        guests = ", ".join(sorted({names[one] for one in group.moves if one in names}))
        begun = "; a part of it is there already" if group.there else ""
        yield f"Group {group.name} ({guests}): on two sites for about {group.est_split_seconds:.1f} s{begun}"


def _use(use: LinkUse) -> str:
    parts = [
        f"{use.moves} {'move' if use.moves == 1 else 'moves'}",
        f"{use.est_bytes / GIB:.2f} GiB",
        f"about {use.est_seconds:.0f} s at {use.bandwidth_mibs:g} MiB/s",
    ]
    if use.est_cost is not None:
        parts.append(f"cost {use.est_cost:.2f}")
    if use.opens is not None:
        parts.append(f"closed at this hour, opens {use.opens or 'never'}")
    return ", ".join(parts)


def _link(sites: Sequence[str]) -> str:
    return " and ".join(sorted({*sites}))


def link_facts(plan: Plan, run: Run) -> list[dict[str, Any]]:
    """Return what went over each link beside what was planned."""
    by_way: dict[tuple[str, ...], list[MoveResult]] = {}
    for result in run.results:
        link = _over(result.move, run.before)
        if link is not None:
            by_way.setdefault(tuple(sorted({*link})), []).append(result)
    return [_link_facts(use, by_way.get(tuple(sorted({*use.sites})), []), run.before) for use in plan.links]


def _over(move: Move, fleet: Snapshot) -> Optional[tuple[str, ...]]:
    link = fleet.link(fleet.host(move.source), fleet.host(move.dest))
    return None if link is None else link.sites


def _link_facts(use: LinkUse, results: Sequence[MoveResult], fleet: Snapshot) -> dict[str, Any]:
    size = sum(result.cost.sent_bytes or 0 for result in results)
    begins = [result.started for result in results if result.started is not None]
    ends = [result.ended for result in results if result.ended is not None]
    price = next((link.cost_per_gib for link in fleet.links if {*link.sites} == {*use.sites}), None)
    return {
        "link": _link(use.sites),
        "moves": sum(result.outcome is Outcome.MOVED for result in results),
        "seconds": round(max(ends) - min(begins), 1) if begins and ends else None,
        "bytes": size,
        "cost": None if price is None else round(price * size / GIB, 2),
        "est_moves": use.moves,
        "est_seconds": use.est_seconds,
        "est_bytes": use.est_bytes,
        "est_cost": use.est_cost,
        "bandwidth_mibs": use.bandwidth_mibs,
        "opens": use.opens,
    }


def group_facts(plan: Plan, run: Run) -> list[dict[str, Any]]:
    """Return for how long each group was really on two sites, and where its guests are in the end."""
    guests = {result.move.id: result.move.guest for result in run.results}
    return [_group_facts(group, {guests[one] for one in group.moves if one in guests}, run) for group in plan.groups]


def _group_facts(group: MoveGroup, asked: Collection[str], run: Run) -> dict[str, Any]:
    ends = {result.move.guest: result.ended for result in run.results if result.outcome is Outcome.MOVED}
    site = {host.name: host.site or "" for host in run.after.hosts}
    moves = [result.move for result in run.results if result.move.guest in asked]
    goals = {site.get(move.dest, "") for move in moves if not move.parking}
    at = {place.guest.uuid: place for place in run.after.residents if place.guest.uuid in {*asked, *group.there}}
    arrived = [uuid for uuid, place in at.items() if site[place.host] in goals]
    split = bool(arrived) and len({site[place.host] for place in at.values()}) > 1
    moments = [moment for uuid in arrived for moment in (ends.get(uuid),) if moment is not None]
    # who was there before, nobody knows since when
    first = min(moments, default=run.span[0]) if len(moments) == len(arrived) else run.span[0]
    last = run.span[1] if split else max(moments, default=first)
    by_site: dict[str, list[str]] = {}
    for place in at.values():
        by_site.setdefault(site[place.host], []).append(place.guest.name)
    return {
        "name": group.name,
        "sites": {name: sorted(guests) for name, guests in sorted(by_site.items())},
        "split": split,
        "split_seconds": round(last - first, 1) if arrived else 0.0,
        "est_split_seconds": group.est_split_seconds,
    }


def split_problems(groups: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return a sentence for each group that is on two sites at the end."""
    return tuple(
        f"group {group['name']} is split: "
        + "; ".join(f"{', '.join(names)} on {site or 'no site'}" for site, names in group["sites"].items())
        + ". Run again to bring the rest after it, or restore those that have gone"
        for group in groups
        if group["split"]
    )


def crossed_lines(links: Sequence[Mapping[str, Any]], groups: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what went over each link, and for how long each group was split."""
    lines = []
    for each in links:
        seconds = "" if each["seconds"] is None else f" in {each['seconds']:.1f} s"
        cost = "" if each["cost"] is None else f", cost {each['cost']:.2f}"
        planned = f"planned {each['est_bytes'] / GIB:.2f} GiB in {each['est_seconds']:.1f} s"
        moves = f"{each['moves']} {'move' if each['moves'] == 1 else 'moves'}"
        lines.append(f"Link {each['link']}: {moves}, {each['bytes'] / GIB:.2f} GiB{seconds}{cost} ({planned})")
    for each in groups:
        planned = f"{each['est_split_seconds']:.1f} s planned"
        lines.append(f"Group {each['name']}: on two sites for {each['split_seconds']:.1f} s ({planned})")
    return lines
