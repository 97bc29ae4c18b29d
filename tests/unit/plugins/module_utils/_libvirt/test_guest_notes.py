"""A guest's labels and rules are set, changed and removed, in every definition of it. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import guest_notes
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.guest_notes import Wish
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Guest,
    GuestState,
    JobKind,
    MoveClaim,
    Notes,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest_policy import Fallback, GuestPolicy
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import GuestRule, RuleKind, Scope
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Located, Snapshot

APART = GuestRule(RuleKind.ANTI_AFFINITY, group="web")
PIN = GuestRule(RuleKind.PIN, hosts=("hv1", "hv2"), hard=False)
CLAIM = MoveClaim("hv1", "hv2")
LIVE, CONFIG = 1, 2


def change(domain, write=True, **wish):
    guest_notes.check_wish(Wish(**wish))
    return guest_notes._change(domain, Wish(**wish), write)


@pytest.mark.parametrize(("active", "persistent"), [(True, True), (True, False), (False, True)])
def test_labels_and_rules_are_set_once_in_each_definition(domain_of, active, persistent):
    domain = domain_of(active, persistent)
    assert change(domain, labels={"app": "shop"}, rules=(APART,)).changed
    for which in [LIVE] * active + [CONFIG] * persistent:
        assert (domain.notes(which).labels, domain.notes(which).rules) == ({"app": "shop"}, (APART,))
    assert not change(domain, labels={"app": "shop"}, rules=(APART,)).changed
    assert domain.written == 1


def test_looking_only_writes_nothing(domain_of):
    domain = domain_of()
    found = change(domain, write=False, labels={"app": "shop"})
    assert (found.changed, found.before.labels, found.after.labels) == (True, {}, {"app": "shop"})
    assert domain.written == 0


def test_a_persistent_definition_that_differs_is_mended(domain_of):
    domain = domain_of()
    domain.put('<guest><label name="app" value="shop"/></guest>', which=(LIVE,))
    found = change(domain, labels={"app": "shop"})
    assert (found.changed, found.before.labels) == (True, {})
    assert domain.notes(CONFIG).labels == {"app": "shop"}


def test_home_and_claim_of_a_move_stay(domain_of):
    domain = domain_of()
    guest_notes.write_notes(domain, Notes(home="hv1", claim=CLAIM), True, True)
    change(domain, labels={"app": "shop"})
    change(domain, remove=True)
    assert domain.notes() == Notes(home="hv1", claim=CLAIM)


@pytest.mark.parametrize(
    ("wish", "labels", "rules"),
    [
        ({"labels": {"b": "2"}}, {"b": "2"}, (APART, PIN)),
        ({"labels": {"b": "2"}, "append": True}, {"a": "1", "b": "2"}, (APART, PIN)),
        ({"labels": {}}, {}, (APART, PIN)),
        ({"rules": ()}, {"a": "1"}, ()),
        ({"rules": (APART,)}, {"a": "1"}, (APART,)),
        ({"rules": (APART,), "append": True}, {"a": "1"}, (APART, PIN)),
        ({"labels": {"a": ""}, "remove": True}, {}, (APART, PIN)),
        ({"rules": (GuestRule(RuleKind.PIN, hosts=("hv2", "hv1"), hard=False),), "remove": True}, {"a": "1"}, (APART,)),
        ({"remove": True}, {}, ()),
        ({}, {"a": "1"}, (APART, PIN)),
    ],
)
def test_what_is_given_is_changed_and_the_rest_stays(wish, labels, rules):
    found = guest_notes.wished(Notes(labels={"a": "1"}, rules=(PIN, APART)), Wish(**wish))
    assert (found.labels, found.rules) == (labels, rules)


FIRST = GuestPolicy("wan", 500, Fallback.MAY_PAUSE, 10)


@pytest.mark.parametrize(
    ("wish", "policy", "home"),
    [
        ({"policy": {"priority": 3}}, GuestPolicy("wan", 500, Fallback.MAY_PAUSE, 3), "hv1"),
        ({"policy": {"fallback": Fallback.LEAVE}, "home": "hv2"}, GuestPolicy("wan", 500, Fallback.LEAVE, 10), "hv2"),
        ({"labels": {"a": "1"}}, FIRST, "hv1"),
        ({"policy": {"priority": 99}, "remove": True}, GuestPolicy("wan", 500, Fallback.MAY_PAUSE), "hv1"),
        (
            {"policy": {"policy": "x", "max_downtime_ms": 1}, "remove": True},
            GuestPolicy(None, None, Fallback.MAY_PAUSE, 10),
            "hv1",
        ),
        ({"home": "hv9", "remove": True}, FIRST, None),
        ({"remove": True}, GuestPolicy(), "hv1"),
    ],
)
def test_policy_and_home_are_set_and_taken_away_field_by_field(domain_of, wish, policy, home):
    domain = domain_of()
    guest_notes.write_notes(domain, Notes(home="hv1", policy=FIRST), True, True)
    assert change(domain, **wish).changed is ((policy, home) != (FIRST, "hv1") or "labels" in wish)
    for which in (LIVE, CONFIG):
        assert (domain.notes(which).policy, domain.notes(which).home) == (policy, home)
    assert not change(domain, **wish).changed


def test_an_unreadable_policy_goes_with_everything_else_only(domain_of):
    domain = domain_of()
    domain.put('<guest><policy fallback="pray"/></guest>')
    assert change(domain, labels={"a": "1"}).changed
    assert "pray" in domain.metadata[LIVE]
    assert change(domain, remove=True).changed
    assert domain.metadata == {LIVE: "", CONFIG: ""}
    assert not change(domain, remove=True).changed


def test_a_home_is_a_host_of_the_fleet():
    fleet = Snapshot("", (Host("hv1", HostState.UNREACHABLE),))
    guest_notes.check_home(Wish(home="hv1"), fleet)
    guest_notes.check_home(Wish(home="gone", remove=True), fleet)
    with pytest.raises(FleetError, match="home is 'gone', which is not in hosts"):
        guest_notes.check_home(Wish(home="gone"), fleet)


def test_the_order_of_rules_and_names_means_nothing(domain_of):
    domain = domain_of()
    change(domain, rules=(APART, PIN))
    turned = GuestRule(RuleKind.PIN, hosts=("hv2", "hv1"), hard=False)
    assert not change(domain, rules=(turned, APART, APART)).changed


UNREADABLE = '<guest><home host="hv1"/><rule kind="orbit"/><later x="1"/></guest>'


def test_what_a_newer_version_wrote_is_kept_by_every_write(domain_of):
    domain = domain_of()
    domain.put(UNREADABLE)
    change(domain, labels={"app": "shop"})
    guest_notes.write_notes(domain, Notes(), True, True)
    assert "orbit" in domain.metadata[LIVE]
    assert "later" in domain.metadata[CONFIG]


def test_rules_are_not_added_to_one_that_can_not_be_read(domain_of):
    domain = domain_of()
    domain.put(UNREADABLE)
    with pytest.raises(FleetError, match="'orbit' that this version can't read"):
        change(domain, rules=(APART,), append=True)
    assert change(domain, rules=()).changed
    assert "orbit" not in domain.metadata[LIVE]
    assert "later" in domain.metadata[LIVE]
    assert not change(domain, rules=()).changed


@pytest.mark.parametrize("name", ["<b>&\"'{{ 7 }}", "zürich 東京", "]]>", "a b", "$(reboot)"])
def test_a_hostile_name_is_only_text(domain_of, name):
    domain = domain_of()
    rule = GuestRule(RuleKind.AFFINITY, group=name, scope=Scope.RACK)
    change(domain, labels={name: name}, rules=(rule,))
    assert (domain.notes(CONFIG).labels, domain.notes(CONFIG).rules) == ({name: name}, (rule,))


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"labels": {"a": "x\x00"}}, "control character"),
        ({"labels": {"a\nb": "x"}}, "control character"),
        ({"labels": {"a": "\ud800"}}, "control character"),
        ({"rules": (GuestRule(RuleKind.BAN, hosts=("hv\t1",)),)}, "control character"),
        ({"labels": {"": "x"}}, "a label has no name"),
        ({"rules": (GuestRule(RuleKind.AFFINITY),)}, "kind affinity has no group"),
        ({"rules": (GuestRule(RuleKind.PIN),)}, "kind pin names no hosts"),
        ({"rules": (GuestRule(RuleKind.PIN, group="a", hosts=("h",)),)}, "kind pin has a group or a scope"),
        ({"rules": (GuestRule(RuleKind.AFFINITY, group="a", hosts=("h",)),)}, "names hosts, which mean nothing"),
        ({"rules": (GuestRule(RuleKind.METHODS),)}, "kind methods names no methods"),
        ({"rules": (GuestRule(RuleKind.METHODS, methods=("warp",)),)}, "knows no method 'warp'"),
        ({"rules": (GuestRule(RuleKind.BAN, hosts=("h",), methods=("live",)),)}, "names methods, which mean nothing"),
        ({"rules": (GuestRule(RuleKind.MAX_GUESTS),)}, "speaks of hosts and not of a guest"),
        ({"append": True, "remove": True}, "contradict one another"),
        ({"policy": {"policy": "my policy"}}, "policy 'my policy' is no name"),
        ({"policy": {"policy": ""}}, "policy '' is no name"),
        ({"policy": {"max_downtime_ms": 0}}, "max_downtime_ms is 0"),
        ({"policy": {"max_downtime_ms": 2_000_001}}, "max_downtime_ms is 2000001"),
        ({"policy": {"priority": -1001}}, "priority is -1001"),
    ],
)
def test_nonsense_is_refused_before_anything_is_written(domain_of, wish, message):
    domain = domain_of()
    with pytest.raises(FleetError, match=message):
        change(domain, **wish)
    assert domain.written == 0


def located(host, state=GuestState.RUNNING, job=None):
    return Located(host, Guest("u", "web", state, 1, 1, job=job))


def resident(*places):
    hosts = tuple(Host(place.host, HostState.SCHEDULABLE, guests=(place.guest,)) for place in places)
    return guest_notes.resident(Snapshot("", hosts), places[0])


def test_a_guest_that_is_moving_or_runs_twice_is_left_alone():
    assert resident(located("hv1"), located("hv2", GuestState.SHUT_OFF)).host == "hv1"
    with pytest.raises(FleetError, match="is being moved"):
        resident(located("hv1", job=JobKind.OUTGOING), located("hv2", job=JobKind.INCOMING))
    with pytest.raises(FleetError, match="runs on several hosts: hv1, hv2"):
        resident(located("hv1"), located("hv2"))
