"""The short way to read a mark returns what the module does, pressure too, and leaves what is odd to the module."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import shlex
import subprocess

import pytest
from ansible_collections.virtfleet.migration.plugins.action import host_maintenance
from ansible_collections.virtfleet.migration.plugins.action.host_maintenance import ActionModule

PRESSURE = "some avg10=0.71 avg60=23.06 avg300=26.16 total=2\nfull avg10=0.00 avg60=9.00 avg300=0.00 total=0\n"


class Here(ActionModule):
    """The action with this machine as its host."""

    def __init__(self):
        """Need nothing of Ansible's."""

    def _low_level_execute_command(self, command):
        done = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, text=True, check=False)
        return {"rc": done.returncode, "stdout": done.stdout}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "pressure").mkdir()
    monkeypatch.setattr(host_maintenance, "FOLDER", shlex.quote(str(tmp_path / "pressure")))
    return tmp_path


def told(folder):
    return Here()._read(str(folder))


@pytest.mark.parametrize("text", ['{"maintenance": {"reason": "ram"}}', '{\n "maintenance": {"reason": "ram"}}\n'])
def test_mark_and_pressure_are_read_in_one_go(folder, text):
    (folder / "virtfleet.fact").write_text(text, encoding="utf-8")
    (folder / "pressure" / "cpu").write_text(PRESSURE, encoding="utf-8")
    (folder / "pressure" / "io").write_text(PRESSURE.replace("23.06", "0.00"), encoding="utf-8")
    found = told(folder)
    assert (found["changed"], found["maintenance"]) == (False, {"reason": "ram"})
    assert found["pressure"] == {"cpu": 23.06, "memory": None, "io": 0.0}


def test_without_a_mark_and_without_pressure_there_is_a_result_all_the_same(folder):
    found = told(folder)
    assert (found["maintenance"], set(found["pressure"].values())) == (None, {None})


def test_facts_that_are_none_are_left_to_the_module(folder):
    (folder / "virtfleet.fact").write_text("reason: ram\n", encoding="utf-8")
    assert told(folder) is None
    (folder / "virtfleet.fact").unlink()
    (folder / "virtfleet.fact").mkdir()
    assert told(folder) is None
