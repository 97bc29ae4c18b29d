"""Scenario: what would go wrong is said before anything moves, in words, for all that this lab can be spoilt with.

What it can't be spoilt with (huge pages, NUMA, swtpm, SELinux, KVM's CPUs, clocks that differ: its hosts share one
kernel) is in unit tests; a full host, a silent one and an older release have scenarios of their own, and so have names
and settings (test_preflight_settings.py).
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import pytest
from conductor import COLLECTION, Run, evacuation, execute, playbook_argv, restoration
from is_as_made import is_as_made
from labview import initial_world, on_host, world
from looking import QEMU_CA, QEMU_CLIENT, QEMU_SERVER, Look, address_of, look, more_inventory
from mishaps import (
    QEMU_CONF,
    append,
    certificate,
    close_libvirtd,
    define,
    kept,
    open_libvirtd,
    put,
    replace,
    undone,
)

PICKY = """<domain type='qemu'><name>picky</name><memory unit='MiB'>96</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>
<cpu mode='custom' check='none'><model fallback='forbid'>Skylake-Server</model></cpu><devices>
<disk type='file'><driver name='qemu' type='qcow2'/><source file='/root/picky.qcow2'/><target dev='vda'/></disk>
<hostdev mode='subsystem' type='pci'><source><address domain='0' bus='6' slot='2' function='0'/></source></hostdev>
</devices></domain>"""
# a folder of its host keeps a running guest there; it needs no system, and does not run
TIED = """<domain type='qemu'><name>tied</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<filesystem type='mount' accessmode='passthrough'><source dir='/srv'/><target dir='srv'/></filesystem>
</devices></domain>"""
NAMESAKE = """<domain type='qemu'><name>cache1</name><memory unit='MiB'>96</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os></domain>"""


# ---- the lab as it is made


@pytest.fixture(scope="module")
def clean(folder: Path) -> Look:
    return look(folder)


def test_on_a_sound_fleet_every_guest_could_go_everywhere(clean: Look) -> None:
    assert clean.run.status == 0, clean.run.output
    assert clean.run.changed == 0
    assert [each for each in clean.matrix if not each["ok"] or each["warnings"]] == []
    assert len(clean.matrix) == 2 * len(initial_world().places)
    assert (
        clean.text.splitlines()[-1]
        == f"{len(clean.matrix)} of {len(clean.matrix)} pairs of guest and host are possible"
    )


def test_hosts_with_one_clock_are_found_to_have_one(folder: Path, clean: Look) -> None:  # noqa: ARG001
    task = f"{COLLECTION}.host_check_info"
    hosts = f"{{{{ groups['hypervisors'] | {COLLECTION}.fleet_hosts(hostvars) }}}}"
    written = folder / "clocks.json"
    wanted = f"{{{{ groups['hypervisors'] | {COLLECTION}.host_checks(hostvars) | to_json }}}}"
    step = {"name": "Look", task: {"hosts": hosts, "name": "{{ inventory_hostname }}"}, "register": "virtfleet_check"}
    write = {
        "name": "Write",
        "ansible.builtin.copy": {"content": wanted, "dest": str(written), "mode": "0600"},
        "delegate_to": "localhost",
        "run_once": True,
    }
    book = folder / "clocks-play.json"
    content = [{"hosts": "hypervisors", "gather_facts": False, "tasks": [step, write]}]
    book.write_text(json.dumps(content), encoding="utf-8")
    run = execute(playbook_argv(str(book), "--check"))
    assert run.status == 0, run.output
    run = execute(playbook_argv(str(book)))
    assert run.status == 0, run.output
    for host, found in json.loads(written.read_text(encoding="utf-8")).items():
        assert abs(found["clock"]["offset"]) <= found["clock"]["uncertainty"] + 0.01, host
        assert found["free_ports"] > 50, host


# ---- hosts spoilt: certificates, firewall, daemon, ports, network, pool, names; guests that can't go


@pytest.fixture(scope="module")
def spoilt(folder: Path, clean: Look) -> Look:  # noqa: ARG001
    """The look at a fleet that is spoilt in many ways, together with what a plan says of it."""
    with ExitStack() as mishaps:
        _spoil_hv2(mishaps, folder)
        _spoil_hv3(mishaps, folder)
        _spoil_guests_of_hv1(mishaps)
        found = look(folder, preflight_sources=["hv1"], preflight_post_copy=True)
        stays = planned_stays(folder)
    assert world() == initial_world()
    return changed(found, stays=stays)


def planned_stays(folder: Path) -> dict[str, Any]:
    """Return who would stay, and why, if hv1 were evacuated."""
    reports = folder / "plan"
    flags = {"evacuate_hosts": "hv1", "evacuate_report_dir": str(reports), "evacuate_check_hosts": True}
    run = execute(playbook_argv(f"{COLLECTION}.evacuate", "--check", **flags))
    assert run.status != 0, run.output
    (report,) = reports.glob("*.json")
    return {stay["name"]: stay["refusals"] for stay in json.loads(report.read_text(encoding="utf-8"))["stays"]}


@pytest.fixture(scope="module")
def around(folder: Path) -> tuple[Run, Run]:
    """hv2 emptied and filled again while hv3 would take nobody, though only the look on it tells."""
    roomy = more_inventory(folder, hv1={"virtfleet_allocatable_vcpus": 16})
    with ExitStack() as mishaps:
        mishaps.enter_context(kept("hv3", QEMU_SERVER))
        put("hv3", QEMU_SERVER, certificate(folder, "hv3", expired=True)[0])
        there = evacuation("hv2", folder / "there").run(*roomy, check_hosts=True)
        back = restoration("hv2", folder / "back").run(*roomy, check_hosts=True)
    assert world() == initial_world()
    return there, back


def _spoil_hv2(mishaps: ExitStack, folder: Path) -> None:
    mishaps.enter_context(kept("hv2", QEMU_SERVER, QEMU_CONF))
    put("hv2", QEMU_SERVER, certificate(folder, "hv2", expired=True)[0])
    # every port of the range is taken where the range is the one port on which the daemon listens
    for line in ("migration_port_min = 16514", "migration_port_max = 16514"):
        append("hv2", QEMU_CONF, line)
    rule = f"INPUT --protocol tcp --source {address_of('hv1')} --dport 49152:49215 --jump REJECT"
    mishaps.enter_context(undone("hv2", f"iptables --append {rule}", f"iptables --delete {rule}"))
    mishaps.enter_context(undone("hv2", "virsh -q net-destroy lab", "virsh -q net-start lab"))
    mishaps.enter_context(undone("hv2", "virsh -q pool-destroy local", "virsh -q pool-start local"))
    define("hv2", NAMESAKE)
    mishaps.callback(on_host, "hv2", "virsh", "-q", "undefine", "cache1")


def _spoil_hv3(mishaps: ExitStack, folder: Path) -> None:
    mishaps.callback(open_libvirtd, "hv3")
    mishaps.enter_context(kept("hv3", QEMU_SERVER, QEMU_CLIENT, QEMU_CA, QEMU_CONF))
    foreign, authority = certificate(folder, "hv3", authority="somebody-else")
    for path, content in ((QEMU_SERVER, foreign), (QEMU_CLIENT, foreign), (QEMU_CA, authority)):
        put("hv3", path, content)
    replace("hv3", QEMU_CONF, 'user = "root"', 'user = "libvirt-qemu"')  # as it is outside of a lab
    close_libvirtd("hv3")
    mishaps.enter_context(undone("hv3", "ip link set br-guests mtu 1400", "ip link set br-guests mtu 1500"))


def _spoil_guests_of_hv1(mishaps: ExitStack) -> None:
    on_host("hv1", "qemu-img", "create", "-q", "-f", "qcow2", "/root/picky.qcow2", "1M")
    mishaps.callback(on_host, "hv1", "rm", "/root/picky.qcow2")
    define("hv1", PICKY)
    mishaps.callback(on_host, "hv1", "virsh", "-q", "undefine", "picky", "--snapshots-metadata")
    on_host("hv1", "virsh", "-q", "snapshot-create-as", "picky", "before")
    define("hv1", TIED)
    mishaps.callback(on_host, "hv1", "virsh", "-q", "undefine", "tied")
    mishaps.enter_context(undone("hv1", "virsh -q start tied --paused", "virsh -q destroy tied"))
    image = "/var/lib/libvirt/images/copy-of-a-scenario.qcow2"
    mishaps.callback(on_host, "hv1", "rm", image)
    copy = f"virsh -q blockcopy db1 vda {image} --transient-job"
    mishaps.enter_context(undone("hv1", copy, "virsh -q blockjob db1 vda --abort"))


def test_a_guest_that_could_go_nowhere_makes_the_run_fail(spoilt: Look) -> None:
    assert spoilt.run.status != 0
    assert "guests could go nowhere. The table above names every reason and what to do." in spoilt.run.output
    assert spoilt.run.changed == 0


def test_an_expired_certificate(spoilt: Look) -> None:
    told = spoilt.said("web2", "hv2", "certificate_expired")
    assert told.startswith(f"the certificate {QEMU_SERVER} of hv2 has expired ")
    assert told.endswith("renew it, for which the role hypervisor will do")


def test_a_certificate_of_another_authority(spoilt: Look) -> None:
    assert spoilt.said("web2", "hv3", "certificate_untrusted") == (
        f"hv1 does not trust the certificate {QEMU_SERVER} of hv3: none of those in {QEMU_CA} has signed it; "
        "give all hosts certificates of one authority, or add the other one to that file"
    )


def test_a_firewall_between_two_hosts(spoilt: Look) -> None:
    assert spoilt.said("web2", "hv2", "ports_blocked") == (
        f"hv1 does not get through to {address_of('hv2')}, port 49152: rejected on the way; "
        "open the ports for migrations between the two hosts in every firewall on the way"
    )


def test_a_range_of_ports_that_is_used_up(spoilt: Look) -> None:
    told = spoilt.said("web2", "hv2", "ports_taken")
    assert told.startswith(
        "none of the ports 16514-16514 for migrations is free on hv2; wait for other moves, or widen"
    )


def test_a_daemon_that_does_not_listen_to_others(spoilt: Look) -> None:
    told = spoilt.said("web2", "hv3", "peer_refuses")
    assert told.startswith(
        "the daemon of hv1 can't open qemu+tls://hv3/system: unable to connect to server at 'hv3:16514'"
    )
    assert told.endswith("check that libvirtd (or virtproxyd) runs there and listens, and the firewall")


def test_post_copy_where_the_kernel_forbids_it(spoilt: Look) -> None:
    switch = on_host("hv3", "cat", "/proc/sys/vm/unprivileged_userfaultfd").strip()
    assert ("post_copy_denied" in spoilt.codes("web2", "hv3")) is (switch == "0")
    if switch == "0":
        assert spoilt.said("web2", "hv3", "post_copy_denied") == (
            "the kernel of hv3 keeps QEMU from userfaultfd, without which there is no post-copy; "
            "set vm.unprivileged_userfaultfd=1 there, or move without post-copy"
        )
    assert "post_copy_denied" not in spoilt.codes("web2", "hv2"), "there QEMU is root's"


def test_a_missing_network_and_a_smaller_mtu(spoilt: Look) -> None:
    assert spoilt.said("web1", "hv2", "network_missing").startswith(
        "hv2 has no active network lab; define and start it there"
    )
    assert spoilt.said("web1", "hv3", "smaller_mtu").startswith(
        "network lab of hv3 has an MTU of 1400, it has 1500 where"
    )
    assert "network_missing" not in spoilt.codes("web2", "hv2"), "it has no network card"


def test_a_missing_pool(spoilt: Look) -> None:
    assert spoilt.said("db1", "hv2", "pool_missing").startswith(
        "disk vda is in pool local (dir /var/lib/libvirt/images), which hv2 does not have active; "
        "define and start that pool on hv2"
    )


def test_a_name_that_another_guest_has(spoilt: Look) -> None:
    assert spoilt.said("cache1", "hv2", "name_taken").startswith("hv2 already has another guest of that name (UUID ")


def test_a_running_block_job(spoilt: Look) -> None:
    for dest in ("hv2", "hv3"):
        assert spoilt.said("db1", dest, "busy") == (
            "libvirt runs another job on it (a backup, a save or a block copy); wait for its end, or abort it"
        )


def test_a_running_guest_with_a_folder_of_its_host(spoilt: Look) -> None:
    assert spoilt.said("tied", "hv2", "device") == (
        "it uses a shared folder of its host; detach it, or shut the guest down first"
    )


def test_a_guest_with_a_snapshot_a_strange_cpu_and_a_device_of_its_host(spoilt: Look) -> None:
    assert spoilt.said("picky", "hv2", "snapshots") == (
        "it has 1 libvirt snapshots, with which libvirt does not migrate; delete them first"
    )
    assert spoilt.said("picky", "hv2", "cpu_model").startswith(
        "hv2 can't give the CPU Skylake-Server (the model is not usable there); choose a CPU model that all hosts have"
    )
    assert spoilt.said("picky", "hv2", "disk_in_no_pool").startswith(
        "disk vda is /root/picky.qcow2, in no active pool of"
    )
    assert spoilt.said("picky", "hv3", "host_device").startswith("it uses pci passthrough of its host, which does not")


def test_the_planner_refuses_for_the_same_reasons(spoilt: Look) -> None:
    for name in ("db1", "picky", "tied"):
        planned = {(each["code"], each["message"]) for each in spoilt.stays[name]}
        assert planned
        looked = {
            (each["code"], each["message"])
            for entry in spoilt.matrix
            if entry["name"] == name
            for each in entry["refusals"]
        }
        assert planned <= looked


def test_a_plan_refuses_a_sound_guest_for_what_only_a_look_on_the_hosts_tells(spoilt: Look) -> None:
    found = {(each["host"], each["code"]) for each in spoilt.stays["web2"]}
    assert ("hv2", "certificate_expired") in found
    assert ("hv2", "ports_blocked") in found
    assert ("hv3", "certificate_untrusted") in found
    assert ("hv3", "peer_refuses") in found


def test_guests_go_around_a_host_that_would_not_accept_them(around: tuple[Run, Run]) -> None:
    for run, dest in zip(around, ("hv1", "hv2")):
        assert run.status == 0, run.output
        assert {move["dest"] for move in run.report["moves"]} == {dest}
        assert {(move["outcome"], move["round"]) for move in run.report["moves"]} == {("moved", 1)}


def test_nothing_is_left_of_all_this(spoilt: Look, around: tuple[Run, Run]) -> None:  # noqa: ARG001
    assert is_as_made(patience=40)
