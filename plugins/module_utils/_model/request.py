"""Request: what is asked of the planner. A document within that of a plan; checked in the planner."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

from .balance import DEFAULT_AGGRESSIVENESS, AsIfStarted
from .guest import GuestState
from .rules import Rule, Scope
from .settings import Slots, Wanted


class Goal(enum.Enum):
    """What a plan is for.

    EVACUATE empties hosts. RESTORE brings home what left them. MOVE sends named guests to one host. RELOCATE sends
    guests to other sites or hosts. CONSOLIDATE empties as many hosts as it can, to be switched off. BALANCE evens out
    load. ROLLING orders hosts for an upgrade, each emptied in its turn. REPAIR mends broken rules and overfull hosts.
    """

    EVACUATE = "evacuate"
    RESTORE = "restore"
    MOVE = "move"
    RELOCATE = "relocate"
    CONSOLIDATE = "consolidate"
    BALANCE = "balance"
    ROLLING = "rolling"
    REPAIR = "repair"


# goals that keep a fleet within its marks of load; the lower one as a share of the high one, where only that is given
_BY_MARKS = (Goal.CONSOLIDATE, Goal.BALANCE)
_LOWER_MARK = 0.9


class SurviveLoss(enum.Enum):
    """Whether the fleet, once the plan is done, must be able to lose any one host ("N+1"): its guests fit elsewhere."""

    IGNORE = "ignore"
    REPORT = "report"
    KEEP = "keep"


class Method(enum.Enum):
    """LIVE: runs on meanwhile. PAUSED: suspended, memory copied, then as before. OFFLINE: shut off, and stays so.

    RESTART: shut down, moved like OFFLINE, started again.
    """

    LIVE = "live"
    PAUSED = "paused"
    OFFLINE = "offline"
    RESTART = "restart"


def method_fits(method: Method, state: GuestState) -> bool:
    """Return whether a guest in that state can be moved that way."""
    if method is Method.OFFLINE:
        return state is GuestState.SHUT_OFF
    if method in (Method.LIVE, Method.RESTART):
        return state is GuestState.RUNNING
    return state in (GuestState.RUNNING, GuestState.PAUSED)


@dataclass(frozen=True)
class Request:
    """What is wanted. Empty selections of destinations mean all hosts; sites stand for their hosts."""

    goal: Goal
    # to empty, to fill again, to upgrade, to consolidate among, or the one to move to; some goals take none as all
    hosts: tuple[str, ...] = ()
    # which guests MOVE and RELOCATE speak of: names or UUIDs
    guests: tuple[str, ...] = ()
    dests: tuple[str, ...] = ()
    # PAUSED for running guests too; None picks by state
    method: Optional[Method] = None
    slots: Slots = Slots()
    # added to hosts, to guests (all that have the labels), and to dests
    sites: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    dest_sites: tuple[str, ...] = ()
    dest_labels: Mapping[str, str] = field(default_factory=dict)
    # of RELOCATE: site or host by name or UUID of a guest, or by a label as "key=value"; those guests go too
    dest_of: Mapping[str, str] = field(default_factory=dict)
    # of RELOCATE: users that hosts have a latency to, and how many milliseconds are near enough
    near: Optional[str] = None
    max_latency_ms: Optional[float] = None
    # nobody moves unless all that the goal wants elsewhere can
    all_or_none: bool = False
    rules: tuple[Rule, ...] = ()
    # of memory and vCPUs, left free wherever a guest comes to
    headroom_percent: float = 0.0
    # of a host's CPUs, used by its guests as measured or forecast
    max_cpu_percent: Optional[float] = None
    survive_loss: SurviveLoss = SurviveLoss.IGNORE
    # guests in the way may step aside, and are brought back at the end
    displace: bool = True
    bring_back: bool = False
    # hosts on standby may be switched on
    wake: bool = False
    # of CONSOLIDATE, BALANCE and REPAIR
    max_moves: Optional[int] = None
    max_bytes: Optional[int] = None
    # of CONSOLIDATE: hosts that stay on, and how many do at least
    keep_on: tuple[str, ...] = ()
    min_on: int = 1
    # of CONSOLIDATE: above this much used or forecast CPU a host is overloaded, and relieved
    high_cpu_percent: Optional[float] = None
    # of CONSOLIDATE: a host is emptied if that pays within this time, and stays as it was switched last for so long
    horizon_hours: float = 4.0
    min_on_minutes: float = 30.0
    min_off_minutes: float = 15.0
    # what energy costs, for the plan's figures only
    price_per_kwh: Optional[float] = None
    currency: Optional[str] = None
    co2_g_per_kwh: Optional[float] = None
    # of BALANCE: how much it does for how little; the next two, where they are given, take the place of its table's
    aggressiveness: int = DEFAULT_AGGRESSIVENESS
    # the imbalance that is good enough, and what a move must even out of one host's room to be worth it
    threshold: Optional[float] = None
    min_gain: Optional[float] = None
    # by signal; how long a guest stays once it was moved, at first; whether broken rules are mended before
    weights: Mapping[str, float] = field(default_factory=dict)
    cooldown_minutes: float = 60.0
    mend_rules: bool = True
    # which shut-off guests a host must have room for, as if they ran
    as_if_started: AsIfStarted = AsIfStarted.AUTOSTART
    # of ROLLING: hosts at a time (None: as many as fit), at most one of each domain, guests go home after their wave
    max_at_once: Optional[int] = 1
    one_per: Optional[Scope] = None
    return_home: bool = False
    # of ROLLING: hosts in the first waves and in the last ones; the name or UUID of a guest stands for its host
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    # of RELOCATE: guests with the same value of this label belong together (empty: none do), and how long they may be
    # on two sides of a link
    group_label: str = "group"
    max_split_minutes: Optional[float] = None
    # how the guests are going to be moved, as far as looks on the hosts are judged by it
    wanted: Wanted = Wanted()

    @property
    def arrival_percent(self) -> Optional[float]:
        """Share of a host's CPUs that its guests may use where another comes, in percent; None: nobody asks.

        Without a lower mark it is less than the high one: without a gap, a host that was woken would be emptied again
        by packing the others better than a relief does.
        """
        if self.max_cpu_percent is not None or self.goal not in _BY_MARKS or self.high_cpu_percent is None:
            return self.max_cpu_percent
        return _LOWER_MARK * self.high_cpu_percent
