"""A host is unfit by what it tells about itself and by a look at its ways, and each reason has words."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.fitness import Libvirt, Unfit, UnfitCode
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host_check import (
    Certificate,
    Certificates,
    Clock,
    HostCheck,
    PeerCheck,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.prose_fitness import describe_unfit
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.fitness import unfit

NOW = 1_000_000.0
FINE = Certificate("/server.pem", not_after=NOW + 1)
QEMU = Certificates("qemu", FINE, replace(FINE, path="/client.pem"), "/ca.pem")
PEER = PeerCheck("hv2", "qemu+tls://hv2/system", addresses=("192.0.2.2",))
OTHER = PeerCheck("hv3", "qemu+tls://hv3/system", addresses=("192.0.2.3",))
SOUND = HostCheck(NOW, peers=(PEER, OTHER), certificates=(replace(QEMU, use="libvirt"), QEMU))


WELL = Libvirt()


def codes(libvirt: Libvirt = WELL, check: HostCheck | None = SOUND) -> list[str]:
    return [each.code.value for each in unfit(libvirt, check)]


def test_a_sound_host_is_fit_with_and_without_a_look_at_its_ways() -> None:
    assert codes() == codes(check=None) == []


def test_of_a_daemon_that_does_not_answer_nothing_else_is_said() -> None:
    assert codes(Libvirt("refused", ("a",), ("b",))) == ["daemon_silent"]


def test_each_pool_and_network_that_should_be_active_is_named() -> None:
    found = unfit(Libvirt(None, ("local", "nfs"), ("lan",)), None)
    assert [each.facts["name"] for each in found] == ["local", "nfs", "lan"]


def test_a_peer_that_is_not_reached_is_not_held_against_the_host_unless_none_is() -> None:
    silent, mute = replace(PEER, error="refused"), replace(OTHER, error="refused")
    assert codes(check=replace(SOUND, peers=(silent, OTHER))) == []
    assert codes(check=replace(SOUND, peers=(silent, mute))) == ["peers_refuse"]


def test_ports_that_are_blocked_everywhere_are_held_against_the_host() -> None:
    one, both = replace(PEER, blocked="no route"), replace(OTHER, blocked="no route")
    assert codes(check=replace(SOUND, peers=(one, OTHER))) == []
    assert codes(check=replace(SOUND, peers=(one, both))) == ["ports_blocked"]


def test_a_fleet_of_one_host_has_nobody_to_reach() -> None:
    assert codes(check=replace(SOUND, peers=())) == []


@pytest.mark.parametrize(("offset", "uncertainty", "fit"), [(4.9, 0, True), (-5.1, 0, False), (6, 2, True)])
def test_a_clock_may_be_a_little_off(offset: float, uncertainty: float, fit: bool) -> None:
    found = codes(check=replace(SOUND, clock=Clock(offset, uncertainty)))
    assert found == ([] if fit else ["clock_off"])


def test_a_host_without_a_free_port_is_unfit() -> None:
    assert codes(check=replace(SOUND, free_ports=0)) == ["ports_taken"]


@pytest.mark.parametrize(
    ("certificate", "code"),
    [
        (replace(FINE, present=False), "certificate_missing"),
        (replace(FINE, not_after=NOW), "certificate_expired"),
        (replace(FINE, problem="not signed"), "certificate_invalid"),
    ],
)
def test_certificates_must_be_there_and_valid(certificate: Certificate, code: str) -> None:
    spoilt = replace(QEMU, use="libvirt", server=certificate)
    assert codes(check=replace(SOUND, certificates=(spoilt,))) == [code]


def test_a_fleet_that_goes_by_ssh_needs_no_certificates() -> None:
    missing = Certificate("/none.pem", present=False)
    none = tuple(Certificates(use, missing, missing, "/ca.pem") for use in ("libvirt", "qemu"))
    peers = (replace(PEER, uri="qemu+ssh://root@hv2/system"),)
    assert codes(check=replace(SOUND, peers=peers, certificates=none)) == []


def test_every_reason_has_words() -> None:
    facts = dict.fromkeys(("error", "name", "seconds", "uri", "ports", "path", "why"), "X")
    for code in UnfitCode:
        told = describe_unfit(Unfit(code, facts))
        assert told["code"] == code.value
        assert told["message"]
        assert told["remedy"]
