"""The examples of the planning guide run as they stand and give what the guide shows."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import json
import re
import sys
import textwrap
from pathlib import Path

import pytest
import yaml
from ansible.module_utils import basic
from ansible.module_utils.common.text.converters import to_bytes
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.request import (
    GOALS,
    request_spec,
    rules_of,
)
from ansible_collections.virtfleet.migration.plugins.modules import migration_plan

GUIDE = Path(__file__).resolve().parents[4] / "docs" / "docsite" / "rst" / "guide_planning.rst"
MODULE = "virtfleet.migration.migration_plan"


def blocks():
    """Return language and content of each code block, in order."""
    text = GUIDE.read_text(encoding="utf-8")
    found = re.findall(r"\.\. code-block:: (\w+)\n\n((?:    .*\n|\n)+)", text)
    return [(language, textwrap.dedent(content)) for language, content in found]


def examples():
    """Return the options and the lines shown of each example."""
    listed = blocks()
    pairs = zip(listed, listed[1:])
    return [
        (yaml.safe_load(left)[0][MODULE], right.strip().splitlines())
        for (_yaml, left), (language, right) in pairs
        if language == "text"
    ]


FLEET = yaml.safe_load(blocks()[0][1])["fleet"]


def masked(lines):
    """Return the lines without what changes with each field that a document gets."""
    return [re.sub(r"^Plan [0-9a-f]{16}:", "Plan ID:", line) for line in lines]


@pytest.mark.parametrize(("options", "shown"), examples(), ids=[options["goal"] for options, _shown in examples()])
def test_an_example_gives_what_the_guide_shows(monkeypatch, capsys, tmp_path, options, shown):
    assert options["snapshot"] == "{{ fleet }}"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    arguments = {**options, "snapshot": FLEET, "_ansible_tmpdir": str(tmp_path)}
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", to_bytes(json.dumps({"ANSIBLE_MODULE_ARGS": arguments})))
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    with pytest.raises(SystemExit):
        migration_plan.main()
    assert masked(json.loads(capsys.readouterr().out)["text"]) == masked(shown)


def test_every_goal_has_an_example():
    assert [options["goal"] for options, _shown in examples()] == [*GOALS, "explain"]


def test_the_rules_shown_are_valid_and_of_every_kind():
    (rules,) = [yaml.safe_load(text)["rules"] for _language, text in blocks() if text.startswith("rules:")]
    options = request_spec(required=True)["rules"]["options"]
    assert sorted(rule["kind"] for rule in rules) == sorted(options["kind"]["choices"])
    defaults = {key: option.get("default") for key, option in options.items()}
    assert [rule.name for rule in rules_of([{**defaults, **rule} for rule in rules])] == [
        rule["name"] for rule in rules
    ]
