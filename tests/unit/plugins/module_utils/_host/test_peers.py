"""Other hosts are looked at as the daemon and QEMU would reach them, and each obstacle is told in its own words."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._host import peers
from ansible_collections.virtfleet.migration.plugins.module_utils._model.fleet import HostEntry
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host_check import PeerCheck

URI = "qemu+tls://hv2/system"


def look(answer: tuple[int, str, str], **changes: Any) -> tuple[PeerCheck, list[Sequence[str]]]:
    asked: list[Sequence[str]] = []

    def run(argv: Sequence[str]) -> tuple[int, str, str]:
        asked.append(argv)
        return answer

    entry = HostEntry("hv2", "qemu+ssh://hv2/system", **{"peer_uri": URI, "migration_address": "127.0.0.1", **changes})
    (found,) = peers.look_at_peers([entry], [free_port()], 2, run, lambda text: f"look into: {text}")
    return found, asked


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_peer_that_answers_has_nothing_against_it() -> None:
    found, asked = look((0, "hv2\n", ""))
    assert (found.uri, found.error, found.unresolved, found.blocked) == (URI, None, None, None)
    assert found.addresses == ("127.0.0.1",)
    assert asked == [["timeout", "--kill-after=1", "2", "virsh", "--quiet", "-c", URI, "hostname"]]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((1, "", "error: failed to connect to the hypervisor\nerror: Host key verification failed.\n"), "Host key"),
        ((1, "", "error: failed to connect to the hypervisor\n"), "failed to connect"),
        (
            (
                1,
                "",
                "2026-11-25 23:16:57.952+0000: 386: info : libvirt version: 9.0.0\n"
                "2026-11-25 23:16:57.952+0000: 386: warning : virNetTLSContextCheckCertificate:1086 : Certificate "
                "[session] owner does not match the hostname hv3\n"
                "error: failed to connect to the hypervisor\nerror: authentication failed\n",
            ),
            "Certificate [session] owner does not match the hostname hv3; authentication failed",
        ),
        ((124, "", ""), "no answer within 2 s"),
        ((3, "", ""), "virsh ended with status 3"),
    ],
)
def test_why_the_uri_can_not_be_opened_is_told(answer: tuple[int, str, str], said: str) -> None:
    found, _asked = look(answer)
    assert found.error is not None
    assert found.error.startswith(said)
    assert found.advice == f"look into: {found.error}"


def test_without_an_address_the_name_counts_that_the_peer_gives_itself() -> None:
    found, _asked = look((0, "localhost\n", ""), migration_address=None)
    assert found.address == "localhost"
    assert set(found.addresses) <= {"127.0.0.1", "::1"}


def test_a_peer_that_neither_answers_nor_has_an_address_is_left_at_that() -> None:
    found, _asked = look((124, "", ""), migration_address=None)
    assert (found.address, found.blocked) == (None, None)


def test_a_name_without_an_address_is_told() -> None:
    found, _asked = look((0, "hv2", ""), migration_address="nobody.invalid")
    assert found.unresolved
    assert found.addresses == ()


def test_a_peer_without_uri_is_still_looked_up() -> None:
    found, asked = look((0, "hv2", ""), peer_uri=None)
    assert (found.error, found.addresses, asked) == (None, ("127.0.0.1",), [])


def test_that_somebody_listens_already_is_no_obstacle() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert peers._blocked("127.0.0.1", server.getsockname()[1], 2) is None


def test_a_host_without_a_route_is_one() -> None:
    blocked = peers._blocked("255.255.255.255", 49152, 2)
    assert blocked is not None
    assert blocked.startswith("port 49152: ")
