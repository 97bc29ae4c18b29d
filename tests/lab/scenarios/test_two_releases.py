"""Scenario: hosts of two releases side by side. Guests go both ways, but none to a QEMU older than its machine type.

The lab of this profile is another one than that of most scenarios.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conductor import evacuation, on_fleet, play
from labview import initial_world, lab, on_host, once_again_well, unexplained_holes, world
from mishaps import define, put

PROFILE = "mixed"
HOSTS = 5
OLD, NEW = ["hv1", "hv2", "hv3"], ["hv4", "hv5"]
NEW_MACHINE = "pc-q35-10.0"
# software emulation has learned sha-ni between the two releases
HASHING = """<domain type='qemu'><name>hashing</name><memory unit='MiB'>96</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>
<cpu mode='custom' check='none'><model fallback='forbid'>qemu64</model><feature policy='require' name='sha-ni'/></cpu>
</domain>"""

# QEMU 10.0 deprecates machine types of 7.0 and older; no host has this firmware
VETERAN = """<domain type='qemu'><name>veteran</name><memory unit='MiB'>96</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc-q35-6.2'>hvm</type>
<loader readonly='yes' type='rom'>/usr/share/ovmf/OVMF.fd</loader></os></domain>"""


@pytest.fixture(scope="module")
def modern() -> Iterator[str]:
    """A guest on the newer host that the older ones can't run."""
    lab("guest", "add", "modern", "--host", "hv4", "--machine", NEW_MACHINE)
    yield "modern"
    lab("guest", "remove", "modern")


def test_the_hosts_are_of_two_releases() -> None:
    versions = {host: on_host(host, "qemu-system-x86_64", "--version").splitlines()[0] for host in ("hv1", "hv4")}
    assert "version 7.2" in versions["hv1"]
    assert "version 10.0" in versions["hv4"]


def test_an_older_qemu_is_refused_before_anything_moves(tmp_path: Path, modern: str) -> None:
    before = world()
    run = evacuation("hv4", tmp_path).run("--check", dests="hv1,hv2,hv3")
    assert run.status != 0, run.output
    assert "Traceback" not in run.output
    (stay,) = run.report["stays"]
    assert stay["name"] == modern
    assert [(refusal["host"], refusal["code"]) for refusal in stay["refusals"]] == [
        ("hv1", "machine_type"),
        ("hv2", "machine_type"),
        ("hv3", "machine_type"),
    ]
    for refusal in stay["refusals"]:
        assert refusal["message"].startswith(f"{refusal['host']} (QEMU 7.2")
        assert refusal["message"].endswith(f"does not know machine type {NEW_MACHINE}")
        assert refusal["message"] in run.output
    assert world() == before


def test_one_guest_to_an_older_qemu_is_refused(tmp_path: Path, modern: str) -> None:
    before = world()
    run, _results = play(tmp_path, [on_fleet("guest_migration", guest=modern, host="hv1")])
    assert run.status != 0, run.output
    assert f"does not know machine type {NEW_MACHINE}; upgrade QEMU there" in run.output
    assert world() == before


@pytest.fixture
def hashing() -> Iterator[str]:
    """A guest on the newer host whose CPU has a feature that the older ones can't give."""
    define("hv4", HASHING)
    yield "hashing"
    on_host("hv4", "virsh", "-q", "undefine", "hashing")


def test_a_cpu_with_a_feature_that_older_hosts_lack_is_refused(tmp_path: Path, hashing: str) -> None:
    looked = on_fleet("migration_check_info", guests=[hashing])
    run, results = play(tmp_path, [looked, on_fleet("guest_migration", guest=hashing, host="hv1")])
    said = "libvirt on hv1 finds the guest's CPU (qemu64) incompatible: features missing there: sha-ni"
    entry = next(each for each in results[0]["matrix"] if each["dest"] == "hv1")
    assert [(each["code"], each["message"]) for each in entry["refusals"]] == [("cpu_features", said)]
    assert run.status != 0
    assert f"{hashing} stays on hv4: {said}; choose a CPU model that all hosts have" in run.output


@pytest.fixture
def veteran() -> Iterator[str]:
    """A guest whose machine type will go, with a firmware that is nowhere."""
    define("hv1", VETERAN)
    yield "veteran"
    on_host("hv1", "virsh", "-q", "undefine", "veteran")


def test_what_keeps_guests_from_some_hosts_for_good_is_told(
    tmp_path: Path, modern: str, hashing: str, veteran: str
) -> None:
    before = world()
    run, (cpus, machines) = play(tmp_path, [on_fleet("cpu_baseline_info"), on_fleet("machine_type_info")])
    assert run.status == 0, run.output
    assert (cpus["changed"], machines["changed"]) == (False, False)
    (shared,) = cpus["baselines"]
    assert (shared["hosts"], shared["refused"], shared["left_out"]) == ([*OLD, *NEW], [], {})
    assert "sha-ni" not in shared["features"]
    held_back = {tuple(each["hosts"]): each["gained"] for each in shared["held_back"]}
    assert "sha-ni" in held_back[(*OLD,)]
    # libvirt on a host of each release says the same when people ask it
    for host in ("hv1", "hv4"):
        put(host, "/root/cpu.xml", shared["cpu_xml"])
        on_host(host, "virsh", "-q", "hypervisor-cpu-compare", "--virttype", "qemu", "--error", "/root/cpu.xml")
        on_host(host, "rm", "/root/cpu.xml")
    apart = {guest["name"]: (guest["code"], guest["lacks"]) for guest in cpus["guests"] if not guest["fits"]}
    assert apart == {hashing: ("cpu_features", [{"hosts": OLD, "missing": ["sha-ni"]}])}
    found = {guest["name"]: guest for guest in machines["guests"]}
    concerns = {
        name: {each["code"]: each["hosts"] for each in guest["concerns"]}
        for name, guest in found.items()
        if guest["concerns"]
    }
    assert concerns == {
        modern: {"machine_type_too_new": OLD},
        veteran: {"machine_type_deprecated": NEW, "firmware_missing": [*OLD, *NEW]},
    }
    assert {found[name]["suggested"] for name in concerns} == {"pc-q35-7.2"}
    assert (found[veteran]["deprecated_in"], found[veteran]["removed_in"]) == ("QEMU 9.2", "QEMU 12.2")
    assert world() == before


def test_the_way_to_an_older_release_is_warned_of(tmp_path: Path, modern: str) -> None:
    _run, (found,) = play(tmp_path, [on_fleet("migration_check_info", guests=[modern], dests=["hv1"])])
    told = [each["message"] for each in found["matrix"][0]["warnings"] if each["code"] == "older_release"]
    assert [text.split(", older than ")[0].rpartition(".")[0] for text in told] == [
        "hv1 has libvirt 9.0",
        "hv1 has QEMU 7.2",
    ]


def test_guests_go_to_the_newer_release_and_back(tmp_path: Path) -> None:
    before = initial_world().places["web1"]
    for host in ("hv4", "hv1"):
        run, results = play(tmp_path, [on_fleet("guest_migration", guest="web1", host=host)])
        assert run.status == 0, run.output
        assert world().places["web1"] == ((host, "running"),)
        judged = once_again_well(run.began)
        assert judged["ok"], judged["problems"]
        assert unexplained_holes(judged, results[0]["report"]["moves"]) == []
    assert world().places["web1"] == before
