"""Scenario: names, addresses and settings of the daemons with which no guest would arrive are told beforehand."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from is_as_made import is_as_made
from labview import on_host
from looking import QEMU_CLIENT, Look, address_of, look, more_inventory
from mishaps import LIBVIRTD_CONF, QEMU_CONF, append, kept, replace, restart_libvirtd

HOSTS_FILE = "/etc/hosts"


@pytest.fixture(scope="module")
def misnamed(folder: Path) -> Look:
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
    assert is_as_made(patience=40)
