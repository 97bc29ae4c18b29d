"""The module as a playbook calls it: labels and rules of one guest, once, in check mode, and refused clearly."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import io
import json
import sys

import pytest
import yaml
from ansible.module_utils import basic
from ansible.module_utils.common.text.converters import to_bytes
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.guest_notes import Change, wished
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestState, Notes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.modules import guest_rules

HOSTS = [{"name": "hv1", "uri": "qemu+tls://hv1/system"}, {"name": "hv2", "uri": "qemu+tls://hv2/system"}]
HOSTILE = "<b>'{{ 7 * 7 }}"


def guest(uuid, name):
    return Guest(uuid, name, GuestState.RUNNING, 1, 1)


FLEET = Snapshot(
    "",
    (
        Host("hv1", HostState.SCHEDULABLE, guests=(guest("u-1", "web"), guest("u-3", "twin"))),
        Host("hv2", HostState.SCHEDULABLE, guests=(guest("u-2", HOSTILE), guest("u-4", "twin"))),
    ),
)


@pytest.fixture
def call(monkeypatch, capsys):
    """Run the module on a fleet of two hosts whose guests' notes are a dictionary."""
    kept = {}

    def change_notes(_fleet, host, uuid, wish, write):
        before = kept.get((host, uuid), Notes())
        after = wished(before, wish)
        if write:
            kept[host, uuid] = after
        return Change(before != after, before, after)

    monkeypatch.setattr(guest_rules, "libvirt", object())
    monkeypatch.setattr(guest_rules, "Fleet", lambda *_arguments: contextlib.nullcontext())
    monkeypatch.setattr(guest_rules, "survey", lambda _fleet: FLEET)
    monkeypatch.setattr(guest_rules, "change_notes", change_notes)

    def run(check=False, **options):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        arguments = {"hosts": HOSTS, **options, "_ansible_check_mode": check}
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", to_bytes(json.dumps({"ANSIBLE_MODULE_ARGS": arguments})))
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        with pytest.raises(SystemExit):
            guest_rules.main()
        return json.loads(capsys.readouterr().out)

    return run


RULE = {"kind": "anti_affinity", "group": "web", "scope": "rack"}
WHOLE = {**RULE, "hard": True, "hosts": [], "methods": []}
UNSAID = {"policy": None, "max_downtime_ms": None, "fallback": None, "priority": 0}


@pytest.mark.parametrize("name", ["web", "u-1"])
def test_labels_and_rules_are_set_once(call, name):
    first = call(guest=name, labels={"tier": 1}, rules=[RULE])
    assert first["changed"], first
    assert first["guest"] == {"name": "web", "uuid": "u-1", "host": "hv1"}
    assert (first["labels"], first["rules"]) == ({"tier": "1"}, [WHOLE])
    assert first["diff"] == {
        "before": {"labels": {}, "rules": [], "policy": UNSAID, "home": None},
        "after": {"labels": {"tier": "1"}, "rules": [WHOLE], "policy": UNSAID, "home": None},
    }
    assert not call(guest=name, labels={"tier": 1}, rules=[RULE])["changed"]


def test_check_mode_predicts_and_changes_nothing(call):
    found = call(check=True, guest="web", labels={"a": "b"})
    assert (found["changed"], found["labels"]) == (True, {"a": "b"})
    assert call(check=True, guest="web", labels={"a": "b"})["changed"]


def test_what_is_absent_goes_and_is_gone(call):
    call(guest="web", labels={"a": "1", "b": "2"}, rules=[RULE])
    assert call(guest="web", state="absent", labels={"a": ""})["labels"] == {"b": "2"}
    gone = call(guest="web", state="absent")
    assert (gone["changed"], gone["labels"], gone["rules"]) == (True, {}, [])
    assert not call(guest="web", state="absent")["changed"]


def test_nothing_given_only_tells(call):
    call(guest="web", labels={"a": "1"})
    found = call(guest="web")
    assert (found["changed"], found["labels"]) == (False, {"a": "1"})


def test_policy_and_home_are_set_once_and_taken_away(call):
    wanted = {"policy": "wan", "max_downtime_ms": 500, "fallback": "may_shut_down", "priority": 0, "home": "hv2"}
    first = call(guest="web", **wanted)
    assert (first["changed"], {**first["policy"], "home": first["home"]}) == (True, wanted)
    assert not call(guest="web", **wanted)["changed"]
    gone = call(guest="web", state="absent", fallback="leave", home="hv1")
    assert (gone["policy"], gone["home"]) == ({**UNSAID, "policy": "wan", "max_downtime_ms": 500}, None)
    assert call(guest="web", state="absent")["policy"] == UNSAID


def test_a_hostile_name_is_found_as_it_is(call):
    found = call(guest=HOSTILE, labels={HOSTILE: HOSTILE})
    assert (found["guest"]["name"], found["guest"]["host"]) == (HOSTILE, "hv2")
    assert found["labels"] == {HOSTILE: HOSTILE}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"guest": "wbe"}, "no guest is called 'wbe'"),
        ({"guest": "twin"}, "several guests are called 'twin'"),
        ({"guest": "web", "rules": [{"kind": "max_guests"}]}, "value of kind must be one of"),
        ({"guest": "web", "fallback": "pray"}, "value of fallback must be one of"),
        ({"guest": "web", "priority": "high"}, "priority"),
        ({"guest": "web", "home": "hv9"}, "home is 'hv9', which is not in hosts"),
    ],
)
def test_what_makes_no_sense_is_one_clear_message(call, options, message):
    found = call(**options)
    assert found["failed"]
    assert message in found["msg"]


def test_options_and_their_documentation_agree():
    options = yaml.safe_load(guest_rules.DOCUMENTATION)["options"]
    documented = {**options["rules"]["suboptions"], **{name: options[name] for name in guest_rules.POLICY_OPTIONS}}
    assert options["rules"]["suboptions"].keys() == guest_rules.RULE_OPTIONS.keys()
    for name, option in {**guest_rules.RULE_OPTIONS, **guest_rules.POLICY_OPTIONS}.items():
        said = documented[name]
        assert (said["type"], said.get("choices"), said.get("default")) == (
            option["type"],
            option.get("choices"),
            option.get("default"),
        ), name
