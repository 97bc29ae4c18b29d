"""Every refusal code has words for its cause and its remedy, and they carry the facts."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model import prose
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import (
    Caution,
    CautionCode,
    Refusal,
    RefusalCode,
)


def some_facts() -> Mapping[str, str]:
    """Return a fact for every field that any text has; which refusal carries which is for the tests of its maker."""
    texts = [text for pair in prose._TEXTS.values() for text in pair]
    names = {field for text in texts for _literal, field, _format, _conversion in Formatter().parse(text) if field}
    return {name: f"<{name}>" for name in sorted(names - {"guest", "host"})}


@pytest.mark.parametrize("code", list(RefusalCode), ids=lambda code: code.value)
def test_every_code_has_a_cause_and_a_remedy(code: RefusalCode) -> None:
    described = prose.describe(Refusal(code, "web", "hv2", some_facts()))
    assert described["code"] == code.value
    assert described["host"] == "hv2"
    assert len(described["message"].split()) >= 3
    assert described["remedy"]
    assert not described["message"].endswith(".")


@pytest.mark.parametrize("code", list(CautionCode), ids=lambda code: code.value)
def test_every_caution_says_what_and_what_to_do(code: CautionCode) -> None:
    described = prose.describe(Caution(code, "web", "hv2", some_facts()))
    assert described["code"] == code.value
    assert described["message"]
    assert described["remedy"]


def test_a_sentence_carries_the_facts() -> None:
    refusal = Refusal(RefusalCode.MEMORY, "web", "hv2", {"free_mib": "100", "need_mib": "512"})
    assert prose.sentence(refusal) == (
        "hv2 has 100 MiB of allocatable memory left, the guest needs 512 MiB; "
        "free memory there, or raise its allocatable memory"
    )


def test_a_refusal_for_every_host_names_none() -> None:
    assert prose.describe(Refusal(RefusalCode.SNAPSHOTS, "web", None, {"count": "2"}))["host"] == ""


def test_braces_in_facts_are_only_text() -> None:
    refusal = Refusal(RefusalCode.HOST_UNREACHABLE, "", "hv2", {"error": "{0} {guest}"})
    assert prose.cause(refusal) == "hv2 does not answer: {0} {guest}"


def test_an_error_is_its_cause_and_its_remedy() -> None:
    assert str(FleetError("cause", "remedy")) == "cause. remedy"
    assert str(FleetError("cause")) == "cause"


def test_a_few_hosts_are_each_named_and_many_are_counted() -> None:
    full = [
        prose.describe(Refusal(RefusalCode.MEMORY, "web", f"hv{number}", {"free_mib": "1", "need_mib": "2"}))
        for number in range(1, 6)
    ]
    asleep = prose.describe(Refusal(RefusalCode.HOST_ON_STANDBY, "web", "hv9"))
    few = prose.summary([*full[:3], asleep])
    assert [line.split()[0] for line in few] == ["hv1", "hv2", "hv3", "hv9"]
    many = prose.summary([full[0], asleep, *full[1:]])
    assert many[0].startswith("hv1 has 1 MiB")
    assert many[0].endswith("(likewise 4 other hosts: memory)")
    assert many[1:] == ["hv9 is on standby; allow the plan to wake hosts (wake: true)"]


def test_several_reasons_of_one_host_are_all_said() -> None:
    facts = [{"disk": f"vd{letter}", "pool": "p", "what": "dir"} for letter in "abcde"]
    described = [prose.describe(Refusal(RefusalCode.POOL_MISSING, "web", "hv2", each)) for each in facts]
    assert len(prose.summary(described)) == 5
