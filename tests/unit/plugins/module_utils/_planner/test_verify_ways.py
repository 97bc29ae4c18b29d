"""The verifier by itself refuses a move over a way that looks on the hosts found closed, and only such."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host_check import HostCheck, PeerCheck
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Transport, Wanted
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify import verify

from .. import fleet_builder as build
from ..look_builder import look

Case = tuple[Snapshot, Plan]
OFF = build.guest(state=GuestState.SHUT_OFF)
LOCAL = build.guest(state=GuestState.SHUT_OFF, disks=(build.disk(pool="local"),))


def case(
    here: Optional[HostCheck] = None,
    there: Optional[HostCheck] = None,
    guest: Optional[Guest] = None,
    wanted: Wanted = Wanted(),  # noqa: B008 # frozen
) -> Case:
    """Return a plan made without looks for hv1 to hv2, and the fleet with them."""
    fleet = build.snapshot(build.host("hv1", guest or build.guest()), build.host("hv2"))
    plan = make_plan(fleet, build.evacuate("hv1", wanted=wanted))
    return replace(fleet, host_checks={"hv1": here or look("hv2"), "hv2": there or look()}), plan


def peer(**changes: Any) -> HostCheck:
    sound = look("hv2")
    return replace(sound, peers=(replace(sound.peers[0], **changes),))


BROKEN: list[tuple[str, str, Callable[[], Case]]] = [
    ("a daemon that can't be opened", "daemon's way", lambda: case(peer(error="refused"))),
    ("a name that is unknown", "way of the memory", lambda: case(peer(unresolved="no such name", addresses=()))),
    ("a name of the source itself", "way of the memory", lambda: case(peer(addresses=("127.0.1.1",)))),
    ("a port that is closed", "way of the memory", lambda: case(peer(blocked="port 49152: no answer"))),
    ("a port closed to disks of one shut off", "way of the memory", lambda: case(peer(blocked="x"), guest=LOCAL)),
    ("a host without a free port", "free ports", lambda: case(there=look(free_ports=0))),
    ("TLS forced there", "TLS where it is forced", lambda: case(there=look(tls_forced=True), wanted=Wanted(tls=False))),
    ("TLS forced here", "TLS where it is forced", lambda: case(look("hv2", tls_forced=True), wanted=Wanted(tls=False))),
    ("no userfaultfd", "post-copy", lambda: case(there=look(userfaultfd=False), wanted=Wanted(post_copy=True))),
    ("a server certificate that is over", "certificates", lambda: case(there=look(days=-1))),
    ("a client certificate that is over", "certificates", lambda: case(look("hv2", days=-1))),
    ("a certificate of another authority", "certificates", lambda: case(there=look(signer="other"))),
    ("libvirt's certificate for one shut off", "certificates", lambda: case(there=look(days=-1), guest=OFF)),
    ("QEMU's certificate for the conductor's moves", "certificates", lambda: case(there=look(days=-1), wanted=DIRECT)),
]
DIRECT = Wanted(Transport.DIRECT)
PLAIN = Wanted(Transport.DIRECT, tls=False)
LEGAL: list[tuple[str, Callable[[], Case]]] = [
    ("two sound hosts", case),
    ("a daemon that nobody needs to open", lambda: case(peer(error="refused"), wanted=DIRECT)),
    ("certificates that nobody shows", lambda: case(look("hv2", days=-1), look(days=-1), wanted=PLAIN)),
    ("a closed port for one shut off", lambda: case(peer(blocked="port 49152: no answer"), guest=OFF)),
    ("a source that has not looked", lambda: case(look(), look(days=-1))),
    ("a host that says where it is itself", lambda: case(peer(addresses=("127.0.1.1",)), look(migration_host="hv2"))),
    ("no userfaultfd and no post-copy", lambda: case(there=look(userfaultfd=False))),
    ("a client that nobody asks", lambda: case(look("hv2", days=-1), look(verifies_clients=False), wanted=DIRECT)),
]


@pytest.mark.parametrize(("rule", "make"), [pytest.param(rule, make, id=what) for what, rule, make in BROKEN])
def test_a_closed_way_is_caught_by_its_rule(rule: str, make: Callable[[], Case]) -> None:
    found = verify.first_violation(*make())
    assert found is not None
    assert found.rule == rule, str(found)


@pytest.mark.parametrize("make", [pytest.param(make, id=what) for what, make in LEGAL])
def test_an_open_way_is_accepted(make: Callable[[], Case]) -> None:
    assert verify.first_violation(*make()) is None


def test_an_unknown_end_closes_nothing() -> None:
    fleet, plan = case(there=look(days=-1))
    assert verify.first_violation(replace(fleet, host_checks={"hv1": fleet.host_checks["hv1"]}), plan) is None
    stranger = replace(look("hv2"), peers=(PeerCheck("hv3"),))
    assert verify.first_violation(replace(fleet, host_checks={**fleet.host_checks, "hv1": stranger}), plan) is None
