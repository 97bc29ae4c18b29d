"""QEMU's policy for machine types, reckoned from their names. Needs nothing else."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.machine_type import (
    family_of,
    lifetime,
    release_of,
)


@pytest.mark.parametrize(
    ("machine", "deprecated", "removed"),
    [
        ("pc-q35-7.2", (10, 2), (13, 2)),
        ("pc-i440fx-7.0", (10, 0), (13, 0)),
        ("virt-10.0", (13, 0), (16, 0)),
        ("s390-ccw-virtio-8.1", (11, 1), (14, 1)),
        ("pseries-9.2", (12, 2), (15, 2)),
        ("pc-q35-7.0.1", (10, 0), (13, 0)),
    ],
)
def test_a_machine_type_is_deprecated_after_three_years_and_removed_after_six(machine, deprecated, removed):
    assert lifetime(machine) == (deprecated, removed)


def test_the_oldest_went_when_the_policy_came() -> None:
    assert lifetime("pc-i440fx-2.4") == ((9, 1), (10, 1))


@pytest.mark.parametrize("machine", ["pc-q35-rhel9.4.0", "pc-i440fx-jammy", "q35", "microvm", "pc-q35-7.2-odd", None])
def test_how_long_others_live_is_not_guessed(machine):
    assert lifetime(machine) == (None, None)


def test_names_are_families_with_releases() -> None:
    assert (family_of("pc-q35-rhel9.4.0"), release_of("pc-q35-rhel9.4.0")) == ("pc-q35-rhel", (9, 4, 0))
    assert (family_of("pc-q35-10.0"), release_of("pc-q35-10.0")) == ("pc-q35-", (10, 0))
    assert (family_of("pc-i440fx-jammy"), release_of("pc-i440fx-jammy")) == (None, ())
    assert family_of(None) is None
