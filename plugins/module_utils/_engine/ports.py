"""What the engine asks of the world: the driver port and the values that cross it. No behaviour here."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Optional, Protocol

from .._model.guest import GuestState, JobKind
from .._model.plan import Leftover, Move
from .._model.refusal import Refusal
from .._model.settings import MoveSettings


class Phase(enum.Enum):
    """Where a move is; POST_COPY is past the point at which it could be aborted."""

    PREPARING = "preparing"
    DISKS = "disks"
    MEMORY = "memory"
    POST_COPY = "post_copy"
    FINISHING = "finishing"


@dataclass(frozen=True)
class Failure:
    """Why a call failed, in the hypervisor's words, and what to do about it. ``cancelled``: somebody wanted it so."""

    message: str
    remedy: str = ""
    cancelled: bool = False


class DriverError(Exception):
    """A call through the port that failed; carries the Failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Off(enum.Enum):
    """How a guest came to be shut off."""

    SHUT_DOWN = "shut_down"
    DESTROYED = "destroyed"
    CRASHED = "crashed"
    OTHER = "other"


@dataclass(frozen=True)
class Place:
    """A guest as one host knows it at this moment. ``off``: of one that is shut off, where the host can tell.

    ``broken``: its post-copy has lost its other end.
    """

    state: GuestState
    persistent: bool
    job: Optional[JobKind] = None
    off: Optional[Off] = None
    broken: bool = False

    @property
    def active(self) -> bool:
        """True where the guest has a process there."""
        return self.state not in (GuestState.SHUT_OFF, GuestState.CRASHED)


@dataclass(frozen=True)
class Whereabouts:
    """Both ends of a move; None: that host does not know the guest. ``silent``: hosts that did not answer."""

    source: Optional[Place]
    dest: Optional[Place]
    silent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """A running move. Bytes, bytes per second, seconds; ``ended``: it is over, whatever became of it.

    ``broken``: its post-copy has lost the other end, and is being resumed.
    """

    phase: Phase
    total: int = 0
    processed: int = 0
    remaining: int = 0
    rate: int = 0
    dirty_rate: int = 0
    iteration: int = 0
    ended: bool = False
    failure: Optional[Failure] = None
    broken: bool = False


@dataclass(frozen=True)
class Cost:
    """What a finished move took, as the hypervisor measured it; None where it can't tell.

    ``disk_bytes`` are those of ``sent_bytes`` that copied disks take.
    """

    seconds: Optional[float] = None
    sent_bytes: Optional[int] = None
    downtime_ms: Optional[int] = None
    disk_bytes: int = 0


class Driver(Protocol):
    """The only way from the engine to hypervisors and to the clock. Calls raise DriverError and nothing else."""

    def now(self) -> float:
        """Return seconds since the epoch."""

    def wait(self, seconds: float) -> None:
        """Sleep, less when a move ends or the user interrupts."""

    def interrupted(self) -> bool:
        """Return whether the user wants the run to stop."""

    def where_is(self, move: Move) -> Whereabouts:
        """Ask both ends of ``move``."""

    def check(self, move: Move) -> tuple[Refusal, ...]:
        """Return what only the hosts themselves can tell against the move."""

    def prepare(self, move: Move) -> tuple[str, ...]:
        """Bring read-only media to the destination that have to be there before the move; return what was brought."""

    def mend(self, leftover: Leftover) -> None:
        """Remove what an interrupted move left behind."""

    def start(self, move: Move, settings: MoveSettings) -> None:
        """Begin the move as ``settings`` say, or watch it where it is under way (``adopt``); returns at once."""

    def progress(self, move: Move) -> Progress:
        """Return how far a started move is."""

    def set_max_downtime(self, move: Move, milliseconds: int) -> None:
        """Change the downtime that the switchover may take."""

    def set_bandwidth(self, move: Move, mibs: int) -> None:
        """Change the speed limit, in MiB/s."""

    def post_copy(self, move: Move) -> None:
        """Switch to post-copy: the guest runs at its destination from now on."""

    def resume_post_copy(self, move: Move, settings: MoveSettings) -> None:
        """Go on with a post-copy that broke, as ``start`` does with a new move; returns at once."""

    def pause(self, move: Move) -> None:
        """Suspend the guest so that the move converges; it resumes at its destination."""

    def abort(self, move: Move) -> None:
        """Ask the move to end; the guest runs on at its source."""

    def finish(self, move: Move) -> Cost:
        """Put in order a guest that has arrived: notes, autostart, no definition left at the source."""

    def undo(self, move: Move) -> None:
        """Put in order a guest that has stayed: notes, volumes made for it, running again if it was paused."""
