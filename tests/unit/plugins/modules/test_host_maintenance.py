"""The maintenance mark as a file: set, kept, taken off, never half written."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import json
import sys

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common.text.converters import to_bytes
from ansible_collections.virtfleet.migration.plugins.modules import host_maintenance

NO_FILE = "no file"


def run(monkeypatch, capsys, folder, check=False, **options):
    arguments = {**options, "facts_dir": str(folder), "_ansible_check_mode": check, "_ansible_tmpdir": str(folder)}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    text = to_bytes(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", text)
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    with pytest.raises(SystemExit):
        host_maintenance.main()
    return json.loads(capsys.readouterr().out)


def content(folder):
    path = folder / "virtfleet.fact"
    return json.loads(path.read_text()) if path.exists() else NO_FILE


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    return lambda **options: run(monkeypatch, capsys, tmp_path, **options)


def test_a_mark_is_set_with_reason_and_time_and_once(call, tmp_path):
    first = call(reason="ram")
    assert first["changed"]
    assert first["maintenance"]["reason"] == "ram"
    assert first["diff"] == {"before": {"maintenance": None}, "after": {"maintenance": first["maintenance"]}}
    assert content(tmp_path) == {"maintenance": first["maintenance"]}
    again = call(reason="ram")
    assert not again["changed"]
    assert again["maintenance"] == first["maintenance"]


def test_another_reason_keeps_the_time(call):
    first = call(reason="ram")["maintenance"]
    second = call(reason="disk")
    assert second["changed"]
    assert second["maintenance"] == {"reason": "disk", "since": first["since"]}
    assert not call()["changed"], "no reason given: the old one is kept"


def test_a_mark_is_taken_off_and_other_facts_stay(call, tmp_path):
    (tmp_path / "virtfleet.fact").write_text(json.dumps({"other": 1}))
    call(reason="ram")
    assert call(state="absent")["changed"]
    assert content(tmp_path) == {"other": 1}
    assert not call(state="absent")["changed"]


def test_a_mark_is_put_back_with_its_time(call):
    old = {"reason": "ram", "since": "2026-01-01T00:00:00+00:00"}
    assert call(**old)["maintenance"] == old
    call(state="absent")
    assert call(**old)["maintenance"] == old
    assert not call(**old)["changed"]


def test_a_mark_can_be_read_without_being_changed(call, tmp_path):
    assert call(state="unchanged")["maintenance"] is None
    assert content(tmp_path) == NO_FILE
    first = call(reason="ram")["maintenance"]
    found = call(state="unchanged", reason="disk")
    assert (found["changed"], found["maintenance"]) == (False, first)


def test_check_mode_predicts_and_writes_nothing(call, tmp_path):
    found = call(reason="ram", check=True)
    assert found["changed"]
    assert content(tmp_path) == NO_FILE


@pytest.mark.parametrize("text", ["{", "[]", '"x"'])
def test_a_broken_fact_file_is_named_and_left_alone(call, tmp_path, text):
    (tmp_path / "virtfleet.fact").write_text(text)
    found = call(reason="ram")
    assert found["failed"]
    assert "virtfleet.fact" in found["msg"]
    assert (tmp_path / "virtfleet.fact").read_text() == text
