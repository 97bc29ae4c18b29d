"""A Driver that follows a script for each guest and writes down what it was told. Decides nothing about moves."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Optional

from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import (
    Cost,
    DriverError,
    Failure,
    Phase,
    Place,
    Progress,
    Whereabouts,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import GuestState, JobKind
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Leftover, Move
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import Refusal
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings

STATES = {Method.LIVE: GuestState.RUNNING, Method.PAUSED: GuestState.RUNNING, Method.OFFLINE: GuestState.SHUT_OFF}
LEAVING = Place(GuestState.RUNNING, True, JobKind.OUTGOING)
ARRIVING = Place(GuestState.PAUSED, False, JobKind.INCOMING)
HALVES = Whereabouts(
    Place(GuestState.PAUSED, True, JobKind.OUTGOING, broken=True),
    Place(GuestState.RUNNING, True, JobKind.INCOMING, broken=True),
)
ENDLESS = 1e9
MIB = 1024 * 1024


@dataclass(frozen=True)
class Script:
    """What happens to one guest. ``errors``: calls that fail, by name; ``before`` and ``after``: what both ends say.

    ``memory_after``: seconds until the memory phase; ``lost_after``: seconds until the driver loses the move, which
    goes on; ``silent``: seconds for which the destination does not answer once the driver says that the move is over.
    ``breaks_after``: seconds of post-copy until that breaks, ``in_vain``: how often it is resumed without success;
    ``hangs``: the call that resumes it never comes back; ``told_late``: seconds from the break to the call's end;
    ``broken``: it is so when the run begins.
    ``pass_seconds``: length of each pass over the memory, which never leaves less to send.
    ``relents``: how often each call of ``errors`` fails.
    """

    seconds: float = 10.0
    memory_after: float = 0.0
    failure: Optional[Failure] = None
    refusals: tuple[Refusal, ...] = ()
    errors: Mapping[str, Failure] = field(default_factory=dict)
    before: Optional[Whereabouts] = None
    after: Optional[Whereabouts] = None
    lost_after: Optional[float] = None
    silent: float = 0.0
    pass_seconds: float = 1e9
    dirty_rate: int = 0
    breaks_after: float = 1e9
    in_vain: int = 0
    hangs: bool = False
    told_late: float = 0.0
    broken: bool = False
    relents: Optional[int] = None


@dataclass(frozen=True)
class _Run:
    move: Move
    began: float
    ends: float
    aborted: bool = False
    post_copy: bool = False
    lost: Optional[float] = None
    said_over: Optional[float] = None
    breaks: float = ENDLESS


class FakeDriver:
    """Follows ``scripts`` (by guest name); ``calls`` is what it was told, ``peaks`` the most moves at one moment."""

    def __init__(self, scripts: Optional[Mapping[str, Script]] = None, interrupt_at: float = ENDLESS) -> None:
        self._scripts = scripts or {}
        self._interrupt_at = interrupt_at
        self._clock = 1000.0
        self._began = self._clock
        self._runs: dict[str, _Run] = {}
        self._busy: dict[str, Move] = {}
        self.calls: list[tuple[float, str, str]] = []
        self.peaks: Counter[str] = Counter()
        self.settings: dict[str, MoveSettings] = {}

    def told(self, call: str) -> list[str]:
        """Return the guests for which ``call`` was made, in order."""
        return [name for _when, what, name in self.calls if what == call]

    def when(self, call: str, name: str) -> float:
        """Return the second of the run at which ``call`` was first made for the guest."""
        return next(when for when, what, who in self.calls if (what, who) == (call, name))

    def now(self) -> float:
        return self._clock

    def wait(self, seconds: float) -> None:
        self._clock += seconds
        if self._clock - self._began > 5000:
            raise AssertionError(f"the run does not end; still running: {sorted(self._busy)}")

    def interrupted(self) -> bool:
        return self._clock - self._began >= self._interrupt_at

    def where_is(self, move: Move) -> Whereabouts:
        self._tell("where_is", move)
        script, run = self._script(move), self._runs.get(move.id)
        if run is None:
            return script.before or Whereabouts(Place(STATES[move.method], True), None)
        if run.said_over is not None and self._clock - run.said_over < script.silent:
            return Whereabouts(HALVES.source if self._clock >= run.breaks else LEAVING, None, (move.dest,))
        if self._clock >= run.breaks:
            return HALVES
        if self._clock < run.ends:
            return Whereabouts(LEAVING, ARRIVING)
        if script.after is not None:
            return script.after
        if script.failure is not None or run.aborted:
            return Whereabouts(Place(STATES[move.method], True), None)
        return Whereabouts(None, Place(STATES[move.method], True))

    def check(self, move: Move) -> tuple[Refusal, ...]:
        self._tell("check", move)
        return self._script(move).refusals

    def prepare(self, move: Move) -> tuple[str, ...]:
        self._tell("prepare", move)
        return tuple(item.dest.volume for item in move.media)

    def mend(self, leftover: Leftover) -> None:
        self.calls.append((self._clock - self._began, "mend", leftover.name))
        error = self._scripts.get(leftover.name, Script()).errors.get("mend")
        if error is not None:
            raise DriverError(error)

    def start(self, move: Move, settings: MoveSettings) -> None:
        self.settings[move.name] = settings
        self._tell("adopt" if move.adopt else "start", move)
        known, script = self._runs.get(move.id), self._script(move)
        if known is not None:
            self._runs[move.id] = replace(known, lost=ENDLESS, said_over=None)
            return
        lost = ENDLESS if script.lost_after is None else self._clock + script.lost_after
        self._runs[move.id] = _Run(move, self._clock, self._clock + script.seconds, lost=lost)
        if script.broken:
            self._runs[move.id] = replace(self._runs[move.id], post_copy=True, breaks=self._clock)
        self._busy[move.id] = move
        self._count()

    def progress(self, move: Move) -> Progress:
        run, script = self._runs[move.id], self._script(move)
        if move.id not in self._busy:
            raise AssertionError(f"{move.name} is watched after its end")
        error = script.errors.get("progress")
        if error is not None:
            raise DriverError(error)
        lost = run.lost is not None and self._clock >= run.lost
        if self._clock >= run.breaks and script.hangs and self.told("resume_post_copy"):
            return Progress(Phase.POST_COPY, broken=True)
        if run.breaks <= self._clock < run.breaks + script.told_late:
            return Progress(Phase.POST_COPY, broken=True)
        if self._clock >= run.breaks:
            self._runs[move.id] = replace(run, said_over=run.said_over or self._clock)
            return Progress(Phase.POST_COPY, ended=True, failure=Failure("job failed in post-copy phase"))
        if lost or self._clock >= run.ends:
            self._runs[move.id] = replace(run, said_over=run.said_over or self._clock)
            failure = Failure("connection lost") if lost else script.failure
            return Progress(Phase.FINISHING, ended=True, failure=Failure("aborted") if run.aborted else failure)
        memory = self._clock - run.began >= script.memory_after
        phase = Phase.POST_COPY if run.post_copy else Phase.MEMORY if memory else Phase.PREPARING
        return Progress(phase, 100, 50, 50 * MIB, 10 * MIB, script.dirty_rate, self._iteration(run, script))

    def _iteration(self, run: _Run, script: Script) -> int:
        """Return the pass over the memory, none before that is on its way."""
        seconds = self._clock - run.began - script.memory_after
        return 1 + int(seconds / script.pass_seconds) if seconds >= 0 else 0

    def set_max_downtime(self, move: Move, milliseconds: int) -> None:
        self._tell(f"set_max_downtime {milliseconds}", move)

    def set_bandwidth(self, move: Move, mibs: int) -> None:
        self._tell(f"set_bandwidth {mibs}", move)

    def post_copy(self, move: Move) -> None:
        self._tell("post_copy", move)
        breaks = self._clock + self._script(move).breaks_after
        ends = self._clock + (5 if breaks > ENDLESS else ENDLESS)
        self._runs[move.id] = replace(self._runs[move.id], post_copy=True, ends=ends, breaks=breaks)

    def resume_post_copy(self, move: Move, settings: MoveSettings) -> None:
        self.settings[move.name] = settings
        self._tell("resume_post_copy", move)
        if self.told("resume_post_copy").count(move.name) > self._script(move).in_vain:
            self._runs[move.id] = replace(self._runs[move.id], ends=self._clock + 5, breaks=2 * ENDLESS)

    def pause(self, move: Move) -> None:
        self._tell("pause", move)
        self._runs[move.id] = replace(self._runs[move.id], ends=self._clock + 5)

    def abort(self, move: Move) -> None:
        self._tell("abort", move)
        self._runs[move.id] = replace(self._runs[move.id], aborted=True, ends=self._clock + 1)

    def finish(self, move: Move) -> Cost:
        self._busy.pop(move.id, None)
        self._tell("finish", move)
        return Cost(4.2, 300, 120)

    def undo(self, move: Move) -> None:
        self._busy.pop(move.id, None)
        self._tell("undo", move)

    def _script(self, move: Move) -> Script:
        return self._scripts.get(move.name, Script())

    def _tell(self, call: str, move: Move) -> None:
        self.calls.append((self._clock - self._began, call, move.name))
        script = self._script(move)
        error = script.errors.get(call)
        if error is not None and (script.relents is None or self.told(call).count(move.name) <= script.relents):
            raise DriverError(error)

    def _count(self) -> None:
        moves = list(self._busy.values())
        for prefix, ends in (("out", [m.source for m in moves]), ("in", [m.dest for m in moves])):
            for host, number in Counter(ends).items():
                self.peaks[f"{prefix} {host}"] = max(self.peaks[f"{prefix} {host}"], number)
        self.peaks["fleet"] = max(self.peaks["fleet"], len(moves))
