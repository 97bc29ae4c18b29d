"""A test migration to a host and back: its guest's names, what became of each try, and the verdict. Values only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

PREFIX = "virtfleet-trial-"
_NAMESPACE = uuid.UUID("0c1f0a52-8f0e-5a55-9a8e-6c0d3b0f4e92")
_UNFIT_FOR_NAMES = re.compile(r"[^A-Za-z0-9_.-]")


def trial_name(host: str) -> str:
    """Return the name of the guest that is moved to try a host: the same for every try of that host."""
    return PREFIX + _UNFIT_FOR_NAMES.sub("-", host)


def trial_uuid(name: str) -> str:
    """Return the UUID of the test guest of that name."""
    return str(uuid.uuid5(_NAMESPACE, name))


def is_trial(name: str, own_uuid: str) -> bool:
    """Return whether a guest is one of ours: nobody else's has such a name and the UUID that is made from it."""
    return name.startswith(PREFIX) and trial_uuid(name) == own_uuid


@dataclass(frozen=True)
class Partner:
    """Another host that can take part, and what the test guest is to be there and here."""

    host: str
    arch: str
    virt_type: str
    machine: str


class Step(enum.Enum):
    """What a try came to: START the guest at the partner, IN to the host, OUT to the partner again."""

    START = "start"
    IN = "in"
    OUT = "out"


@dataclass(frozen=True)
class Attempt:
    """One try with one partner. ``failed``: the step that did, with the hypervisor's words; None where all went well.

    ``left_on``: hosts on which the test guest may still be, and why it could not be removed.
    """

    partner: str
    failed: Optional[Step] = None
    error: str = ""
    remedy: str = ""
    seconds_in: Optional[float] = None
    seconds_out: Optional[float] = None
    left_on: tuple[tuple[str, str], ...] = ()


class Verdict(enum.Enum):
    """PASSED both ways with some host, FAILED with every one, or UNTRIED: no other host could take part."""

    PASSED = "passed"
    FAILED = "failed"
    UNTRIED = "untried"


def verdict(attempts: Sequence[Attempt]) -> Verdict:
    """Return what the attempts amount to; a partner that can't even start a guest says nothing about the host."""
    if any(attempt.failed is None for attempt in attempts):
        return Verdict.PASSED
    moved = [attempt for attempt in attempts if attempt.failed is not Step.START]
    return Verdict.FAILED if moved else Verdict.UNTRIED
