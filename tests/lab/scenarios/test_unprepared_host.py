"""Scenario: a host with nothing but ssh and Python joins the fleet, and its certificates are renewed under its guests.

Hosts of families that the lab has none of are rehearsed for in check mode, by the facts that they would tell.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import shutil
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conductor import COLLECTION, Run, evacuation, execute, playbook_argv, restoration
from labview import LAB, NOISE_SECONDS, lab, on_host, once_again_well, status
from looking import QEMU_CA, QEMU_CLIENT, QEMU_SERVER, Look, address_of, look
from mishaps import certificate, put

PROFILE = "bare"
NEW, OLD = "hv3", "hv2"
# 110 packages are unpacked, on however slow a machine
INSTALLING = 900
LIBVIRT_SERVER = "/etc/pki/libvirt/servercert.pem"
QEMU_KEYS = ("/etc/pki/qemu/server-key.pem", "/etc/pki/qemu/client-key.pem")
# what a container needs of QEMU, as all hosts of the lab have it
QEMU_SETTINGS = {
    "user": "root",
    "group": "root",
    "security_driver": "none",
    "namespaces": [],
    "cgroup_controllers": [],
    "remember_owner": 0,
    "stdio_handler": "file",
}
POOLS = [
    {"name": "local", "type": "dir", "path": "/var/lib/libvirt/images"},
    {
        "name": "gluster",
        "type": "netfs",
        "path": "/var/lib/libvirt/gluster",
        "source_host": "{{ lab_address }}",
        "source_path": "/guests",
        "source_format": "glusterfs",
    },
    {
        "name": "iscsi",
        "type": "iscsi-direct",
        "source_host": "{{ lab_address }}",
        "source_port": 3260,
        "source_path": "iqn.2026-01.lab.virtfleet:guests",
        "initiator": "iqn.2026-01.lab.virtfleet:{{ inventory_hostname }}",
    },
]


def prepare(authority: Path, *flags: str, **variables: Any) -> Run:
    """Run the playbook for the new host, with certificates of the lab's authority."""
    values: dict[str, Any] = {
        "hypervisor_tls_ca_dir": str(authority),
        "hypervisor_tls_ca_name": "virtfleet lab",
        "hypervisor_storage": ["gluster", "iscsi-direct"],
        "hypervisor_host_uuid": "machine-id",
        "hypervisor_qemu_user": "root",
        "hypervisor_qemu_settings": QEMU_SETTINGS,
        "hypervisor_daemon_settings": {"keepalive_interval": 5, "keepalive_count": 5, "max_clients": 500},
        "hypervisor_networks": [
            {"name": "lab", "forward": "bridge", "bridge": "br-guests"},
            {"name": "inside", "forward": "isolated"},
        ],
        "hypervisor_pools": POOLS,
        "lab_address": address_of(NEW).rpartition(".")[0] + ".1",
        **variables,
    }
    run = execute(playbook_argv(f"{COLLECTION}.hypervisor", "--limit", NEW, *flags, **values), timeout=INSTALLING)
    assert "Traceback" not in run.output, run.output
    return run


@pytest.fixture(scope="module")
def authority(folder: Path) -> Path:
    """The lab's authority, where the role looks for one."""
    own = folder / "authority"
    own.mkdir(mode=0o700)
    for name in ("cacert.pem", "cakey.pem"):
        shutil.copy(LAB / "pki" / name, own / name)
    return own


@pytest.fixture(scope="module")
def foretold(authority: Path) -> Run:
    lab("offer", "hypervisor", NEW)
    return prepare(authority, "--check")


def test_check_mode_says_what_a_bare_host_lacks_and_installs_nothing(foretold: Run) -> None:
    assert foretold.status == 0, foretold.output
    assert "Would be installed: " in foretold.output
    assert "libvirt-daemon-system" in foretold.output
    assert status()["hosts"][NEW] == "bare"


@pytest.fixture(scope="module")
def prepared(authority: Path, foretold: Run) -> Run:  # noqa: ARG001
    """The host made ready, with a certificate that will have to be renewed soon."""
    return prepare(authority, hypervisor_tls_certificate_days=20, hypervisor_tls_renew_days=10)


