"""Settings that libvirt would misread are refused; sensible ones pass unchanged."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import (
    MoveSettings,
    Slots,
    TimeoutAction,
    Transport,
    Wanted,
    check_settings,
    check_slots,
    wanted_by,
)


@pytest.mark.parametrize(
    "settings",
    [MoveSettings(), MoveSettings(bandwidth_mibs=1, max_downtime_ms=1, timeout=1)],
)
def test_sensible_settings_pass_unchanged(settings: MoveSettings) -> None:
    assert check_settings(settings) is settings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (MoveSettings(bandwidth_mibs=0), "bandwidth_mibs is 0. Give a whole number above zero, or leave it out"),
        (
            MoveSettings(bandwidth_mibs=1_000_000_000),
            "bandwidth_mibs is 1000000000, more than 100000. Give MiB/s, not bits: 10 Gbit/s are 1192",
        ),
        (MoveSettings(bandwidth_mibs=-5), "bandwidth_mibs is -5. Give a whole number above zero, or leave it out"),
        (MoveSettings(max_downtime_ms=0), "max_downtime_ms is 0. Give a whole number above zero, or leave it out"),
        (MoveSettings(timeout=-1), "timeout is -1. Give seconds, or 0 for no timeout"),
    ],
)
def test_nonsense_settings_are_refused(settings: MoveSettings, message: str) -> None:
    with pytest.raises(FleetError) as caught:
        check_settings(settings)
    assert str(caught.value) == message


def test_slots_of_one_pass() -> None:
    slots = Slots(1, 1, 1)
    assert check_slots(slots) is slots


@pytest.mark.parametrize("name", ["max_outbound_per_host", "max_inbound_per_host", "max_per_fleet"])
@pytest.mark.parametrize("value", [0, -1])
def test_slots_through_which_nothing_could_move_are_refused(name: str, value: int) -> None:
    with pytest.raises(FleetError, match=f"^{name} is {value}. Give 1 or more$"):
        check_slots(Slots(**{name: value}))


def test_a_policy_and_a_timeout_contradict_each_other() -> None:
    with pytest.raises(FleetError, match=r"^timeout and policy wan are both given\. A policy has its own end"):
        check_settings(MoveSettings(policy="wan", timeout=10))


def test_an_unknown_policy_is_refused_with_a_suggestion() -> None:
    with pytest.raises(FleetError) as caught:
        check_settings(MoveSettings(policy="minimal-downtime"))
    assert str(caught.value) == (
        "the option policy names an unknown policy 'minimal-downtime'. Did you mean minimal_downtime? "
        "Known are minimal_downtime, post_copy, suspend_if_needed, very_large, wan"
    )


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        (MoveSettings(), Wanted()),
        (MoveSettings(transport=Transport.DIRECT, tls=False), Wanted(Transport.DIRECT, tls=False)),
        (MoveSettings(timeout=60, timeout_action=TimeoutAction.POST_COPY), Wanted(post_copy=True)),
        (MoveSettings(timeout_action=TimeoutAction.POST_COPY), Wanted()),
        (MoveSettings(policy="post_copy"), Wanted(post_copy=True)),
        (MoveSettings(policy="suspend_if_needed"), Wanted()),
    ],
)
def test_hosts_are_judged_for_the_way_in_which_guests_are_moved(settings: MoveSettings, wanted: Wanted) -> None:
    assert wanted_by(settings) == wanted
