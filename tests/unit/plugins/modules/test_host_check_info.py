"""The module as a playbook calls it: what makes no sense is one message; the looking has tests of its own."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import json
import sys

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common.text.converters import to_bytes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host_check import read_checks
from ansible_collections.virtfleet.migration.plugins.modules import host_check_info

FLEET = [{"name": "hv1", "uri": "qemu+ssh://hv1/system"}]


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Run the module where a virsh is found that nobody needs, since the only host is this one."""

    def run(virsh="/usr/bin/virsh", **options):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        text = to_bytes(json.dumps({"ANSIBLE_MODULE_ARGS": {**options, "_ansible_tmpdir": str(tmp_path)}}))
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", text)
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        monkeypatch.setattr(basic.AnsibleModule, "get_bin_path", lambda *_args, **_kwargs: virsh)
        with pytest.raises(SystemExit):
            host_check_info.main()
        return json.loads(capsys.readouterr().out)

    return run


def test_a_look_at_a_host_without_peers_is_one_that_can_be_judged(call):
    found = read_checks({"hv1": call(hosts=FLEET, name="hv1")["check"]})["hv1"]
    assert found.peers == ()
    assert [each.use for each in found.certificates] == ["libvirt", "qemu"]
    assert 0 <= found.free_ports <= 64
    assert "lo" in found.mtus


def test_peers_that_are_left_out_are_not_looked_at(call):
    fleet = [*FLEET, {"name": "hv2", "uri": "qemu+ssh://hv2/system"}]
    assert call(hosts=fleet, name="hv1", peers=[])["check"]["peers"] == []
    (peer,) = call(hosts=fleet, name="hv1", peers=["hv1", "hv2"])["check"]["peers"]
    assert peer["name"] == "hv2"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "hv2"}, "host 'hv2' is not among the hosts given"),
        ({"peers": ["hv3"]}, "peers has 'hv3', which is not among the hosts given"),
        ({"connect_timeout": 0.2}, "connect_timeout is 0.2"),
        ({"virsh": None}, "virsh is not there"),
    ],
)
def test_what_makes_no_sense_is_one_message(call, options, said):
    result = call(**{"hosts": FLEET, "name": "hv1", **options})
    assert result["failed"] is True
    assert said in result["msg"]
