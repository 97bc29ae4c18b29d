"""What was found on two hosts becomes refusals and warnings, each in words that say where and what to do."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model import prose
from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import to_json
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host_check import (
    Certificate,
    Certificates,
    Clock,
    HostCheck,
    Mount,
    PeerCheck,
    read_checks,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Transport, Wanted
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.preflight import preflight

from .. import fleet_builder as build

NOW = 1_800_000_000.0
DAY = 86_400
URI = "qemu+tls://hv2.lab.test/system"
PEER = PeerCheck("hv2", URI, address="192.0.2.2", addresses=("192.0.2.2",))


def shown(path: str, **changes: Any) -> Certificate:
    values = {"names": ("hv2", "*.lab.test"), "not_after": NOW + 900 * DAY, "signer": "ca", **changes}
    return Certificate(path, **values)


def certificates(use: str, server: Optional[Certificate] = None, client: Optional[Certificate] = None) -> Certificates:
    return Certificates(
        use, server or shown(f"/{use}/s.pem"), client or shown(f"/{use}/c.pem"), f"/{use}/ca.pem", ("ca",)
    )


GOOD = HostCheck(NOW, certificates=(certificates("libvirt"), certificates("qemu")), mounts=(Mount("/", "ext4"),))
HERE = replace(GOOD, peers=(PEER,))


def judged(
    here: Optional[HostCheck] = HERE, there: Optional[HostCheck] = GOOD, guest: Optional[Guest] = None, **wanted: Any
) -> tuple[list[str], list[str]]:
    """Return refusals and warnings of one guest from hv1 to hv2 as `code: sentence`."""
    fleet = build.snapshot(build.host("hv1", guest or build.guest(disks=())), build.host("hv2"))
    checks = {name: check for name, check in (("hv1", here), ("hv2", there)) if check is not None}
    request = Request(Goal.RELOCATE, ("hv1",), dests=("hv2",))
    (found,) = preflight(fleet, request, Wanted(**wanted), None, checks)
    refusals = [f"{each.code.value}: {prose.sentence(each)}" for each in found.refusals]
    return refusals, [f"{each.code.value}: {prose.cause(each)}; {prose.remedy(each)}" for each in found.cautions]


def refused(here: HostCheck = HERE, there: HostCheck = GOOD, **more: Any) -> str:
    refusals, _cautions = judged(here, there, **more)
    (only,) = refusals
    return only


def peer(**changes: Any) -> HostCheck:
    return replace(HERE, peers=(replace(PEER, **changes),))


def server(use: str, **changes: Any) -> HostCheck:
    """Return a destination whose server certificate of that use is changed."""
    others = tuple(each for each in GOOD.certificates if each.use != use)
    return replace(GOOD, certificates=(certificates(use, shown(f"/{use}/s.pem", **changes)), *others))


def client(use: str, **changes: Any) -> HostCheck:
    """Return a source whose client certificate of that use is changed."""
    others = tuple(each for each in GOOD.certificates if each.use != use)
    return replace(HERE, certificates=(certificates(use, None, shown(f"/{use}/c.pem", **changes)), *others))


def test_two_good_hosts_have_nothing_against_it() -> None:
    assert judged() == ([], [])


def test_a_daemon_that_can_not_open_the_other_is_refused_with_its_error() -> None:
    bad = peer(error="Host key verification failed.", advice="Put the host's key into known_hosts")
    assert refused(bad) == (
        f"peer_refuses: the daemon of hv1 can't open {URI}: Host key verification failed.; "
        "put the host's key into known_hosts"
    )
    assert judged(bad, transport=Transport.DIRECT)[0] == [], "the conductor drives, daemons need not meet"


def test_a_name_without_an_address_is_refused() -> None:
    assert refused(peer(address="hv2", addresses=(), unresolved="Name or service not known")).startswith(
        "name_unknown: hv1 finds no address for hv2, to which the memory would go (Name or service not known); give hv2"
    )


@pytest.mark.parametrize("address", ["127.0.1.1", "::1"])
def test_a_name_that_stands_for_the_source_itself_is_refused(address: str) -> None:
    bad = peer(address="hv2", addresses=(address,))
    assert refused(bad).startswith(f"name_loopback: on hv1 the name hv2 stands for {address}, which is hv1 itself")
    assert judged(bad, replace(GOOD, migration_host="192.0.2.2"))[0] == []


def test_ports_behind_a_firewall_are_refused() -> None:
    assert refused(peer(blocked="port 49152: no answer within 5 s")).startswith(
        "ports_blocked: hv1 does not get through to 192.0.2.2, port 49152: no answer within 5 s; open the ports"
    )


def test_a_shut_off_guest_needs_no_port_and_no_certificate_of_qemu() -> None:
    off = build.guest(state=GuestState.SHUT_OFF, disks=())
    bad = replace(server("qemu", present=False, problem="/x is missing"), free_ports=0, userfaultfd=False)
    assert judged(peer(blocked="port 1: no"), bad, off, post_copy=True)[0] == []


def test_a_range_of_ports_that_is_used_up_is_refused_and_a_small_rest_warned_of() -> None:
    assert refused(there=replace(GOOD, free_ports=0)).startswith(
        "ports_taken: none of the ports 49152-49215 for migrations is free on hv2"
    )
    _refusals, (warning,) = judged(there=replace(GOOD, free_ports=5))
    assert warning.startswith(
        "few_ports: only 5 of the ports 49152-49215 for migrations are free on hv2; let at most 2"
    )


@pytest.mark.parametrize("use", ["libvirt", "qemu"])
def test_an_expired_certificate_is_refused_at_either_end(use: str) -> None:
    old = {"not_after": NOW - 3 * DAY, "problem": "certificate has expired"}
    assert refused(there=server(use, **old)) == (
        f"certificate_expired: the certificate /{use}/s.pem of hv2 has expired 3 days ago; "
        "renew it, for which the role hypervisor will do"
    )
    assert refused(client(use, **old)).startswith(
        f"certificate_expired: the certificate /{use}/c.pem of hv1 has expired 3 days ago"
    )


@pytest.mark.parametrize("use", ["libvirt", "qemu"])
def test_one_that_another_authority_signed_is_refused_at_either_end(use: str) -> None:
    assert refused(there=server(use, signer="other")).startswith(
        f"certificate_untrusted: hv1 does not trust the certificate /{use}/s.pem of hv2: "
        f"none of those in /{use}/ca.pem has signed it"
    )
    assert refused(client(use, signer="other")).startswith("certificate_untrusted: hv2 does not trust the certificate")


@pytest.mark.parametrize("use", ["libvirt", "qemu"])
def test_one_for_another_name_is_refused(use: str) -> None:
    assert refused(there=server(use, names=("hv2", "hv2.elsewhere"))) == (
        f"certificate_name: the certificate /{use}/s.pem of hv2 is for hv2, hv2.elsewhere, and not for hv2.lab.test; "
        "make it anew with that name, or set virtfleet_peer_name to one that is in it"
    )


@pytest.mark.parametrize("name", ["hv2.lab.test", "HV2.lab.test.", "*.lab.test"])
def test_names_are_compared_as_tls_does(name: str) -> None:
    assert judged(there=server("qemu", names=(name,)))[0] == []
    assert judged(there=server("qemu", names=("*.test",)))[0] != []


def test_a_missing_or_broken_one_is_refused() -> None:
    assert refused(there=server("qemu", present=False, problem="/qemu/s.key is missing")).startswith(
        "certificate_missing: there is no complete certificate on hv2: /qemu/s.key is missing"
    )
    assert refused(there=server("qemu", problem="unsupported purpose")).startswith(
        "certificate_invalid: the certificate /qemu/s.pem of hv2 is no good: unsupported purpose"
    )


def test_certificates_that_nobody_would_look_at_do_not_matter() -> None:
    assert judged(there=server("qemu", signer="other"), tls=False)[0] == []
    assert judged(client("qemu", signer="other"), replace(GOOD, verifies_clients=False))[0] == []
    by_ssh = peer(uri="qemu+ssh://root@hv2.lab.test/system")
    assert judged(by_ssh, server("libvirt", signer="other"))[0] == []


def test_a_certificate_that_ends_soon_is_warned_of() -> None:
    _refusals, warnings = judged(client("qemu", not_after=NOW + 12 * DAY), server("libvirt", not_after=NOW + 2 * DAY))
    assert warnings == [
        "certificate_ends: the certificate /libvirt/s.pem of hv2 expires in 2 days; renew it before",
        "certificate_ends: the certificate /qemu/c.pem of hv1 expires in 12 days; renew it before",
    ]


def test_post_copy_needs_the_kernels_leave_at_the_destination() -> None:
    bad = replace(GOOD, userfaultfd=False)
    assert judged(there=bad)[0] == []
    assert refused(there=bad, post_copy=True).startswith(
        "post_copy_denied: the kernel of hv2 keeps QEMU from userfaultfd, without which there is no post-copy; "
        "set vm.unprivileged_userfaultfd=1 there"
    )


def test_a_host_that_forces_tls_takes_no_other_move() -> None:
    assert judged(there=replace(GOOD, tls_forced=True))[0] == []
    assert refused(there=replace(GOOD, tls_forced=True), tls=False).startswith("tls_forced: hv2 takes no migration")


def test_what_the_user_calls_shared_and_libvirt_does_not_is_refused() -> None:
    web = build.guest(disks=(build.disk(),))
    assert refused(guest=web).startswith(
        "not_seen_as_shared: disk vda (/srv/shared/web-vda.qcow2) is on ext4 of hv1, "
        "which libvirt does not take for shared storage; take its pool out of virtfleet_shared_pools"
    )
    mounted = replace(HERE, mounts=(Mount("/", "ext4"), Mount("/srv/shared", "nfs4")))
    assert judged(mounted, guest=web)[0] == []
    assert judged(replace(HERE, shared_filesystems=("/srv/shared",)), guest=web)[0] == []
    assert judged(guest=build.guest(disks=(build.disk(readonly=True),)))[0] == []
    copied = build.guest(disks=(build.disk(pool="local"),))
    assert judged(guest=copied)[0] == [], "what is copied need not be shared"


def test_nfs_needs_the_leave_of_selinux() -> None:
    web = build.guest(disks=(build.disk(),))
    mounted = replace(HERE, mounts=(Mount("/srv", "nfs4"),))
    assert refused(mounted, replace(GOOD, nfs_allowed=False), guest=web) == (
        "selinux_nfs: disk vda is on NFS, which SELinux on hv2 keeps guests from; run setsebool -P virt_use_nfs 1 there"
    )
    assert judged(mounted, replace(GOOD, nfs_allowed=True), guest=web)[0] == []


def test_clocks_that_differ_by_more_than_the_doubt_are_warned_of() -> None:
    here, there = replace(HERE, clock=Clock(0.5, 0.4)), replace(GOOD, clock=Clock(-3.0, 0.6))
    _refusals, (warning,) = judged(here, there)
    assert warning.startswith("clocks_differ: the clocks of hv1 and hv2 are 3.5 s apart (measured to 1.0 s); let both")
    assert judged(here, replace(there, clock=Clock(-3.0, 2.5)))[1] == []


def test_a_host_that_was_not_looked_at_is_named_and_none_where_nobody_looked() -> None:
    assert judged(HERE, None)[1] == [
        "not_checked: hv2 itself was not looked at, so its certificates, ports, names and clock are unknown; "
        "run host_check_info on it, as the playbook preflight does"
    ]
    assert judged(None, None) == ([], [])


def test_a_smaller_mtu_is_known_from_the_look_where_libvirt_does_not_tell() -> None:
    here, there = replace(HERE, mtus={"virbr0": 9000}), replace(GOOD, mtus={"virbr0": 1500})
    assert [text.split(":")[0] for text in judged(here, there)[1]] == ["smaller_mtu"]


def test_looks_go_through_json_and_nonsense_is_one_message() -> None:
    checks = {"hv1": HERE, "hv2": GOOD}
    assert read_checks(to_json(checks)) == checks
    with pytest.raises(FleetError, match=r"host_checks\.hv1\.time: missing"):
        read_checks({"hv1": {}})
