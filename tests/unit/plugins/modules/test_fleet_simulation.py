"""The module as a playbook calls it: a fleet and recorded use in, figures and charts or one clear message out."""

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
from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.fleet_list import fleet_of
from ansible_collections.virtfleet.migration.plugins.modules import fleet_simulation
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._history.history_builder import record

POWER = {"idle_watts": 100, "full_watts": 200, "boot_seconds": 0, "shutdown_seconds": 0}
FLEET = {
    "hosts": [{"name": f"hv{number}", "cpus": 8, "memory_mib": 16384, "power": POWER} for number in (1, 2)],
    "guests": [
        {"name": name, "host": host, "vcpus": 2, "memory_mib": 1024} for name, host in (("a", "hv1"), ("b", "hv2"))
    ],
}
QUIET = "time,a,b\n" + "".join(f"{step * 900},0.5,0.5\n" for step in range(16))


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    (tmp_path / "trace.csv").write_text(QUIET)

    def run(**options):
        if not {"snapshot_file", "fleet"} & set(options):
            options["fleet"] = FLEET
        if not {"trace_file", "history_file"} & set(options):
            options["trace_file"] = str(tmp_path / "trace.csv")
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        text = to_bytes(json.dumps({"ANSIBLE_MODULE_ARGS": {**options, "_ansible_tmpdir": str(tmp_path)}}))
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", text)
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        with pytest.raises(SystemExit):
            fleet_simulation.main()
        return json.loads(capsys.readouterr().out)

    return run


def test_a_quiet_fleet_saves_one_host_of_two(call):
    found = call(max_cpu_percent=70, high_cpu_percent=85, wake=True)
    assert found["unchanged"]["kwh"] == pytest.approx(4 * 2 * (100 + 100 / 16) / 1000)
    assert found["figures"]["migrations"] == 1
    assert found["saved_kwh"] > 0.3
    assert [chart["title"] for chart in found["charts"]] == ["Hosts on", "Load", "Power"]
    assert len(found["steps"]) == 16
    assert [item["host"] for item in found["switched"]] == [found["switched"][0]["host"]]
    assert "changed" not in found or not found["changed"]


def test_rules_of_the_request_hold(call):
    apart = {"name": "apart", "kind": "anti_affinity", "guests": ["a", "b"]}
    assert call(max_cpu_percent=70, rules=[apart])["figures"]["migrations"] == 0


def test_a_saved_snapshot_serves_as_the_fleet(call, tmp_path):
    (tmp_path / "fleet.json").write_text(json.dumps(to_json(fleet_of(FLEET))))
    assert call(snapshot_file=str(tmp_path / "fleet.json"))["figures"]["migrations"] == 1


def test_recorded_history_serves_as_the_trace(call, tmp_path):
    uuids = [host.guests[0].uuid for host in fleet_of(FLEET).hosts]
    for step in range(8):
        record(tmp_path / "history.sqlite", step * 900, dict.fromkeys(uuids, 0.5))
    found = call(history_file=str(tmp_path / "history.sqlite"), max_cpu_percent=70)
    assert [step["wanted_cpus"] for step in found["steps"]] == [1.0] * 8
    assert found["figures"]["migrations"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trace_file": "/nowhere.csv"}, "trace file /nowhere.csv can't be read"),
        ({"every_minutes": 0}, "every_minutes is 0"),
        ({"migration_mib_per_second": 0}, "migration_mib_per_second is 0"),
        ({"lost_percent": 101}, "lost_percent is 101"),
        ({"percentile": 0}, "percentile is 0"),
        ({"fleet": {**FLEET, "hosts": FLEET["hosts"][:1]}}, "guest b is on hv2, no host of the fleet"),
        ({"fleet": {**FLEET, "hosts": FLEET["hosts"] * 2}}, "fleet has hv1 twice"),
        ({"history_file": "/nowhere.sqlite"}, "there is no history file"),
    ],
)
def test_what_is_wrong_is_told_in_one_message(call, options, message):
    found = call(**options)
    assert found["failed"]
    assert message in found["msg"]
