"""The module as a playbook calls it: a snapshot in, a verdict for each guest and host out, or one clear message."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import json
import sys

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common.text.converters import to_bytes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import to_json
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.modules import migration_check_info

GIB = 1024**3


def guest(name, **changes):
    return Guest(f"uuid-{name}", name, GuestState.RUNNING, GIB, 1, **changes)


def host(name, *guests, **changes):
    size = {"memory": 9 * GIB, "allocatable_memory": 8 * GIB, "cpus": 8, "allocatable_vcpus": 32}
    values = {"state": HostState.SCHEDULABLE, "virt_types": ("kvm",), "guests": guests, **size, **changes}
    return Host(name, **values)


FLEET = Snapshot(
    "2026-01-01T00:00:00Z",
    (
        host("hv1", guest("db", snapshots=1), guest("web"), qemu_version=10_000_000),
        host("hv2", guest("mail"), qemu_version=7_002_000),
        host("hv3", state=HostState.UNREACHABLE, error="no answer within 15 s"),
    ),
)


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    (tmp_path / "fleet.json").write_text(json.dumps(to_json(FLEET)))

    def run(**options):
        options.setdefault("snapshot_file", str(tmp_path / "fleet.json"))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        text = to_bytes(json.dumps({"ANSIBLE_MODULE_ARGS": {**options, "_ansible_tmpdir": str(tmp_path)}}))
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", text)
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        with pytest.raises(SystemExit):
            migration_check_info.main()
        return json.loads(capsys.readouterr().out)

    return run


def pairs(result):
    return [(entry["name"], entry["source"], entry["dest"], entry["ok"]) for entry in result["matrix"]]


def test_without_names_every_guest_meets_every_host(call):
    result = call()
    assert pairs(result) == [
        ("db", "hv1", "hv2", False),
        ("db", "hv1", "hv3", False),
        ("mail", "hv2", "hv1", True),
        ("mail", "hv2", "hv3", False),
        ("web", "hv1", "hv2", True),
        ("web", "hv1", "hv3", False),
    ]
    assert result["unreachable_hosts"] == {"hv3": "no answer within 15 s"}
    assert (result["totals"]["ok"], result["totals"]["guests_without_host"]) == (2, 1)


def test_guests_and_hosts_can_be_chosen(call):
    assert pairs(call(guests=["web"], dests=["hv2"])) == [("web", "hv1", "hv2", True)]
    assert {entry["name"] for entry in call(sources=["hv2"])["matrix"]} == {"mail"}
    assert {entry["name"] for entry in call(sources=["hv2"], guests=["web"])["matrix"]} == {"mail", "web"}


def test_warnings_do_not_forbid(call):
    (entry,) = call(guests=["web"], dests=["hv2"])["matrix"]
    assert [warning["code"] for warning in entry["warnings"]] == ["older_release"]
    assert entry["refusals"] == []


def test_what_was_found_on_the_hosts_is_judged_too(call):
    blocked = {"name": "hv2", "address": "192.0.2.2", "addresses": ["192.0.2.2"], "blocked": "port 49152: no answer"}
    (entry,) = call(
        guests=["web"], dests=["hv2"], host_checks={"hv1": {"time": 1.0, "peers": [blocked]}, "hv2": {"time": 1.0}}
    )["matrix"]
    assert [refusal["code"] for refusal in entry["refusals"]] == ["ports_blocked"]
    assert entry["ok"] is False


def test_text_is_for_people(call):
    text = "\n".join(call(guests=["db"], dests=["hv2"])["text"])
    assert "it has 1 libvirt snapshots, with which libvirt does not migrate; delete them first" in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"guests": ["wbe"]}, "no guest is called 'wbe'"),
        ({"dests": ["hv9"]}, "unknown host 'hv9'"),
        ({"text_rows": -1}, "text_rows is -1"),
        ({"host_checks": {"hv1": {}}}, "host_checks.hv1.time: missing"),
        ({"snapshot_file": "/nowhere.json"}, "snapshot file /nowhere.json can't be read"),
    ],
)
def test_what_makes_no_sense_is_one_message(call, options, said):
    result = call(**options)
    assert result["failed"] is True
    assert said in result["msg"]


def test_hosts_are_judged_with_one_another_where_that_is_asked_for(call) -> None:
    result = call(host_pairs=True)
    assert [(each["source"], each["dest"]) for each in result["host_pairs"] if each["ok"]] == [
        ("hv1", "hv2"),
        ("hv2", "hv1"),
    ]
    assert len(result["host_pairs"]) == 6
    assert result["host_pairs_text"][0] == "from  hv1  hv2   hv3"
    assert "host_pairs" not in call()
