"""The module as a playbook calls it on a machine without libvirt: what it says, and what makes no sense."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import json
import sys

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common.text.converters import to_bytes
from ansible_collections.virtfleet.migration.plugins.modules import host_fitness_info


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Run the module where virsh answers as said."""

    def run(answer=(0, "", ""), virsh="/usr/bin/virsh", **options):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        text = to_bytes(json.dumps({"ANSIBLE_MODULE_ARGS": {**options, "_ansible_tmpdir": str(tmp_path)}}))
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", text)
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        found = {"virsh": virsh}
        monkeypatch.setattr(basic.AnsibleModule, "get_bin_path", lambda _self, name, **_kwargs: found.get(name))
        monkeypatch.setattr(basic.AnsibleModule, "run_command", lambda _self, _command, **_kwargs: answer)
        with pytest.raises(SystemExit):
            host_fitness_info.main()
        return json.loads(capsys.readouterr().out)

    return run


def test_a_host_whose_libvirt_misses_nothing_is_fit(call):
    result = call()
    assert result["fit"] is True
    assert result["problems"] == []
    assert result["active_guests"] == []
    assert result["boot"]["boot_id"]


def test_a_host_whose_libvirt_does_not_answer_is_unfit_and_the_module_says_so_in_one_line(call):
    result = call(answer=(1, "", "error: no such socket"))
    assert result["fit"] is False
    assert [each["code"] for each in result["problems"]] == ["daemon_silent"]
    assert result["active_guests"] is None
    assert result["msg"].startswith("libvirt does not answer: no such socket; ")


def test_what_was_found_by_a_look_at_its_ways_is_judged_too(call):
    result = call(check={"time": 1.0, "free_ports": 0})
    assert [each["code"] for each in result["problems"]] == ["ports_taken"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"timeout": 0}, "timeout is 0"),
        ({"virsh": None}, "virsh is not there"),
        ({"check": {"time": "noon"}}, "time"),
    ],
)
def test_what_makes_no_sense_is_one_message(call, options, said):
    result = call(**options)
    assert result["failed"] is True
    assert said in result["msg"]
