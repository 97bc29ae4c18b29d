"""What a BMC tells by IPMI: on or off, watts only where it measures, and one clear error. The library is a stand-in."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common.text.converters import to_bytes
from ansible_collections.virtfleet.migration.plugins.modules import ipmi_power_info

# group extension, 300 W now, 10 at least, 500 at most, 200 on average, time, period, measuring
READING = bytes((0xDC, 0x2C, 0x01, 0x0A, 0x00, 0xF4, 0x01, 0xC8, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0x40))


def run(monkeypatch, capsys, command, **options):
    arguments = {"address": "192.0.2.14", "user": "admin", "password": "secret word", **options}
    monkeypatch.setattr(ipmi_power_info, "command", command)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", to_bytes(json.dumps({"ANSIBLE_MODULE_ARGS": arguments})))
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    with pytest.raises(SystemExit):
        ipmi_power_info.main()
    return json.loads(capsys.readouterr().out)


def bmc(answer, **told):
    given = {}

    def connect(**options):
        given.update(options)
        if "error" in told:
            raise RuntimeError(told["error"])
        return SimpleNamespace(get_power=lambda: {"powerstate": "on"}, raw_command=lambda *_a, **_k: answer)

    return SimpleNamespace(Command=connect), given


def test_it_tells_power_and_watts(monkeypatch, capsys):
    command, given = bmc({"data": bytearray(READING)})
    found = run(monkeypatch, capsys, command, port=6230, key="0a0b")
    assert (found["power"], found["watts"]) == ("on", 300)
    assert given == {"bmc": "192.0.2.14", "userid": "admin", "password": "secret word", "port": 6230, "kg": b"\n\x0b"}


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "Invalid command", "data": bytearray(READING)},
        {"data": bytearray(READING[:-1] + b"\0")},
        {"data": b""},
    ],
)
def test_a_bmc_that_does_not_measure_tells_no_watts(monkeypatch, capsys, answer):
    command, _given = bmc(answer)
    assert run(monkeypatch, capsys, command)["watts"] is None


@pytest.mark.parametrize(("error", "told"), [("Incorrect password provided",) * 2, (None, "no answer")])
def test_an_error_names_the_bmc_and_no_password(monkeypatch, capsys, error, told):
    command, _given = bmc({}, error=error)
    found = run(monkeypatch, capsys, command)
    assert found["msg"].startswith(f"the BMC at 192.0.2.14 does not tell: {told}")
    assert "secret word" not in json.dumps(found)


def test_a_key_that_is_none_is_refused(monkeypatch, capsys):
    command, given = bmc({})
    assert "hexadecimal" in run(monkeypatch, capsys, command, key="xyz")["msg"]
    assert given == {}


def test_without_the_library_it_says_what_is_missing(monkeypatch, capsys):
    assert "pyghmi" in run(monkeypatch, capsys, None)["msg"]
