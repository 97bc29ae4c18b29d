"""Each guest runs exactly once, before and after: whoever does not is named in a sentence."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.invariant import problems
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Guest,
    GuestState,
    JobKind,
    MoveClaim,
    Notes,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

WEB = build.guest()


def fleet(hv1: tuple[Guest, ...] = (), hv2: tuple[Guest, ...] = ()) -> Snapshot:
    return build.snapshot(build.host("hv1", *hv1), build.host("hv2", *hv2))


BEFORE = fleet((WEB,))


@pytest.mark.parametrize(
    ("after", "sentences"),
    [
        (BEFORE, ()),
        (fleet((), (WEB,)), ()),
        (fleet((replace(WEB, state=GuestState.SHUT_OFF),), (WEB,)), ()),
        (fleet((replace(WEB, job=JobKind.OUTGOING),), (replace(WEB, job=JobKind.INCOMING),)), ()),
        (fleet((WEB,), (build.guest("new"),)), ()),
        (fleet((WEB,), (WEB,)), ("web is active on hv1 and hv2 at the same time",)),
        (fleet(), ("web, last seen running on hv1, is on no host that answers",)),
        (
            fleet((), (replace(WEB, state=GuestState.PAUSED),)),
            ("web was running on hv1 and is paused on hv2",),
        ),
        (
            fleet((replace(WEB, state=GuestState.SHUT_OFF),)),
            ("web was running on hv1 and is shut_off on hv1",),
        ),
        (
            build.snapshot(build.host("hv1"), build.host("hv2", state=HostState.UNREACHABLE)),
            ("web, last seen running on hv1, is on no host that answers (no answer from hv2)",),
        ),
    ],
)
def test_what_is_wrong_is_said(after: Snapshot, sentences: tuple[str, ...]) -> None:
    assert problems(BEFORE, after) == sentences


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (MoveClaim("hv1", "hv2", restart=True), ()),
        (MoveClaim("hv1", "hv2"), ("web was shut_off on hv1 and is running on hv1",)),
        (None, ("web was shut_off on hv1 and is running on hv1",)),
    ],
)
def test_a_guest_that_was_shut_down_for_its_move_may_run_again(
    claim: Optional[MoveClaim], said: tuple[str, ...]
) -> None:
    stopped = fleet((replace(WEB, state=GuestState.SHUT_OFF, notes=Notes(claim=claim)),))
    assert problems(stopped, BEFORE) == said
    assert problems(stopped, stopped) == ()


def test_a_guest_that_ran_twice_before_is_still_told() -> None:
    assert problems(fleet((WEB,), (WEB,)), fleet((WEB,), (WEB,))) == ("web is active on hv1 and hv2 at the same time",)


def test_a_guest_in_post_copy_runs_though_it_looks_paused_at_its_source() -> None:
    leaving = build.guest("web", state=GuestState.PAUSED, job=JobKind.OUTGOING)
    arriving = build.guest("web", job=JobKind.INCOMING)
    half_way = build.snapshot(build.host("hv1", guests=(leaving,)), build.host("hv2", guests=(arriving,)))
    arrived = build.snapshot(build.host("hv1"), build.host("hv2", guests=(build.guest("web"),)))
    assert problems(half_way, arrived) == ()
    frozen = build.guest("web", state=GuestState.PAUSED)
    assert len(problems(half_way, build.snapshot(build.host("hv1"), build.host("hv2", guests=(frozen,))))) == 1