def await_up() -> None:
    """Wait for the judge to see the new host: a daemon that nobody asked for a while has to start first."""
    end = time.monotonic() + 60
    while status()["hosts"][NEW] != "up":
        assert time.monotonic() < end, status()
        time.sleep(1)


def test_the_host_is_a_hypervisor_now(prepared: Run) -> None:
    assert prepared.status == 0, prepared.output
    await_up()
    report = once_again_well(time.time())
    assert report["ok"], report["problems"]
    machine = on_host(NEW, "cat", "/etc/machine-id").strip()
    assert machine in on_host(NEW, "virsh", "-q", "capabilities").replace("-", ""), "it goes by the UUID of its system"
    assert sorted(on_host(NEW, "virsh", "-q", "net-list", "--name").split()) == ["inside", "lab"]


def test_run_again_it_changes_nothing(authority: Path, prepared: Run) -> None:  # noqa: ARG001
    run = prepare(authority, hypervisor_tls_certificate_days=20, hypervisor_tls_renew_days=10)
    assert run.status == 0, run.output
    assert run.changed == 0, run.output


def test_every_host_is_ready_for_every_other_one(prepared: Run) -> None:  # noqa: ARG001
    run = execute(playbook_argv(f"{COLLECTION}.verify"))
    assert run.status == 0, run.output
    assert run.changed == 0
    # the new host's certificate ends soon, which is worth a word
    for line in ("from  hv1   hv2   hv3", "hv1   -     yes   care", "hv2   yes   -     care", "hv3   care  care  -"):
        assert f'"{line}"' in run.output, run.output
    assert "6 of 6 pairs of hosts are ready" in run.output


@dataclass(frozen=True)
class Serving:
    """What a host's daemon is and shows: its process, and the certificate that a client gets from it."""

    process: str
    certificate: str


def serving() -> Serving:
    process = on_host(NEW, "systemctl", "show", "--property", "MainPID", "libvirtd.service")
    return Serving(process, ssl.get_server_certificate((address_of(NEW), 16514), timeout=10))


@dataclass(frozen=True)
class Renewal:
    """The host with guests on it, spoilt, looked at, and made good again by the playbook."""

    received: Run
    seen: Look
    before: Serving
    after: Serving
    run: Run
    since: float
    judged: dict[str, Any]


@pytest.fixture(scope="module")
def renewal(folder: Path, authority: Path, prepared: Run) -> Renewal:  # noqa: ARG001
    received = evacuation(OLD, folder).run(dests=NEW)
    before, since = serving(), time.time()
    put(NEW, LIBVIRT_SERVER, certificate(folder, NEW, expired=True)[0])
    foreign, somebody = certificate(folder, NEW, authority="somebody-else")
    key = (LAB / "pki" / NEW / "clientkey.pem").read_text(encoding="utf-8")
    contents = {QEMU_SERVER: foreign, QEMU_CLIENT: foreign, QEMU_CA: somebody, **dict.fromkeys(QEMU_KEYS, key)}
    for path, content in contents.items():
        put(NEW, path, content)
    seen = look(folder, preflight_sources=["hv1"], preflight_dests=[NEW], preflight_fail_on="refusals")
    run = prepare(authority)
    return Renewal(received, seen, before, serving(), run, since, once_again_well(since))


def test_the_new_host_receives_guests(renewal: Renewal) -> None:
    assert renewal.received.status == 0, renewal.received.output
    moved = {move["name"]: move["dest"] for move in renewal.received.report["moves"]}
    assert set(moved.values()) == {NEW}
    assert {"zürich", "build1", "mail1"} <= moved.keys(), "disks on every kind of pool"


def test_expired_and_foreign_certificates_are_refused_by_name(renewal: Renewal) -> None:
    assert renewal.seen.run.status != 0
    told = renewal.seen.said("web2", NEW, "certificate_expired")
    assert told.startswith(f"the certificate {LIBVIRT_SERVER} of {NEW} has expired ")
    told = renewal.seen.said("web2", NEW, "certificate_untrusted")
    assert told.startswith(f"hv1 does not trust the certificate {QEMU_SERVER} of {NEW}: ")


