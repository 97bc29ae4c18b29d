"""Whether Ansible runs on the host that it looks at is told by the machine's identity, or by the way there."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.action import host_fitness_info as action_file
from ansible_collections.virtfleet.migration.plugins.module_utils._model.fitness import Identity

HERE = Identity("abc", "boot-1")
THERE = {"machine_id": "xyz", "boot_id": "boot-2", "container": False}


def looked(monkeypatch, result, transport="ssh"):
    monkeypatch.setattr(action_file, "identity", lambda: HERE)
    monkeypatch.setattr(action_file.ActionBase, "run", lambda *_all: {})
    monkeypatch.setattr(action_file.ActionModule, "_execute_module", lambda *_all, **_more: dict(result))
    task, connection = SimpleNamespace(async_val=0), SimpleNamespace(transport=transport)
    made = action_file.ActionModule.__new__(action_file.ActionModule)
    made._task, made._connection = task, connection
    return made.run()


@pytest.mark.parametrize(
    ("there", "transport", "same"),
    [
        (THERE, "ssh", False),
        ({**THERE, "machine_id": "abc", "boot_id": "boot-1"}, "ssh", True),
        (THERE, "local", True),
    ],
)
def test_the_control_node_is_known(monkeypatch, there, transport, same):
    assert looked(monkeypatch, {"fit": True, "identity": there}, transport)["control_node"] is same


def test_of_a_look_that_failed_nothing_is_said(monkeypatch):
    assert looked(monkeypatch, {"failed": True, "msg": "virsh is not there"}) == {
        "failed": True,
        "msg": "virsh is not there",
    }
