"""Groups of a relocation: whole, on one site, one after the other over a link, as told. Must import only _model."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from ..._model.request import Goal
from ..._model.rules import RuleKind
from .case import Case, Violation
from .goals import wished
from .rules import BoundRule

ROUNDED = 1.0  # seconds


@dataclass(frozen=True)
class _Group:
    """``going``: who has to go, and where each may; ``begun``: a part of the group is there, or on its way, already."""

    name: str
    going: Mapping[str, frozenset[str]]
    begun: bool


def group_violations(case: Case, rules: tuple[BoundRule, ...]) -> Iterator[Violation]:
    """Yield groups in parts, groups that are mixed with others, and what the plan tells of them and is not so."""
    groups = _groups(case)
    told = {group.name: group for group in case.plan.groups}
    for group in groups:
        gone = {guest for guest, hosts in group.going.items() if case.after[guest] in hosts}
        if gone and len(gone) < len(group.going) and not group.begun:
            left = sorted(case.homes[guest].guest.name for guest in group.going if guest not in gone)
            yield Violation("group as a whole", "", f"{group.name} goes without {left[0]}")
        if len({case.hosts[case.after[guest]].site for guest in gone}) > 1:
            yield Violation("group on one site", "", f"{group.name} ends on several")
        yield from _told(case, group)
    for name in sorted(told.keys() - {group.name for group in groups}):
        yield Violation("groups", "", f"nobody asked for {name}")
    over = _over(case)
    apart = [group for group in groups if not _entangled(case, group)]
    ways = {group.name: _by_way(case, group) for group in apart}
    for one, other in combinations(apart, 2):
        if not _tied(one, other, rules):
            yield from _mixed(one.name, ways[one.name], other.name, ways[other.name], over)


def _groups(case: Case) -> list[_Group]:
    label = case.request.group_label
    if case.request.goal is not Goal.RELOCATE or not label:
        return []
    adopted = {move.guest for move in case.plan.moves if move.adopt}
    members: dict[str, dict[str, frozenset[str]]] = {}
    for guest, hosts in wished(case).items():
        name = case.homes[guest].guest.notes.labels.get(label)
        if name and case.before[guest] not in hosts and guest not in adopted:
            members.setdefault(name, {})[guest] = hosts
    found = []
    for name, going in sorted(members.items()):
        ends = frozenset[str]().union(*going.values())
        same = [uuid for uuid, place in case.homes.items() if place.guest.notes.labels.get(label) == name]
        begun = [uuid for uuid in same if uuid not in going and (uuid in adopted or case.before[uuid] in ends)]
        if len(going) + len(begun) > 1:
            found.append(_Group(name, going, bool(begun)))
    return found


def _moves(case: Case, group: _Group) -> list[int]:
    return [index for index, move in enumerate(case.plan.moves) if move.guest in group.going and not move.adopt]


def _told(case: Case, group: _Group) -> Iterator[Violation]:
    """Compare what the plan says of the group with what its moves come to."""
    ids = tuple(sorted(case.plan.moves[index].id for index in _moves(case, group)))
    told = [each for each in case.plan.groups if each.name == group.name]
    if [each.moves for each in told] != ([ids] if ids else []):
        yield Violation("groups", "", f"the moves of {group.name} are not as the plan says")
        return
    most = case.request.max_split_minutes
    for each in told:
        alone = not group.begun and len(group.going) == 1
        if not 0 <= each.est_split_seconds <= (0.0 if alone else case.plan.est_seconds + ROUNDED):
            yield Violation("split of a group", "", f"{group.name} for {each.est_split_seconds:g} s, which can't be")
        if most is not None and not group.begun and each.est_split_seconds > 60 * most:
            yield Violation("split of a group", "", f"{group.name} for longer than it may be")


_Ways = Mapping[tuple[str, ...], list[int]]


def _mixed(one: str, mine: _Ways, other: str, theirs: _Ways, over: Sequence[int]) -> Iterator[Violation]:
    """Yield where moves of two groups may be under way over the same link at once."""
    for way in sorted(mine.keys() & theirs.keys()):
        if not (_waits(over, mine[way], theirs[way]) or _waits(over, theirs[way], mine[way])):
            yield Violation("group after group", "", f"{one} and {other} go {' - '.join(way)} at once")


def _by_way(case: Case, group: _Group) -> dict[tuple[str, ...], list[int]]:
    found: dict[tuple[str, ...], list[int]] = {}
    for index in _moves(case, group):
        move = case.plan.moves[index]
        sites = {case.hosts[name].site or "" for name in (move.source, move.dest)}
        if len(sites) > 1:
            found.setdefault(tuple(sorted(sites)), []).append(index)
    return found


def _waits(over: Sequence[int], late: list[int], early: list[int]) -> bool:
    """Return whether all of ``late`` start only once all of ``early`` are over."""
    wanted = sum(1 << index for index in early)
    return all(over[index] & wanted == wanted for index in late)


def _over(case: Case) -> list[int]:
    """Return for each move, as bits, those that are surely over when it starts, arrived or not."""
    number = {move.id: index for index, move in enumerate(case.plan.moves)}
    found: list[int] = []
    for index, move in enumerate(case.plan.moves):
        bits = case.ahead[index]
        for name in (*move.after, *move.once_over):
            bits |= found[number[name]] | (1 << number[name])
        found.append(bits)
    return found


def _entangled(case: Case, group: _Group) -> bool:
    """Return whether a move of the group waits for another guest that waits for one of the group."""
    own = set(_moves(case, group))
    bits = sum(1 << index for index in own)
    between = [index for index in range(len(case.plan.moves)) if index not in own and case.ahead[index] & bits]
    return any(case.ahead[index] >> other & 1 for index in own for other in between)


def _tied(one: _Group, other: _Group, rules: tuple[BoundRule, ...]) -> bool:
    return any(
        rule.kind is RuleKind.AFFINITY and rule.guests & one.going.keys() and rule.guests & other.going.keys()
        for rule in rules
    )
