"""A test migration in words. Must decide nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .trial import Attempt, Step, Verdict

NO_PARTNER = "no other host is schedulable and has a machine type in common with it"

_FAILED = {
    Step.START: "a test guest could not be started on {partner}",
    Step.IN: "a test guest could not be moved in from {partner}",
    Step.OUT: "a test guest came in from {partner} and could not be moved out to it again",
}


def describe_attempt(attempt: Attempt) -> dict[str, Any]:
    """Return an attempt as modules give it back."""
    return {
        "partner": attempt.partner,
        "failed": attempt.failed.value if attempt.failed is not None else None,
        "message": _line(attempt) if attempt.failed is not None else "",
        "remedy": attempt.remedy,
        "seconds_in": attempt.seconds_in,
        "seconds_out": attempt.seconds_out,
    }


def describe_trial(verdict: Verdict, attempts: Sequence[Attempt]) -> str:
    """Return what came of it, in one line."""
    if verdict is Verdict.PASSED:
        passed = next(attempt for attempt in attempts if attempt.failed is None)
        return f"a test guest was moved in from {passed.partner} and out again"
    told = "; ".join(_line(attempt) for attempt in attempts)
    if verdict is Verdict.UNTRIED:
        return f"no test migration was made: {told or NO_PARTNER}"
    advice = next(attempt.remedy for attempt in attempts if attempt.failed is not Step.START)
    return f"{told}. {advice}" if advice else told


def left_lines(attempts: Sequence[Attempt]) -> list[str]:
    """Return a sentence for each host on which the test guest may still be."""
    return [
        f"the test guest may still be on {host} ({why}); the next run that moves guests, or tries a host, removes it"
        for attempt in attempts
        for host, why in attempt.left_on
    ]


def _line(attempt: Attempt) -> str:
    return f"{_FAILED[attempt.failed or Step.START].format(partner=attempt.partner)}: {attempt.error}"
