"""The module as a playbook calls it: options in, a plan or one clear message out, from a snapshot alone."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import json
import sys

import pytest
import yaml
from ansible.module_utils import basic
from ansible.module_utils.common.text.converters import to_bytes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import to_json
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.modules import migration_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._history import history_builder

GIB = 1024**3


def guest(name, memory=GIB):
    return Guest(f"uuid-{name}", name, GuestState.RUNNING, memory, 1)


def host(name, *guests, **changes):
    size = {"memory": 9 * GIB, "allocatable_memory": 8 * GIB, "cpus": 8, "allocatable_vcpus": 32}
    return Host(name, HostState.SCHEDULABLE, virt_types=("kvm",), guests=guests, **{**size, **changes})


FLEET = Snapshot(
    "2026-01-01T00:00:00Z",
    (
        host("hv1", guest("db"), guest("web", 2 * GIB), rack="r1", site="north"),
        host("hv2", guest("mail"), rack="r2", site="north"),
        host("hv3", rack="r3", site="south"),
    ),
)


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    (tmp_path / "fleet.json").write_text(json.dumps(to_json(FLEET)))

    def run(**options):
        if not {"snapshot", "hosts"} & set(options):
            options.setdefault("snapshot_file", str(tmp_path / "fleet.json"))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        text = to_bytes(json.dumps({"ANSIBLE_MODULE_ARGS": {**options, "_ansible_tmpdir": str(tmp_path)}}))
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", text)
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        with pytest.raises(SystemExit):
            migration_plan.main()
        return json.loads(capsys.readouterr().out)

    return run


def test_a_plan_is_given_as_data_and_in_words(call):
    result = call(goal="evacuate", goal_hosts=["hv1"])
    assert sorted((move["name"], move["source"]) for move in result["plan"]["moves"]) == [("db", "hv1"), ("web", "hv1")]
    assert result["text"][0] == f"Plan {result['plan']['plan_id']}: empty hv1"
    assert (result["stays"], result["stays_text"]) == ([], [])
    assert result["placement"] == {"hv1": ["db", "web"], "hv2": ["mail"], "hv3": []}


GOALS = {
    "evacuate": {"goal_hosts": ["hv1"], "dest_sites": ["south"]},
    "restore": {"goal_hosts": ["hv1"]},
    "move": {"goal_hosts": ["hv3"], "guests": ["web"]},
    "relocate": {"guests": ["web"], "dest_sites": ["south"]},
    "consolidate": {"survive_loss": "report"},
    "balance": {"max_moves": 3},
    "rolling": {"one_per": "rack"},
    "repair": {"rules": [{"name": "apart", "kind": "anti_affinity", "guests": ["web", "db"]}]},
}


@pytest.mark.parametrize("goal", migration_plan.GOALS)
def test_every_goal_gives_a_plan_that_reads_as_one(call, goal):
    result = call(goal=goal, **GOALS[goal])
    assert "msg" not in result, result
    assert result["plan"]["request"]["goal"] == goal
    moves = len(result["plan"]["moves"])
    assert moves == {"restore": 0, "move": 1, "relocate": 1, "repair": 1}.get(goal, moves)
    assert any(line.startswith(f"{moves} move") and ", about " in line for line in result["text"]) == (moves > 0)
    assert max(map(len, result["text"])) <= 120


def test_every_example_of_the_documentation_is_a_valid_call(call):
    tasks = [task for task in yaml.safe_load(migration_plan.EXAMPLES) if "ansible.builtin.debug" not in task]
    goals = set()
    for task in tasks:
        options = dict(task["virtfleet.migration.migration_plan"])
        options.pop("hosts", None)
        options.pop("snapshot_file", None)
        result = call(**options)
        # the example's own guests and labels need not be in this fleet, but every option must be one
        assert "msg" not in result or "no guest is called" in result["msg"], (task["name"], result["msg"])
        goals.add(options["goal"])
    assert goals == {*migration_plan.GOALS, "explain"}


def test_explain_gives_every_other_host_and_no_plan(call):
    result = call(goal="explain", guests=["web"], dests=["hv2", "hv3"], headroom_percent=70)
    assert "plan" not in result
    (found,) = result["explanation"]
    assert [(each["host"], each["possible"]) for each in found["hosts"]] == [("hv2", False), ("hv3", True)]
    assert result["text"][0] == "web on hv1 could go to 1 of 2 hosts"


def test_long_texts_are_abridged_as_asked_and_the_plan_is_whole(call):
    result = call(goal="evacuate", goal_hosts=["hv1"], text_moves=1)
    assert len(result["plan"]["moves"]) == 2
    assert any(line.startswith("... and 1 more move:") for line in result["text"])


def test_links_between_sites_make_the_estimate_longer(call):
    move = {"goal": "move", "guests": ["web"], "goal_hosts": ["hv3"]}
    slow = call(**move, links=[{"sites": ["north", "south"], "bandwidth_mibs": 16}])
    assert call(**move)["plan"]["est_seconds"] < 60 < slow["plan"]["est_seconds"]
    assert slow["plan"]["est_seconds"] == pytest.approx(2048 / 16, abs=2)


def test_a_guest_that_stays_fails_the_task_only_if_asked(call):
    full = {"goal": "move", "guests": ["web"], "goal_hosts": ["hv3"], "headroom_percent": 90}
    assert "failed" not in call(**full)
    failed = call(**full, fail_on_stays=True)
    assert failed["failed"]
    assert failed["msg"] == "; ".join(failed["stays_text"])
    assert failed["stays"][0]["refusals"][0]["code"] == "memory"


def test_a_snapshot_may_be_given_as_it_is(call):
    assert call(goal="evacuate", goal_hosts=["hv3"], snapshot=to_json(FLEET))["text"][1] == "nothing to move"


def test_a_site_without_hosts_in_a_link_is_a_warning(call, monkeypatch):
    # where another test has made this process a controller, ansible-core shows warnings and returns none
    said = []
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda _module, text: said.append(text))
    call(goal="balance", links=[{"sites": ["north", "west"], "bandwidth_mibs": 5}])
    assert len(said) == 1
    assert "a link names the site west, on which no host is" in said[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"goal": "evacuate"}, "no host is given. Say which hosts the goal evacuate is about"),
        (
            {"goal": "relocate", "guests": ["web"]},
            "no destination is given. Say where to: dests, dest_sites, dest_labels, dest_of or near",
        ),
        ({"goal": "explain"}, "nothing is given to explain. Say which guests: by name, label, host or site"),
        (
            {"goal": "explain", "guests": ["wep"]},
            "no guest is called 'wep' on the hosts that answered. Did you mean web?",
        ),
        (
            {"goal": "balance", "guests": ["web"]},
            "guests mean nothing to the goal balance. Leave guests and labels out",
        ),
        ({"goal": "balance", "headroom_percent": 101}, "headroom_percent is 101. Give at most 100"),
        ({"goal": "balance", "text_moves": -1}, "text_moves is -1. Give the number of moves to show, or 0 for all"),
        ({"goal": "balance", "max_bytes": "many"}, "argument 'max_bytes' is of type"),
        ({"goal": "tidy"}, "value of goal must be one of"),
        ({"goal": "balance", "rules": [{"name": "a", "kind": "pin", "guests": ["web"]}]}, "rule 'a' names no hosts"),
        ({"goal": "balance", "rules": [{"name": "a", "kind": "near"}]}, "value of kind must be one of"),
        ({"goal": "balance", "rules": [{"name": "a", "kind": "pin", "gests": ["web"]}]}, "gests"),
        ({"goal": "balance", "links": [{"sites": ["north"], "bandwidth_mibs": 0}]}, "the link of north has 0 MiB/s"),
        ({"goal": "balance", "snapshot": {"schema": 9}}, "the snapshot has schema 9, this version reads schema 1"),
    ],
)
def test_bad_input_is_one_clear_message(call, options, message):
    result = call(**options)
    assert result["failed"]
    assert message in result["msg"]
    assert "\n" not in result["msg"]
    assert "Traceback" not in json.dumps(result)


def test_a_link_without_bandwidth_in_a_saved_snapshot_is_refused_too(call):
    saved = {**to_json(FLEET), "links": [{"sites": ["north", "south"], "bandwidth_mibs": 0}]}
    assert "the link of north and south has 0 MiB/s" in call(goal="balance", snapshot=saved)["msg"]


def test_looks_on_the_hosts_close_the_ways_that_they_find_closed(call):
    sound = {"time": 1.0, "peers": [{"name": "hv2", "error": "Connection refused"}, {"name": "hv3"}]}
    checks = {"hv1": sound, "hv2": {"time": 1.0}, "hv3": {"time": 1.0}}
    result = call(goal="evacuate", goal_hosts=["hv1"], host_checks=checks)
    assert {move["dest"] for move in result["plan"]["moves"]} == {"hv3"}
    refused = call(goal="move", guests=["web"], goal_hosts=["hv2"], host_checks=checks)
    assert "the daemon of hv1 can't open" in refused["stays_text"][0]
    assert "Connection refused" in refused["stays_text"][0]
    assert call(goal="move", guests=["web"], goal_hosts=["hv2"], host_checks=checks, transport="direct")["stays"] == []


def test_a_host_that_was_not_looked_at_is_warned_of(call, monkeypatch):
    warned = []
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda _module, line: warned.append(line))
    call(goal="evacuate", goal_hosts=["hv1"], host_checks={"hv1": {"time": 1.0}, "hv2": {"time": 1.0}})
    (line,) = warned
    assert line.startswith("host hv3 itself was not looked at")


NEW_YEAR = 1_767_225_600  # when the snapshot was taken


def test_a_plan_on_recorded_use_says_so_and_keeps_to_it(call, tmp_path):
    path = tmp_path / "history.sqlite"
    for minutes in (10, 5):
        at = NEW_YEAR - history_builder.NOON - 60 * minutes
        history_builder.record(path, at, {"uuid-web": 3.0, "uuid-db": 0.5})
    wanted = {"goal": "evacuate", "goal_hosts": ["hv1"], "max_cpu_percent": 25.0}
    moment = call(**wanted)
    recorded = call(**wanted, history={"path": str(path)})
    assert moment["usage"]["source"] == "none"
    assert recorded["usage"] == {
        "source": "history",
        "guests": 3,
        "with_history": 2,
        "without_history": 1,
        "unmeasured": 1,
        "samples": 2,
        "newest": "2025-12-31T23:55:00+00:00",
    }
    assert (moment["stays"], [stay["name"] for stay in recorded["stays"]]) == ([], ["web"])
    assert "the guest uses 3 CPUs" in recorded["stays_text"][0]
    assert any(line.startswith("Remark: CPU use is the 95th percentile") for line in recorded["text"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"path": "/nowhere/history.sqlite"}, "no history file"),
        ({"path": "/nowhere/history.sqlite", "percentile": 0}, "percentile is 0"),
        ({"window_minutes": 5}, "path"),
    ],
)
def test_a_history_that_can_not_be_used_is_one_clear_message(call, given, said):
    result = call(goal="consolidate", history=given)
    assert result["failed"] is True
    assert said in result["msg"]
