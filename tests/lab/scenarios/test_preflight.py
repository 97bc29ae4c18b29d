"""Scenario: what would go wrong is said before anything moves, in words, for all that this lab can be spoilt with.

What it can't be spoilt with (huge pages, NUMA, swtpm, SELinux, KVM's CPUs, clocks that differ: its hosts share one
kernel) is in unit tests; a full host, a silent one and an older release have scenarios of their own.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import pytest
import yaml
from conductor import COLLECTION, Run, execute, playbook_argv
from is_as_made import is_as_made
from labview import INVENTORY, initial_world, on_host, world
from mishaps import (
    LIBVIRTD_CONF,
    QEMU_CONF,
    append,
    certificate,
    close_libvirtd,
    define,
    kept,
    open_libvirtd,
    put,
    replace,
    restart_libvirtd,
    undone,
)

QEMU_SERVER, QEMU_CLIENT, QEMU_CA = (f"/etc/pki/qemu/{name}.pem" for name in ("server-cert", "client-cert", "ca-cert"))
HOSTS_FILE = "/etc/hosts"
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


@dataclass(frozen=True)
class Look:
    """A run of the playbook, and what it wrote."""

    run: Run
    matrix: list[dict[str, Any]]
    text: str
    stays: dict[str, Any] = field(default_factory=dict)

    def codes(self, name: str, dest: str, label: str = "refusals") -> set[str]:
        return {each["code"] for each in self._entry(name, dest)[label]}

    def said(self, name: str, dest: str, code: str) -> str:
        """Return what a person is told: cause and remedy."""
        entry = self._entry(name, dest)
        told = [each for each in (*entry["refusals"], *entry["warnings"]) if each["code"] == code]
        assert told, (code, entry)
        assert told[0]["message"].split(";")[0][:60] in self.plain, "the table for people has it too"
        return f"{told[0]['message']}; {told[0]['remedy']}"

    @property
    def plain(self) -> str:
        """The text with lines that were broken for their width joined again."""
        return self.text.replace("\n    ", " ")

    def _entry(self, name: str, dest: str) -> dict[str, Any]:
        return next(each for each in self.matrix if (each["name"], each["dest"]) == (name, dest))


def look(folder: Path, *flags: str, **variables: Any) -> Look:
    reports = folder / "report"
    values = {"preflight_report_dir": str(reports), "preflight_connect_timeout": 3, **variables}
    run = execute(playbook_argv(f"{COLLECTION}.preflight", *flags, **values))
    assert "Traceback" not in run.output, run.output
    assert (reports / "preflight.json").exists(), run.output
    found = json.loads((reports / "preflight.json").read_text(encoding="utf-8"))
    return Look(run, found["matrix"], (reports / "preflight.txt").read_text(encoding="utf-8"))


def more_inventory(folder: Path, **hosts: dict[str, Any]) -> list[str]:
    path = folder / "more.yml"
    path.write_text(json.dumps({"hypervisors": {"hosts": hosts}}), encoding="utf-8")
    return ["-i", str(path)]


def address_of(host: str) -> str:
    hosts = yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))["hypervisors"]["hosts"]
    return str(hosts[host]["ansible_host"])


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
    flags = {"evacuate_hosts": "hv1", "evacuate_report_dir": str(reports)}
    run = execute(playbook_argv(f"{COLLECTION}.evacuate", "--check", **flags))
    assert run.status != 0, run.output
    (report,) = reports.glob("*.json")
    return {stay["name"]: stay["refusals"] for stay in json.loads(report.read_text(encoding="utf-8"))["stays"]}


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


# ---- the inventory's names and addresses, and settings of the daemons


@pytest.fixture(scope="module")
def misnamed(folder: Path, spoilt: Look) -> Look:  # noqa: ARG001
    with ExitStack() as mishaps:
        mishaps.enter_context(kept("hv1", HOSTS_FILE, QEMU_CLIENT))
        append("hv1", HOSTS_FILE, f"{address_of('hv2')} hv2-by-another-name")
        on_host("hv1", "rm", QEMU_CLIENT)
        flags = more_inventory(
            folder,
            hv1={"virtfleet_shared_pools": ["local"]},
            hv2={"virtfleet_peer_name": "hv2-by-another-name", "virtfleet_shared_pools": ["local"]},
            hv3={"virtfleet_migration_address": "nobody.invalid", "virtfleet_shared_pools": ["local"]},
        )
        return look(folder, *flags, preflight_sources="hv1", preflight_fail_on="never")


def test_a_run_that_shall_not_fail_does_not(misnamed: Look) -> None:
    assert misnamed.run.status == 0, misnamed.run.output


def test_a_certificate_for_another_name(misnamed: Look) -> None:
    told = misnamed.said("web2", "hv2", "certificate_name")
    assert told.startswith("the certificate /etc/pki/libvirt/servercert.pem of hv2 is for hv2, ")
    assert "and not for hv2-by-another-name; make it anew with that name" in told
    assert "peer_refuses" in misnamed.codes("web2", "hv2"), "libvirt itself sees it too"


def test_a_name_that_does_not_resolve(misnamed: Look) -> None:
    told = misnamed.said("web2", "hv3", "name_unknown")
    assert told.startswith("hv1 finds no address for nobody.invalid, to which the memory would go (")
    assert told.endswith("give hv3 a virtfleet_migration_address, or its name an entry on hv1")


def test_a_missing_certificate(misnamed: Look) -> None:
    told = misnamed.said("web2", "hv3", "certificate_missing")
    assert told.startswith(
        f"there is no complete certificate on hv1: {QEMU_CLIENT} is missing; run the role hypervisor"
    )


def test_storage_that_is_said_to_be_shared_and_is_not(misnamed: Look) -> None:
    told = misnamed.said("db1", "hv2", "not_seen_as_shared")
    assert told.startswith(
        "disk vda (/var/lib/libvirt/images/db1.qcow2) is on overlay of hv1, which libvirt does not take"
    )
    assert "not_seen_as_shared" not in misnamed.codes("web2", "hv2"), "GlusterFS is shared"


@pytest.fixture(scope="module")
def misset(folder: Path, misnamed: Look) -> Look:  # noqa: ARG001
    with ExitStack() as mishaps:
        mishaps.callback(restart_libvirtd, "hv3")
        mishaps.enter_context(kept("hv3", LIBVIRTD_CONF, QEMU_CONF))
        append("hv3", QEMU_CONF, "migrate_tls_force = 1")
        for line in ("migration_port_min = 49152", "migration_port_max = 49155"):
            append("hv3", QEMU_CONF, line)
        uuid = on_host("hv2", "sed", "--quiet", 's/host_uuid = "\\(.*\\)"/\\1/p', LIBVIRTD_CONF).strip()
        replace("hv3", LIBVIRTD_CONF, "host_uuid = .*", f'host_uuid = "{uuid}"')
        restart_libvirtd("hv3")
        flags = more_inventory(folder, hv2={"virtfleet_migration_address": "localhost"})
        return look(folder, *flags, preflight_sources=["hv1"], preflight_tls=False, preflight_fail_on="never")


def test_two_hosts_with_one_uuid(misset: Look) -> None:
    for dest, other in (("hv2", "hv3"), ("hv3", "hv2")):
        told = misset.said("web2", dest, "host_uuid_twice")
        assert told.startswith(f"{dest} and {other} report the same host UUID ")
        assert told.endswith("give each its own host_uuid in libvirtd.conf (or virtqemud.conf)")


def test_a_name_that_stands_for_the_source(misset: Look) -> None:
    assert misset.said("web2", "hv2", "name_loopback").startswith("on hv1 the name localhost stands for ")


def test_a_host_that_forces_tls(misset: Look) -> None:
    told = misset.said("web2", "hv3", "tls_forced")
    assert told == "hv3 takes no migration without TLS (migrate_tls_force); move with tls: true"


def test_a_small_range_of_ports(misset: Look) -> None:
    told = misset.said("web2", "hv3", "few_ports")
    assert told.startswith(
        "only 4 of the ports 49152-49155 for migrations are free on hv3; let at most 2 guests come at once"
    )


def test_certificates_do_not_matter_to_qemu_without_tls(misset: Look) -> None:
    assert not {code for code in misset.codes("web2", "hv3") if code.startswith("certificate")}


def test_nothing_is_left_of_all_this(misset: Look) -> None:  # noqa: ARG001
    assert is_as_made()