def test_certificates_are_renewed_and_the_daemon_shows_the_new_one_without_a_restart(renewal: Renewal) -> None:
    assert renewal.run.status == 0, renewal.run.output
    assert renewal.after.process == renewal.before.process
    assert renewal.after.certificate != renewal.before.certificate
    assert renewal.after.certificate.strip() == on_host(NEW, "cat", LIBVIRT_SERVER).strip()


def test_guests_on_the_host_went_on_while_its_certificates_were_renewed(renewal: Renewal) -> None:
    assert renewal.judged["ok"], renewal.judged["problems"]
    running = [guest for guest in renewal.judged["guests"] if guest["state"] == "running"]
    on_it = [guest for guest in running if guest["host"] == NEW]
    assert len(on_it) >= 3
    # how long this machine itself kept guests waiting, those on other hosts show
    patience = max(guest["longest_hole_s"] for guest in running if guest not in on_it) + NOISE_SECONDS
    assert [(guest["name"], guest["longest_hole_s"]) for guest in on_it if guest["longest_hole_s"] > patience] == []


def test_the_new_host_sends_guests(folder: Path, renewal: Renewal) -> None:
    moved = {move["name"] for move in renewal.received.report["moves"]}
    run = restoration(OLD, folder).run()
    assert run.status == 0, run.output
    assert {move[0] for move in run.moves() if move[1:3] == (NEW, OLD)} == moved
    judged = once_again_well(run.began)
    assert judged["ok"], judged["problems"]
    assert [guest["name"] for guest in judged["guests"] if guest["host"] == NEW] == []


# ---- families that no host of the lab is of, by facts as Ansible reads them there


FAMILIES = {
    "el9": {"os_family": "RedHat", "distribution": "Rocky", "distribution_major_version": "9"},
    "leap": {"os_family": "Suse", "distribution": "openSUSE Leap", "distribution_major_version": "15"},
}


@pytest.fixture(scope="module")
def elsewhere(folder: Path) -> Run:
    """The role in check mode for hosts of other families: they have rpm's word for two packages, and no others."""
    (folder / "bin").mkdir()
    rpm = folder / "bin" / "rpm"
    rpm.write_text('#!/bin/sh\nprintf "installed bash\\ninstalled qemu-img\\n"\n', encoding="ascii")
    rpm.chmod(0o755)
    local = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
    inventory = folder / "elsewhere.yml"
    hosts = {name: {**local, "recorded": facts} for name, facts in FAMILIES.items()}
    inventory.write_text(json.dumps({"elsewhere": {"hosts": hosts}}), encoding="utf-8")
    facts = {f"ansible_{name}": f"{{{{ recorded.{name} }}}}" for name in FAMILIES["el9"]}
    recorded = {**facts, "ansible_user_id": "root", "ansible_selinux": {"status": "enabled"}, "cacheable": True}
    play = {
        "hosts": "elsewhere",
        "gather_facts": False,
        "vars": {"hypervisor_group": "elsewhere", "hypervisor_storage": ["nfs"], "hypervisor_tls_ca_dir": "/nowhere"},
        "tasks": [
            {"name": "Have the facts", "ansible.builtin.set_fact": recorded},
            {"name": "Rehearse", "ansible.builtin.include_role": {"name": f"{COLLECTION}.hypervisor"}},
        ],
    }
    book = folder / "elsewhere-play.json"
    book.write_text(json.dumps([play]), encoding="utf-8")
    argv = playbook_argv(str(book), "-i", str(inventory), "--check")
    return execute(["env", f"PATH={folder / 'bin'}:{os.environ['PATH']}", *argv])


def test_a_host_of_the_rhel_family_would_get_packages_by_the_names_they_have_there(elsewhere: Run) -> None:
    (said,) = [line for line in elsewhere.output.splitlines() if "Would be installed: " in line]
    asked = set(said.partition("Would be installed: ")[2].partition(". ")[0].split(", "))
    assert {"libvirt-daemon-kvm", "nfs-utils", "python3-libsemanage", "qemu-kvm"} <= asked
    assert "qemu-img" not in asked, "it is there"


def test_a_family_that_the_role_does_not_know_is_refused(elsewhere: Run) -> None:
    assert elsewhere.status != 0
    assert "leap runs openSUSE Leap: the role knows the families Debian and RedHat." in elsewhere.output
