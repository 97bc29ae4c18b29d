"""Which convergence policy each move follows, in figures of its own: guest beats link beats host beats run. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Optional

from .._model.guest import Guest
from .._model.guest_policy import Fallback
from .._model.link import Link, PostCopyOver
from .._model.plan import Move
from .._model.policy import DEFAULT, Policy, Step, StepAction, find_policy
from .._model.request import Method
from .._model.settings import MoveSettings, TimeoutAction
from .._model.snapshot import Snapshot, by_uuid, residence
from .link_ways import transfer_over, without_post_copy

_AT_TIMEOUT = {
    TimeoutAction.ABORT: StepAction.ABORT,
    TimeoutAction.PAUSE: StepAction.PAUSE,
    TimeoutAction.POST_COPY: StepAction.POST_COPY,
}
_LIVE_ONLY = (Fallback.LIVE_ONLY, Fallback.LEAVE)
_ENDLESS = sys.maxsize


@dataclass(frozen=True)
class Course:
    """What one move is to follow: settings to start it with, and steps whose ``after`` is in seconds of this move."""

    policy: str = DEFAULT
    settings: MoveSettings = MoveSettings()
    steps: tuple[Step, ...] = ()


def courses(moves: Iterable[Move], snapshot: Snapshot, settings: MoveSettings) -> dict[str, Course]:
    """Return the course of each move by its id; raises FleetError where a guest or a host names an unknown policy."""
    places = by_uuid(snapshot)
    found = {}
    for move in moves:
        guest = residence(places[move.guest]).guest if move.guest in places else None
        host, dest = snapshot.host(move.source), snapshot.host(move.dest)
        named = host.migration_policy if host is not None else None
        found[move.id] = course_of(move, settings, named, _size(move, guest), snapshot.link(host, dest))
    return found


def course_of(
    move: Move,
    settings: MoveSettings,
    host_policy: Optional[str] = None,
    size: int = 0,
    link: Optional[Link] = None,
) -> Course:
    """Return the course of a move of ``size`` bytes over ``link``, whose source names ``host_policy``."""
    policy = _policy_of(move, settings, host_policy, link)
    live = move.method is Method.LIVE
    steps = tuple(replace(step, after=step.moment(size), after_per_gib=0.0) for step in _steps(policy, move, settings))
    steps = without_post_copy(steps) if link is not None and link.post_copy is PostCopyOver.REFUSE else steps
    if not live:
        # what is not running converges by itself; only time can be against it
        timed = move.method is Method.PAUSED or bool(move.copies)
        steps = tuple(step for step in steps if timed and step.action is StepAction.ABORT and step.after is not None)
    own = replace(
        settings,
        auto_converge=settings.auto_converge or policy.auto_converge,
        bandwidth_mibs=policy.bandwidth_mibs or settings.bandwidth_mibs,
        permit_post_copy=live and any(step.action is StepAction.POST_COPY for step in steps),
        transfer=settings.transfer if link is None else transfer_over(link, settings),
    )
    return Course(policy.name, own, steps)


def default_policy(settings: MoveSettings) -> Policy:
    """Return what the simple options come to: one downtime, one action at the timeout, and an end in any case."""
    if not settings.timeout:
        return Policy(DEFAULT, settings.max_downtime_ms)
    action, seconds = _AT_TIMEOUT[settings.timeout_action], float(settings.timeout)
    # for a call that hangs: one that is refused ends sooner, and a guest in post-copy is never aborted
    refused = (Step(StepAction.ABORT, after=2 * seconds),) if action is StepAction.POST_COPY else ()
    return Policy(DEFAULT, settings.max_downtime_ms, steps=(Step(action, after=seconds), *refused))


def _policy_of(move: Move, settings: MoveSettings, host_policy: Optional[str], link: Optional[Link]) -> Policy:
    if move.policy.policy is not None:
        return find_policy(move.policy.policy, settings.policies, f"guest {move.name}")
    if link is not None and link.policy is not None:
        return find_policy(link.policy, settings.policies, f"the link of {link.name}")
    if host_policy is not None:
        return find_policy(host_policy, settings.policies, f"host {move.source}")
    if settings.policy is not None:
        return find_policy(settings.policy, settings.policies, "the option policy")
    return default_policy(settings)


def _steps(policy: Policy, move: Move, settings: MoveSettings) -> Sequence[Step]:
    """Return the steps, the first downtime among them, and none that the run or the guest does not allow."""
    allowed = min(settings.max_downtime_ms or _ENDLESS, move.policy.max_downtime_ms or _ENDLESS)
    begin = policy.max_downtime_ms or (allowed if allowed < _ENDLESS else None)
    first = () if begin is None else (_downtime(begin),)
    found: list[Step] = []
    reached = 0
    for step in (*first, *policy.steps):
        if step.max_downtime_ms is None:
            found.append(_allowed(step, move))
            continue
        wanted = min(step.max_downtime_ms, allowed)
        if wanted > reached:
            found.append(replace(step, max_downtime_ms=wanted))
            reached = wanted
    return found


def _allowed(step: Step, move: Move) -> Step:
    """Return the step, an abort in place of a pause where the guest's own metadata rules out that it stands still."""
    own = move.policy
    live_only = own.fallback in _LIVE_ONLY or (own.fallback is None and own.max_downtime_ms is not None)
    return replace(step, action=StepAction.ABORT) if step.action is StepAction.PAUSE and live_only else step


def _downtime(milliseconds: int) -> Step:
    return Step(StepAction.MAX_DOWNTIME, milliseconds, after=0.0)


def _size(move: Move, guest: Optional[Guest]) -> int:
    """Return the bytes by which time limits are scaled: memory, and what copied disks hold."""
    if guest is None:
        return move.est_bytes
    held = {disk.target: disk.allocation or disk.capacity or 0 for disk in guest.disks}
    return guest.memory + sum(held.get(copy.target, copy.capacity) for copy in move.copies)
