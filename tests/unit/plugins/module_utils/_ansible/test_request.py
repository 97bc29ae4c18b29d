"""The options of a request become a request; what is wrong whatever the fleet is refused with words."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import fields

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.request import (
    GOALS,
    request_of,
    request_spec,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.balance import AsIfStarted
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import (
    Goal,
    Method,
    Request,
    SurviveLoss,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import Rule, RuleKind, Scope, When
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Slots, Wanted


def validated(**options):
    result = ArgumentSpecValidator(request_spec(required=False)).validate({"goal": "evacuate", **options})
    assert not result.error_messages, result.error_messages
    return result.validated_parameters


def given(moved=None, **options):
    return request_of(validated(**options), moved or Wanted())


def test_hosts_may_be_names_with_commas():
    assert given(goal_hosts="hv1, hv2") == Request(Goal.EVACUATE, hosts=("hv1", "hv2"))


def test_the_method_is_left_to_the_guests_state_unless_given():
    assert given(goal_hosts=["hv1"], method="paused").method is Method.PAUSED
    assert given(goal_hosts=["hv1"]).method is None


def test_no_destinations_given_as_an_empty_text_are_no_limit():
    assert given(goal_hosts=["hv1"], dests="").dests == ()


@pytest.mark.parametrize("goal", ["evacuate", "restore", "move"])
@pytest.mark.parametrize("hosts", ["", [], [""], None])
def test_a_request_about_no_host_is_refused(goal, hosts):
    with pytest.raises(FleetError, match=rf"no host is given\. Say which hosts the goal {goal} is about"):
        given(goal=goal, goal_hosts=hosts)


def test_a_site_stands_for_its_hosts():
    assert given(goal_sites=["north"]).sites == ("north",)


@pytest.mark.parametrize("goal", ["relocate", "consolidate", "balance", "rolling", "repair"])
def test_goals_of_the_whole_fleet_need_no_host(goal):
    assert given(goal=goal) == Request(Goal(goal))


def test_every_goal_of_the_model_can_be_asked_for():
    assert tuple(goal.value for goal in Goal) == GOALS


def test_every_field_of_a_request_has_its_option():
    wanted = Request(
        goal=Goal.ROLLING,
        hosts=("hv1",),
        guests=("web",),
        dests=("hv2",),
        method=Method.PAUSED,
        slots=Slots(1, 2, 3),
        sites=("north",),
        labels={"tier": "db"},
        dest_sites=("south",),
        dest_labels={"cpu": "7"},
        dest_of={"tier=db": "south"},
        near="paris",
        max_latency_ms=20.0,
        all_or_none=True,
        rules=(Rule("pin", RuleKind.PIN, ("web",), hosts=("hv1",)),),
        headroom_percent=10.0,
        max_cpu_percent=80.0,
        survive_loss=SurviveLoss.KEEP,
        displace=False,
        bring_back=True,
        wake=True,
        max_moves=4,
        max_bytes=2 * 1024**3,
        keep_on=("hv3",),
        min_on=2,
        high_cpu_percent=90.0,
        horizon_hours=8.0,
        min_on_minutes=60.0,
        min_off_minutes=5.0,
        price_per_kwh=0.3,
        currency="EUR",
        co2_g_per_kwh=380.0,
        threshold=0.1,
        min_gain=0.2,
        aggressiveness=4,
        weights={"disk": 0.5},
        cooldown_minutes=15.0,
        mend_rules=False,
        as_if_started=AsIfStarted.ALL,
        max_at_once=None,
        one_per=Scope.RACK,
        return_home=True,
        first=("hv4",),
        last=("db",),
        group_label="application",
        max_split_minutes=30.0,
        wanted=Wanted(tls=False),
    )
    plain = Request(Goal.EVACUATE)
    same = [field.name for field in fields(Request) if getattr(wanted, field.name) == getattr(plain, field.name)]
    assert same == [], "a field that this test does not set would not be noticed"
    assert wanted == given(
        Wanted(tls=False),
        goal="rolling",
        goal_hosts=["hv1"],
        goal_sites=["north"],
        guests=["web"],
        guest_labels={"tier": "db"},
        dests=["hv2"],
        dest_sites=["south"],
        dest_labels={"cpu": 7},
        dest_of={"tier=db": "south"},
        near="paris",
        max_latency_ms=20,
        all_or_none=True,
        method="paused",
        max_outbound_per_host=1,
        max_inbound_per_host=2,
        max_per_fleet=3,
        rules=[{"name": "pin", "kind": "pin", "guests": "web", "hosts": ["hv1"]}],
        headroom_percent=10,
        max_cpu_percent=80,
        survive_loss="keep",
        displace=False,
        bring_back=True,
        wake=True,
        max_moves=4,
        max_bytes="2G",
        keep_on=["hv3"],
        min_on=2,
        high_cpu_percent=90,
        horizon_hours=8,
        min_on_minutes=60,
        min_off_minutes=5,
        price_per_kwh=0.3,
        currency="EUR",
        co2_g_per_kwh=380,
        threshold=0.1,
        min_gain=0.2,
        aggressiveness=4,
        weights={"disk": 0.5},
        cooldown_minutes=15.0,
        mend_rules=False,
        as_if_started="all",
        max_at_once=0,
        one_per="rack",
        return_home=True,
        first=["hv4"],
        last=[" db"],
        group_label="application",
        max_split_minutes=30,
    )


def test_without_options_a_request_has_the_defaults_of_the_model():
    assert given(goal="balance") == Request(Goal.BALANCE)


def test_every_field_of_a_rule_has_its_option():
    wanted = Rule(
        name="apart",
        kind=RuleKind.ANTI_AFFINITY,
        guests=("db-*",),
        labels={"role": "db"},
        group_by="cluster",
        hosts=("hv*",),
        host_labels={"gpu": "True"},
        sites=("north",),
        racks=("r1",),
        scope=Scope.RACK,
        hard=False,
        when=When.AT_END,
        most=2,
    )
    options = {
        "name": "apart",
        "kind": "anti_affinity",
        "guests": ["db-*"],
        "labels": {"role": "db"},
        "group_by": "cluster",
        "hosts": ["hv*"],
        "host_labels": {"gpu": True},
        "sites": ["north"],
        "racks": ["r1"],
        "scope": "rack",
        "hard": False,
        "when": "at_end",
        "most": 2,
    }
    assert given(goal="balance", rules=[options]).rules == (wanted,)
    methods = {"name": "m", "kind": "methods", "guests": ["db"], "methods": ["live", "offline"]}
    assert given(goal="balance", rules=[methods]).rules[0].methods == ("live", "offline")
    covered = {*options, "methods"}
    assert covered == {field.name for field in fields(Rule)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rules": [{"name": "a", "kind": "pin", "guests": ["web"]}]}, r"rule 'a' names no hosts"),
        ({"rules": [{"name": "a", "kind": "affinity"}]}, r"rule 'a' names no guests"),
        ({"rules": [{"name": "a", "kind": "max_guests"}]}, r"rule 'a' has no number in most"),
        ({"rules": [{"name": "a", "kind": "max_guests", "most": 1}] * 2}, r"two rules are called 'a'"),
        ({"rules": [{"name": "", "kind": "max_guests", "most": 1}]}, r"a rule has no name"),
        ({"max_at_once": -1}, r"max_at_once is -1\. Give 1 or more, or 0 for as many as fit"),
        ({"max_per_fleet": 0}, r"max_per_fleet is 0\. Give 1 or more"),
    ],
)
def test_what_is_wrong_whatever_the_fleet_is_refused_before_anybody_is_asked(options, message):
    with pytest.raises(FleetError, match=message):
        given(goal="balance", **options)
