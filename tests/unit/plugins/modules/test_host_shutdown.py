"""A host goes down only marked, empty and quiet; in every other case its daemons are as they were. No real systemd."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import json
import sys

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common.text.converters import to_bytes
from ansible_collections.virtfleet.migration.plugins.module_utils._host import quiet
from ansible_collections.virtfleet.migration.plugins.modules import host_shutdown

UNIT = "libvirtd.service loaded active running Virtualization daemon\n"


class Host:
    """The host as the module sees it. ``guests``: what virsh lists; ``runs``: QEMUs, at the first look and the next."""

    def __init__(self, guests="", runs=((), ()), broken=""):
        self.did = []
        self._guests, self._runs, self._broken = guests, list(runs), broken

    def run(self, argv, **_more):
        words = [word for word in argv if word in ("mask", "stop", "unmask", "start", "poweroff")]
        self.did += words
        if self._broken and self._broken in argv:
            return 1, "", "broken"
        if "virsh" in argv:
            return 0, self._guests, ""
        return (3, "inactive\n", "") if "is-active" in argv else (0, UNIT if "list-units" in argv else "", "")

    def emulators(self):
        return self._runs.pop(0)


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    def run(host, mark="standby", check=False):
        facts = {"maintenance": {"reason": mark, "since": ""}} if mark else {}
        (tmp_path / "virtfleet.fact").write_text(json.dumps(facts))
        monkeypatch.setattr(basic.AnsibleModule, "run_command", lambda _self, argv, **more: host.run(argv, **more))
        monkeypatch.setattr(quiet, "emulators", host.emulators)
        arguments = {"facts_dir": str(tmp_path), "_ansible_check_mode": check}
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", to_bytes(json.dumps({"ANSIBLE_MODULE_ARGS": arguments})))
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        with pytest.raises(SystemExit):
            host_shutdown.main()
        return json.loads(capsys.readouterr().out)

    return run


def test_a_marked_empty_host_goes_down_with_its_daemons_held(call):
    host = Host()
    assert call(host)["daemons"] == ["libvirtd.service"]
    assert host.did == ["stop", "mask", "poweroff"]


@pytest.mark.parametrize("mark", ["", "new memory"])
def test_a_host_that_is_not_marked_for_it_stays(call, mark):
    host = Host()
    assert "no maintenance mark" in call(host, mark=mark)["msg"]
    assert host.did == []


def test_a_host_with_a_guest_stays_even_if_that_is_shut_off(call):
    host = Host(guests="web\n\n")
    assert call(host)["msg"].startswith("there are guests: web")
    assert host.did == []


def test_a_host_on_which_somebody_else_runs_a_qemu_stays(call):
    host = Host(runs=(("qemu-kvm (process 7)",),))
    assert call(host)["msg"].startswith("QEMU runs there: qemu-kvm (process 7)")
    assert host.did == []


def test_a_host_of_which_libvirt_does_not_tell_stays(call):
    host = Host(broken="virsh")
    assert "can't say which guests are there" in call(host)["msg"]
    assert host.did == []


def test_a_guest_started_at_the_last_moment_is_seen_and_the_daemons_go_on(call):
    host = Host(runs=((), ("web",)))
    assert call(host)["msg"].startswith("started at the last moment: web")
    assert host.did == ["stop", "mask", "unmask", "start"]


def test_where_the_shutdown_can_not_be_asked_for_the_daemons_go_on(call):
    host = Host(broken="systemd-run")
    assert "systemd-run" in call(host)["msg"]
    assert host.did[-2:] == ["unmask", "start"]


def test_check_mode_looks_and_stops_nothing(call):
    host = Host()
    assert call(host, mark="", check=True)["changed"]
    assert host.did == []
    assert call(Host(guests="web\n"), check=True)["failed"]
