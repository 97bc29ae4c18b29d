"""How guests are moved: transport, limits and what happens when a move takes too long. Checked here, used elsewhere."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from .cut_over import CutOver
from .errors import FleetError
from .policy import PRESETS, Policy, StepAction, check_policies, find_policy
from .transfer import MOST_MIBS, NOT_BITS, TransferOptions, contradictions


class Transport(enum.Enum):
    """P2P: the source's daemon drives, the conductor may die. DIRECT: the conductor drives through both daemons."""

    P2P = "p2p"
    DIRECT = "direct"


class TimeoutAction(enum.Enum):
    """What is done with a move that is not over at its timeout."""

    ABORT = "abort"
    PAUSE = "pause"
    POST_COPY = "post_copy"


@dataclass(frozen=True)
class MoveSettings:
    """Settings of every move of a run, or of one. ``timeout`` is in seconds; 0 means none.

    ``policy`` names a preset or one of ``policies``; without it, the timeout and the downtime are the whole policy.
    ``permit_post_copy``: libvirt must be told at the start that post-copy may follow; the course of a move says so.
    ``link_wait_minutes``: so long a move waits for a closed link to open before it is given up. ``cut_over``: the
    window in which guests switch over.
    """

    transport: Transport = Transport.P2P
    tls: bool = True
    auto_converge: bool = False
    bandwidth_mibs: Optional[int] = None
    max_downtime_ms: Optional[int] = None
    timeout: int = 0
    timeout_action: TimeoutAction = TimeoutAction.ABORT
    policy: Optional[str] = None
    policies: tuple[Policy, ...] = ()
    permit_post_copy: bool = False
    transfer: TransferOptions = TransferOptions()
    link_wait_minutes: float = 0.0
    cut_over: Optional[CutOver] = None


@dataclass(frozen=True)
class Slots:
    """How many moves may be under way at once: out of a host, into a host, in the fleet."""

    max_outbound_per_host: int = 6
    max_inbound_per_host: int = 6
    max_per_fleet: int = 16


def check_settings(settings: MoveSettings, of_hosts: Sequence[str] = ()) -> MoveSettings:
    """Return the settings; raises FleetError on values that libvirt would misread.

    ``of_hosts``: policies that hosts of the inventory name, whose moves follow them instead.
    """
    for name in ("bandwidth_mibs", "max_downtime_ms"):
        value = getattr(settings, name)
        if value is not None and value <= 0:
            raise FleetError(f"{name} is {value}", "Give a whole number above zero, or leave it out")
    if settings.bandwidth_mibs is not None and settings.bandwidth_mibs > MOST_MIBS:
        raise FleetError(f"bandwidth_mibs is {settings.bandwidth_mibs}, more than {MOST_MIBS}", NOT_BITS)
    if settings.timeout < 0:
        raise FleetError(f"timeout is {settings.timeout}", "Give seconds, or 0 for no timeout")
    if not 0 <= settings.link_wait_minutes < math.inf:
        raise FleetError(f"link_wait_minutes is {settings.link_wait_minutes:g}", "Give zero or more")
    check_policies(settings.policies)
    if settings.policy is not None:
        find_policy(settings.policy, settings.policies, "the option policy")
        if settings.timeout:
            raise FleetError(
                f"timeout and policy {settings.policy} are both given",
                "A policy has its own end: leave timeout out, or write it into a policy of your own",
            )
    _check_transfer(settings, of_hosts)
    return settings


def _check_transfer(settings: MoveSettings, of_hosts: Sequence[str]) -> None:
    """Refuse options that contradict one another, or that tune what no policy in sight makes use of."""
    names = {settings.policy, *of_hosts}
    policies = [policy for policy in (*PRESETS, *settings.policies) if policy.name in names]
    at_timeout = settings.timeout > 0 and settings.timeout_action is TimeoutAction.POST_COPY
    slows = settings.auto_converge or any(policy.auto_converge for policy in policies)
    switches = at_timeout or any(policy.may(StepAction.POST_COPY) for policy in policies)
    broken = contradictions(settings.transfer, settings.tls, slows, switches)
    if broken:
        raise FleetError("; ".join(broken), "Change these options; nothing was contacted")


def check_slots(slots: Slots) -> Slots:
    """Return the slots; raises FleetError where one is below 1, since nothing could ever move."""
    for name in ("max_outbound_per_host", "max_inbound_per_host", "max_per_fleet"):
        if getattr(slots, name) < 1:
            raise FleetError(f"{name} is {getattr(slots, name)}", "Give 1 or more")
    return slots


@dataclass(frozen=True)
class Wanted:
    """How guests would be moved, as far as it decides what a pre-flight look must find right."""

    transport: Transport = Transport.P2P
    tls: bool = True
    post_copy: bool = False


def wanted_by(settings: MoveSettings) -> Wanted:
    """Return what these settings need of the hosts; policies of hosts and guests apart."""
    policy = find_policy(settings.policy, settings.policies, "the option policy") if settings.policy else None
    at_timeout = settings.timeout > 0 and settings.timeout_action is TimeoutAction.POST_COPY
    post_copy = at_timeout or (policy is not None and policy.may(StepAction.POST_COPY))
    return Wanted(settings.transport, settings.tls, post_copy)
