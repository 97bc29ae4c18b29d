"""A guest that is not whole is refused, mended when that is allowed, and told of, before anything is planned."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.mend import (
    Whole,
    made_whole,
    mentioned,
    not_mended,
    with_mended,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import DriverError, Failure
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import GuestState, JobKind, MoveClaim
from ansible_collections.virtfleet.migration.plugins.module_utils._model.half_done import (
    Copies,
    Copy,
    Deed,
    Standing,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

RUNS = build.guest("web")
GHOST = build.guest("web", state=GuestState.PAUSED, job=JobKind.INCOMING, has_run=False, persistent=False)
HOSTS = build.host("hv1", RUNS), build.host("hv2", GHOST)
HAUNTED, WHOLE = build.snapshot(*HOSTS), build.snapshot(HOSTS[0], build.host("hv2"))
RUNNING = Copy("hv1", Standing.RUNS, ran=True)
HELD = Copy("hv2", Standing.HELD, ran=False, job=JobKind.INCOMING, persistent=False)
SAID = "web: the paused copy on hv2 is destroyed; the guest is on hv1"


class FakeMender:
    """Shows what it is told to, the last again and again, and writes down what is done. ``fails``: every deed does."""

    def __init__(self, *looks: tuple[Copy, ...], fails: bool = False) -> None:
        self._looks, self._fails = list(looks), fails
        self.done: list[str] = []
        self.asked: list[str] = []
        self.waited = 0.0

    def look(self, guest: str, name: str, hosts: Sequence[str]) -> Copies:
        self.asked = list(hosts)
        found = self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]
        return Copies(guest, name, found, tuple(hosts))

    def wait(self, seconds: float) -> None:
        self.waited += seconds

    def do(self, deed: Deed) -> None:
        if self._fails:
            raise DriverError(Failure("internal error", "Look at its log"))
        self.done.append(f"{deed.action.value} {deed.host}")


def make(
    fleet: Snapshot, mender: FakeMender, mend: bool = True, again: Optional[Snapshot] = WHOLE, guest: str = "web"
) -> tuple[Whole, list[tuple[str, Mapping[str, Any]]]]:
    events: list[tuple[str, Mapping[str, Any]]] = []
    look = None if again is None else (lambda: again)
    return made_whole(fleet, guest, mend, mender, lambda *event: events.append(event), look), events


@pytest.mark.parametrize("mend", [True, False])
@pytest.mark.parametrize("guest", ["web", "nobody"])
def test_a_guest_that_is_whole_costs_no_look(mend: bool, guest: str) -> None:
    mender = FakeMender()
    whole, events = make(WHOLE, mender, mend, guest=guest)
    assert (whole.fleet, whole.mended, whole.refusal, events, mender.waited) == (WHOLE, (), None, [], 0.0)


def test_without_the_option_it_is_refused_and_the_option_is_named() -> None:
    mender = FakeMender()
    with pytest.raises(FleetError, match="hv2 has a paused incoming copy of it") as refused:
        make(HAUNTED, mender, mend=False)
    assert "mend: true" in (refused.value.remedy or "")
    assert mender.asked == []


def test_what_is_proven_by_two_looks_is_done_and_the_fleet_looked_at_anew() -> None:
    mender = FakeMender((RUNNING, HELD))
    whole, events = make(HAUNTED, mender)
    assert (mender.done, mender.asked, mender.waited) == (["destroy hv2"], ["hv1", "hv2"], 2.0)
    assert whole.fleet is WHOLE
    assert [(name, facts["message"]) for name, facts in events] == [("made_whole", SAID)]
    assert whole.mended == ({"action": "destroy", "host": "hv2", "message": SAID},)


def test_check_mode_looks_and_does_nothing() -> None:
    mender = FakeMender((RUNNING, HELD))
    whole, events = make(HAUNTED, mender, again=None)
    assert (mender.done, events) == ([], [])
    assert [guest.name for host in whole.fleet.hosts for guest in host.guests] == ["web"]
    assert [each["message"] for each in whole.mended] == [SAID]


def test_check_mode_foresees_a_guest_resumed() -> None:
    left = replace(GHOST, has_run=True, persistent=True)
    fleet = build.snapshot(build.host("hv1", left, build.guest("db")), build.host("hv2"))
    claim = MoveClaim("hv1", "hv2")
    mender = FakeMender((Copy("hv1", Standing.HELD, ran=True, job=JobKind.INCOMING, claim=claim),))
    whole, _events = make(fleet, mender, again=None)
    states = {guest.name: (guest.state, guest.job) for host in whole.fleet.hosts for guest in host.guests}
    assert states["web"] == (GuestState.RUNNING, None)
    assert [each["action"] for each in whole.mended] == ["resume"]


def test_copies_that_change_meanwhile_are_left_alone() -> None:
    mender = FakeMender((RUNNING, HELD), (replace(RUNNING, job=JobKind.OUTGOING), HELD))
    whole, _events = make(HAUNTED, mender)
    assert whole.refusal is not None
    assert (whole.refusal["code"], mender.done) == ("changes", [])


def test_what_is_not_proven_is_left_alone_with_code_cause_and_way_out() -> None:
    mender = FakeMender((RUNNING, replace(HELD, standing=Standing.PAUSED, job=None)))
    whole, _events = make(HAUNTED, mender)
    assert whole.refusal is not None
    result = not_mended(whole.refusal)
    assert (result["failed"], result["changed"], result["refusal"]["code"]) == (True, False, "own_state")
    assert result["msg"] == (
        "web is not mended: its copy on hv2 was paused by somebody, and may hold what is wanted. "
        "Look into it, then resume or destroy it there"
    )
    assert mender.done == []


def test_hosts_that_do_not_answer_are_counted_and_not_asked() -> None:
    silent = build.host("hv3", state=HostState.UNREACHABLE)
    left = replace(GHOST, has_run=True, persistent=True)
    fleet = build.snapshot(build.host("hv1", left), build.host("hv2"), silent)
    mender = FakeMender((Copy("hv1", Standing.HELD, ran=True, job=JobKind.INCOMING, claim=MoveClaim("hv1", "hv2")),))
    whole, _events = make(fleet, mender)
    assert whole.refusal is not None
    assert (whole.refusal["code"], mender.asked) == ("other_end_silent", ["hv1", "hv2"])
    assert "hv3" in whole.refusal["message"]


def test_a_deed_that_fails_ends_the_run_with_its_reason() -> None:
    with pytest.raises(FleetError, match="web could not be mended on hv2: internal error") as failed:
        make(HAUNTED, FakeMender((RUNNING, HELD), fails=True))
    assert failed.value.remedy == "Look at its log"


def test_what_was_mended_is_told_with_diff_and_counts_as_a_change() -> None:
    whole, _events = make(HAUNTED, FakeMender((RUNNING, HELD)))
    placement = {"hv1": ["web"], "hv2": []}
    moved = {"changed": False, "text": ["nothing to move"], "diff": {"before": placement, "after": placement}}
    told = with_mended(moved, whole)
    assert told["changed"] is True
    assert told["text"] == [SAID, "nothing to move"]
    assert told["diff"]["before"]["copies of web"] == {
        "hv1": "running, defined",
        "hv2": "paused by a migration, not defined",
    }
    assert told["diff"]["after"]["copies of web"] == {"hv1": "running, defined"}
    assert with_mended(moved, Whole(WHOLE)) == {**moved, "mended": []}


def test_a_refusal_of_what_comes_next_says_what_was_mended_before() -> None:
    whole, _events = make(HAUNTED, FakeMender((RUNNING, HELD)))
    with pytest.raises(FleetError, match=r"no room .mended before: web: the paused copy"), mentioned(whole):
        raise FleetError("no room", "Make some")
    with pytest.raises(FleetError, match=r"^no room\. Make some$"), mentioned(Whole(WHOLE)):
        raise FleetError("no room", "Make some")
