"""Looks are collected by host, and hosts without one are left out."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.virtfleet.migration.plugins.filter.host_checks import host_checks


def test_only_hosts_that_were_looked_at_are_there():
    hostvars = {
        "hv1": {"virtfleet_check": {"check": {"time": 1.0}, "changed": False}},
        "hv2": {"virtfleet_check": {"unreachable": True}},
        "hv3": {},
    }
    assert host_checks(["hv2", "hv1", "hv3"], hostvars) == {"hv1": {"time": 1.0}}


def test_the_variable_can_be_another():
    assert host_checks(["hv1"], {"hv1": {"mine": {"check": {"time": 2.0}}}}, "mine") == {"hv1": {"time": 2.0}}
