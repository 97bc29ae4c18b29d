"""Looks on hosts come into a snapshot by name, and a host without one is named. Touches no host."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.checks import (
    checks_spec,
    unchecked_lines,
    wanted_of,
    wanted_spec,
    with_checks,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import to_json
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host_check import HostCheck
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Transport, Wanted
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot

LOOK = HostCheck(1.0)
FLEET = Snapshot(
    "2026-01-01T00:00:00Z",
    (
        Host("hv1", HostState.MAINTENANCE, guests=(Guest("u", "web", GuestState.RUNNING, 1, 1),)),
        Host("hv2", HostState.SCHEDULABLE),
        Host("hv3", HostState.MAINTENANCE),
        Host("hv4", HostState.UNREACHABLE),
        Host("hv5", HostState.STANDBY),
    ),
)


def test_looks_that_were_given_are_in_the_snapshot():
    assert with_checks(FLEET, {"host_checks": {"hv2": to_json(LOOK)}}).host_checks == {"hv2": LOOK}


def test_without_any_those_of_a_saved_snapshot_stay():
    saved = replace(FLEET, host_checks={"hv1": LOOK})
    assert with_checks(saved, {"host_checks": checks_spec()["host_checks"]["default"]}) == saved


def test_looks_of_another_fleet_are_refused():
    with pytest.raises(FleetError, match="host_checks has 'hv9', which is not in hosts"):
        with_checks(FLEET, {"host_checks": {"hv9": to_json(LOOK)}})


def test_what_no_look_gave_is_refused_by_its_place():
    with pytest.raises(FleetError, match=r"host_checks\.hv2\.free_ports: expected a whole number"):
        with_checks(FLEET, {"host_checks": {"hv2": {**to_json(LOOK), "free_ports": "many"}}})


def test_a_host_that_guests_may_leave_or_come_to_is_named_where_only_others_were_looked_at():
    assert unchecked_lines(FLEET) == []
    lines = unchecked_lines(replace(FLEET, host_checks={"hv3": LOOK}))
    assert [line.split()[1] for line in lines] == ["hv1", "hv2"]


def test_how_guests_would_be_moved_is_what_the_options_say():
    defaults = {name: option["default"] for name, option in wanted_spec().items()}
    assert wanted_of(defaults) == Wanted()
    given = {"transport": "direct", "tls": False, "post_copy": True}
    assert wanted_of(given) == Wanted(Transport.DIRECT, tls=False, post_copy=True)
