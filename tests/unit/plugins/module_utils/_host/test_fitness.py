"""Libvirt is asked by virsh for what should be active and is not."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Sequence

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._host.fitness import look_at_libvirt
from ansible_collections.virtfleet.migration.plugins.module_utils._model.fitness import Libvirt
from ansible_collections.virtfleet.migration.plugins.module_utils._model.trial import trial_name, trial_uuid


def test_what_should_be_active_and_is_not_is_named_without_virshs_empty_lines() -> None:
    def run(command: Sequence[str]) -> tuple[int, str, str]:
        assert command[:3] == ["timeout", "--kill-after=1", "7"]
        return 0, {"pool-list": " nfs \n\nlocal\n\n", "net-list": "\n", "list": "web\n"}[command[7]], ""

    assert look_at_libvirt(7, run) == Libvirt(None, ("local", "nfs"), (), ("web",))


@pytest.mark.parametrize(
    ("status", "err", "said"),
    [
        (124, "", "no answer within 7 s"),
        (1, "error: failed to connect\nerror: no such socket\n", "no such socket"),
        (1, "", "virsh ended with status 1"),
    ],
)
def test_a_daemon_that_does_not_answer_is_an_error_in_its_own_words(status: int, err: str, said: str) -> None:
    assert look_at_libvirt(7, lambda _command: (status, "", err)) == Libvirt(said)


def test_what_a_killed_test_migration_has_left_is_no_guest_of_anybodys() -> None:
    ours, theirs = trial_name("hv1"), trial_name("hv2")

    def run(command: Sequence[str]) -> tuple[int, str, str]:
        if command[7] == "domuuid":
            return 0, f"{trial_uuid(ours)}\n\n", ""
        return 0, f"{ours}\n{theirs}\nweb\n" if command[7] == "list" else "", ""

    assert look_at_libvirt(7, run).active_guests == (theirs, "web")
