"""Findings about machine types become words, a table and totals. Needs nothing else."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.machine_text import (
    machine_lines,
    machine_totals,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.machine_type import (
    ConcernedHosts,
    MachineConcern,
    MachineFinding,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.prose_machine import describe_machine


def finding(name, machine="pc-q35-6.2", *concerns, suggested="pc-q35-7.2", firmware=None):
    found = tuple(ConcernedHosts(concern, ("hv4",), (10_000_002,)) for concern in concerns)
    return describe_machine(MachineFinding(f"uuid-{name}", name, "hv1", machine, firmware, suggested, found))


def test_a_deprecated_machine_type_is_told_with_its_end_and_what_to_take() -> None:
    found = finding("web", "pc-q35-6.2", MachineConcern.DEPRECATED)
    assert (found["deprecated_in"], found["removed_in"]) == ("QEMU 9.2", "QEMU 12.2")
    (concern,) = found["concerns"]
    assert (concern["code"], concern["hosts"]) == ("machine_type_deprecated", ["hv4"])
    assert concern["message"] == (
        "machine type pc-q35-6.2 is deprecated by QEMU on hv4 (QEMU 10.0.2), and gone in QEMU 12.2"
    )
    assert concern["remedy"] == (
        "give the guest pc-q35-7.2 when it is shut down next (virsh edit), before an upgrade takes it away"
    )


def test_of_a_distributions_machine_type_no_end_is_claimed() -> None:
    found = finding("web", "pc-q35-rhel9.0.0", MachineConcern.DEPRECATED, suggested=None)
    assert (found["deprecated_in"], found["removed_in"]) == (None, None)
    assert found["concerns"][0]["message"].endswith("deprecated by QEMU on hv4 (QEMU 10.0.2)")
    assert found["concerns"][0]["remedy"].startswith("give the guest a machine type that all hosts have when")


@pytest.mark.parametrize("concern", MachineConcern)
def test_every_concern_has_words_and_a_remedy(concern):
    (found,) = finding("web", "pc-q35-6.2", concern, firmware="/usr/share/OVMF/OVMF_CODE.fd")["concerns"]
    assert "hv4 (QEMU 10.0.2)" in found["message"]
    assert found["remedy"]


def test_the_lines_name_the_guests_of_one_reason_together_and_count_the_others() -> None:
    entries = [finding(name, "pc-q35-6.2", MachineConcern.DEPRECATED) for name in ("db", "web")] + [finding("mail")]
    lines = machine_lines(entries)
    assert lines[0].split("  ")[0] == "guest"
    assert [line.split()[0] for line in lines[1:3]] == ["db", "web"]
    assert lines[3].startswith("db, web: machine type pc-q35-6.2 is deprecated")
    assert lines[-1] == "1 of 3 guests have a machine type and firmware that every host supports"
    assert max(map(len, lines)) <= 120
    assert machine_totals(entries) == {"guests": 3, "concerned": 2, "concerns": {"machine_type_deprecated": 2}}


def test_a_fleet_without_concern_has_one_line() -> None:
    assert machine_lines([finding("web")]) == [
        "1 of 1 guests have a machine type and firmware that every host supports"
    ]
    assert machine_lines([]) == ["0 of 0 guests have a machine type and firmware that every host supports"]


def test_of_many_guests_the_first_are_shown_and_the_rest_counted() -> None:
    lines = machine_lines([finding(f"g{number:03}", "pc-q35-6.2", MachineConcern.DEPRECATED) for number in range(70)])
    assert "... and 10 more guests: all are in the result" in lines
