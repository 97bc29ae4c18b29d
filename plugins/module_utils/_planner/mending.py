"""How a guest that is not whole is mended where the state of all its copies proves what is right. Pure.

Must never take away what may be the guest: a copy goes only if another one holds all that it holds.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Optional, Union

from .._model.guest import JobKind
from .._model.half_done import Action, Copies, Copy, Deed, Doubt, Standing, Unproven

_RUNNING = frozenset({Standing.RUNS, Standing.ARRIVED})


def mending(copies: Copies) -> Union[tuple[Deed, ...], Doubt]:
    """Return what makes the guest whole, in order, or why that is not proven; nothing where it is whole."""
    open_question = _unsettled(copies)
    if open_question is not None:
        return open_question
    home = _home(copies)
    if isinstance(home, Doubt):
        return home
    others = [copy for copy in copies.found if copy is not home]
    doubt = next((doubt for doubt in (_against(copies, home, other) for other in others) if doubt), None)
    if doubt is None and home.standing is Standing.HELD:
        doubt = _against_resuming(copies, home)
    if doubt is not None:
        return doubt
    return (*(deed for other in others for deed in _away(copies, home, other)), *_resumed(copies, home))


def _unsettled(copies: Copies) -> Optional[Doubt]:
    """Return why there is nothing to judge yet: somebody, or libvirt itself, is at work on the guest."""
    halves = [copy for copy in copies.found if copy.standing is Standing.POST_COPY]
    if halves:
        return _doubt(Unproven.POST_COPY, copies, halves)
    busy = [copy for copy in copies.found if _is_busy(copy)]
    if busy:
        return _doubt(Unproven.UNDER_WAY, copies, busy)
    strange = [copy for copy in copies.found if copy.standing is Standing.OTHER]
    return _doubt(Unproven.STATE, copies, strange) if strange else None


def _is_busy(copy: Copy) -> bool:
    if copy.standing is Standing.STARTS or copy.job in (JobKind.OUTGOING, JobKind.OTHER):
        return True
    # a copy that is held is still called incoming when nothing comes any more; one that runs is just arriving
    return copy.job is JobKind.INCOMING and copy.standing is not Standing.HELD


def _home(copies: Copies) -> Union[Copy, Doubt]:
    """Return the copy that is the guest: the one that runs, else the one that holds a state of its own."""
    running = [copy for copy in copies.found if copy.standing in _RUNNING]
    if running:
        return running[0] if len(running) == 1 else _doubt(Unproven.RUNS_TWICE, copies, running)
    active = [copy for copy in copies.found if copy.standing is not Standing.OFF]
    if not active:
        return _doubt(Unproven.NONE_ACTIVE, copies, copies.found)
    holding = [copy for copy in active if copy.ran or copy.standing is Standing.PAUSED]
    if len(holding) == 1:
        return holding[0]
    return _doubt(Unproven.OWN_STATE, copies, holding) if holding else _doubt(Unproven.NO_SOURCE, copies, active)


def _against(copies: Copies, home: Copy, other: Copy) -> Optional[Doubt]:
    """Return why the other copy may not go."""
    code = _code_against(home, other)
    return None if code is None else _doubt(code, copies, [other])


def _code_against(home: Copy, other: Copy) -> Optional[Unproven]:
    if other.standing is Standing.PAUSED:
        # somebody paused it, or it came so: it may hold what is wanted
        return Unproven.OWN_STATE
    if other.standing is Standing.OFF and home.standing is Standing.HELD:
        # the guest may have gone on there, and off, since
        return Unproven.WENT_OFF
    if other.standing is Standing.HELD and other.ran is not False and home.standing is not Standing.ARRIVED:
        return Unproven.HAS_RUN
    if other.persistent and not home.persistent:
        return Unproven.TRANSIENT
    if other.saved:
        return Unproven.SAVED_IMAGE
    return Unproven.SNAPSHOTS if other.snapshots else None


def _against_resuming(copies: Copies, home: Copy) -> Optional[Doubt]:
    """Return why the guest may have gone on elsewhere: the other end of its move must have answered."""
    if copies.silent:
        return Doubt(Unproven.OTHER_END_SILENT, copies.name, copies.silent)
    claims = {copy.claim for copy in copies.found if copy.claim is not None}
    ends = {(claim.source, claim.dest in copies.answered) for claim in claims}
    if ends != {(home.host, True)}:
        return _doubt(Unproven.OTHER_END_UNKNOWN, copies, [home])
    # one without a definition leaves no trace where it has run and ended
    return None if home.persistent else _doubt(Unproven.TRANSIENT, copies, [home])


def _away(copies: Copies, home: Copy, other: Copy) -> Iterator[Deed]:
    if other.standing is not Standing.OFF:
        yield _deed(Action.DESTROY, copies, home, other)
    if other.persistent:
        yield _deed(Action.UNDEFINE, copies, home, other)


def _resumed(copies: Copies, home: Copy) -> tuple[Deed, ...]:
    return (_deed(Action.RESUME, copies, home, home),) if home.standing is Standing.HELD else ()


def _deed(action: Action, copies: Copies, home: Copy, of: Copy) -> Deed:
    # what is undefined has been ended before
    standing = Standing.OFF if action is Action.UNDEFINE else of.standing
    return Deed(action, copies.guest, copies.name, of.host, standing, home.host)


def _doubt(code: Unproven, copies: Copies, of: Sequence[Copy]) -> Doubt:
    return Doubt(code, copies.name, tuple(sorted(copy.host for copy in of)))
