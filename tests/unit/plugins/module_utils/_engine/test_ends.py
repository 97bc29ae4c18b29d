"""What others did to a guest in mid-move is told as it is, and left as it is."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import RunOptions
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import (
    Failure,
    Off,
    Place,
    Whereabouts,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.engine_run import RUNS, carry_out
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.fake_driver import Script

GONE = Failure("operation failed: domain is not running")
CANCELLED = Failure("operation aborted: migration out job: canceled by client", cancelled=True)


def went_off(how: Optional[Off]) -> Script:
    return Script(failure=GONE, after=Whereabouts(Place(GuestState.SHUT_OFF, True, off=how), None))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (Off.SHUT_DOWN, "was shut down while it moved"),
        (Off.DESTROYED, "somebody switched the guest off while it moved"),
        (Off.CRASHED, "the guest's process died while it moved"),
        (Off.OTHER, "went off while it moved"),
        (None, "went off while it moved"),
    ],
)
def test_a_guest_that_goes_off_in_mid_move_is_left_off_and_said_to_be(how: Optional[Off], words: str) -> None:
    ran = carry_out(build.move(), web=went_off(how))
    assert ran.outcomes == {"web": "went_off"}
    assert words in ran.error("web")
    assert "is left off on hv1" in ran.error("web")
    assert ran.driver.told("undo") == ["web"]


def test_a_guest_that_goes_off_is_no_failure_that_stops_the_others() -> None:
    options = RunOptions(max_failures=0)
    ran = carry_out(build.move(), build.move(2, "db", after=()), options=options, web=went_off(Off.SHUT_DOWN))
    assert ran.outcomes == {"web": "went_off", "db": "moved"}


def test_a_move_that_somebody_aborts_on_the_host_is_aborted_and_the_guest_runs_on() -> None:
    ran = carry_out(build.move(), web=Script(failure=CANCELLED, after=Whereabouts(RUNS, None)))
    assert ran.outcomes == {"web": "aborted"}
    assert "somebody aborted the move on hv1" in ran.error("web")


def test_a_shut_off_guest_that_could_not_move_has_not_gone_off() -> None:
    off = Place(GuestState.SHUT_OFF, True, off=Off.SHUT_DOWN)
    script = Script(failure=GONE, before=Whereabouts(off, None), after=Whereabouts(off, None))
    ran = carry_out(build.move(method=Method.OFFLINE), web=script)
    assert ran.outcomes == {"web": "failed"}
