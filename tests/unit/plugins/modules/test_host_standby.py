"""Notes about hosts on standby as a file: added, kept, removed, and in check mode only foretold."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import json
import sys

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common.text.converters import to_bytes
from ansible_collections.virtfleet.migration.plugins.modules import host_standby

OFF = {"power": "off", "reason": "night"}


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    def run(check=False, **options):
        arguments = {
            **options,
            "facts_dir": str(tmp_path),
            "_ansible_check_mode": check,
            "_ansible_tmpdir": str(tmp_path),
        }
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", to_bytes(json.dumps({"ANSIBLE_MODULE_ARGS": arguments})))
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        with pytest.raises(SystemExit):
            host_standby.main()
        return json.loads(capsys.readouterr().out)

    return run


def content(folder):
    return json.loads((folder / "virtfleet_standby.fact").read_text())


def test_a_note_is_written_once(call, tmp_path):
    first = call(notes={"hv4": OFF})
    assert first["changed"]
    assert first["notes"]["hv4"].keys() == {"power", "reason", "since"}
    assert first["diff"] == {"before": {}, "after": first["notes"]}
    assert content(tmp_path) == first["notes"]
    again = call(notes={"hv4": OFF})
    assert (again["changed"], again["notes"]) == (False, first["notes"])


def test_the_diff_leaves_out_what_was_known_of_the_host(call):
    noted = call(notes={"hv4": {**OFF, "known": {"cpus": 8}}})
    assert noted["notes"]["hv4"]["known"] == {"cpus": 8}
    assert "known" not in noted["diff"]["after"]["hv4"]


def test_notes_are_read_without_being_changed(call):
    assert call(state="unchanged")["notes"] == {}
    noted = call(notes={"hv4": OFF})["notes"]
    read = call(state="unchanged")
    assert (read["changed"], read["notes"]) == (False, noted)


def test_notes_are_removed_by_host_once(call, tmp_path):
    call(notes={"hv3": OFF, "hv4": OFF})
    assert call(state="absent", hosts=["hv4"])["changed"]
    assert list(content(tmp_path)) == ["hv3"]
    assert not call(state="absent", hosts=["hv4"])["changed"]


def test_check_mode_foretells_and_writes_nothing(call, tmp_path):
    foretold = call(check=True, notes={"hv4": OFF})
    assert foretold["changed"]
    assert list(foretold["notes"]) == ["hv4"]
    assert not list(tmp_path.iterdir())


def test_nonsense_is_refused_and_a_broken_file_is_left_alone(call, tmp_path):
    refused = call(notes={"hv4": {"power": "perhaps"}})
    assert refused["failed"]
    assert "hv4" in refused["msg"]
    (tmp_path / "virtfleet_standby.fact").write_text("{")
    assert "can't be read" in call(notes={"hv4": OFF})["msg"]
    assert (tmp_path / "virtfleet_standby.fact").read_text() == "{"
