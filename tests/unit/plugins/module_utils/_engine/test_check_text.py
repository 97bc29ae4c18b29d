"""Verdicts as a module gives them back: a matrix that programs read, totals, and lines that people read."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.virtfleet.migration.plugins.module_utils._engine.check_text import (
    check_lines,
    matrix,
    totals,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import (
    Caution,
    CautionCode,
    Refusal,
    RefusalCode,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.preflight import Verdict

SNAPSHOTS = Refusal(RefusalCode.SNAPSHOTS, "db", None, {"count": "2"})
SWTPM = Refusal(RefusalCode.TPM, "db", "hv3")
OLDER = Caution(CautionCode.OLDER_RELEASE, "web", "hv3", {"what": "QEMU", "here": "10.0.0", "there": "7.2.0"})
ENTRIES = matrix(
    [
        Verdict("u-db", "db", "hv1", "hv2", (SNAPSHOTS,)),
        Verdict("u-db", "db", "hv1", "hv3", (SNAPSHOTS, SWTPM)),
        Verdict("u-web", "web", "hv1", "hv2"),
        Verdict("u-web", "web", "hv1", "hv3", (), (OLDER,)),
    ]
)


def test_each_pair_has_its_refusals_and_warnings_in_words() -> None:
    assert [entry["ok"] for entry in ENTRIES] == [False, False, True, True]
    assert ENTRIES[0]["refusals"] == [
        {
            "code": "snapshots",
            "host": "",
            "message": "it has 2 libvirt snapshots, with which libvirt does not migrate",
            "remedy": "delete them first",
        }
    ]
    assert [warning["code"] for warning in ENTRIES[3]["warnings"]] == ["older_release"]


def test_totals_count_guests_pairs_and_codes() -> None:
    assert totals(ENTRIES) == {
        "guests": 2,
        "guests_without_host": 1,
        "pairs": 4,
        "ok": 2,
        "refused": 2,
        "warned": 1,
        "refusals": {"snapshots": 2, "tpm": 1},
        "warnings": {"older_release": 1},
    }


def test_people_see_what_is_refused_first_and_each_reason_once() -> None:
    lines = check_lines(ENTRIES)
    assert [line.split()[:4] for line in lines[1:5]] == [
        ["db", "hv1", "hv2", "no"],
        ["db", "hv1", "hv3", "no"],
        ["web", "hv1", "hv3", "with"],
        ["web", "hv1", "hv2", "yes"],
    ]
    text = " ".join(line.strip() for line in lines[5:])
    assert text.count("it has 2 libvirt snapshots") == 1
    assert "db: can't go: hv3 has no swtpm, and the guest has an emulated TPM; install swtpm there" in text
    assert "web: beware: hv3 has QEMU 7.2.0, older than 10.0.0 where the guest is" in text
    assert lines[-1] == "2 of 4 pairs of guest and host are possible; 1 of 2 guests could go nowhere"


def test_a_long_table_is_cut_and_says_so() -> None:
    lines = check_lines(ENTRIES, 1)
    assert lines[1].split()[0] == "db"
    assert lines[2] == "... and 3 more pairs: all are in the matrix"
    assert "more pairs" not in "\n".join(check_lines(ENTRIES, 0))


def test_nobody_to_look_at_is_said() -> None:
    assert check_lines([]) == ["no guest is on the hosts given"]


def test_a_reason_of_several_guests_names_them_together() -> None:
    blocked = [Refusal(RefusalCode.TPM, name, "hv3") for name in ("db", "web")]
    entries = matrix([Verdict(f"u-{each.guest}", each.guest, "hv1", "hv3", (each,)) for each in blocked])
    text = " ".join(check_lines(entries))
    assert text.count("has no swtpm") == 1
    assert "db, web: can't go: hv3 has no swtpm" in text


def test_paths_are_never_broken() -> None:
    path = "/etc/pki/a-folder-with-hyphens/server-cert.pem"
    facts = {"path": path, "where": "hv3", "days": "3"}
    refusal = Refusal(RefusalCode.CERTIFICATE_EXPIRED, "db", "hv3", facts)
    for length in range(1, 60):
        lines = check_lines(matrix([Verdict("u", "d" * length, "hv1", "hv3", (refusal,))]))
        assert any(path in line for line in lines), length
