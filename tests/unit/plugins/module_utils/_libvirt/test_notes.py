"""Notes survive the way into libvirt's metadata and back. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import notes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Balanced,
    MoveClaim,
    Notes,
    VolumeRef,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest_policy import Fallback, GuestPolicy
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import GuestRule, RuleKind, Scope


def as_libvirt_keeps_it(text: str) -> ET.Element:
    """libvirt puts the element in the namespace that was given beside it, children included."""
    metadata = ET.Element("metadata")
    root = ET.fromstring(text)
    for element in root.iter():
        element.tag = f"{{{notes.NAMESPACE}}}{element.tag}"
    metadata.append(root)
    return metadata


@pytest.mark.parametrize(
    "wanted",
    [
        Notes(home="hv1"),
        Notes(claim=MoveClaim("hv1", "hv2", True)),
        Notes(claim=MoveClaim("hv1", "hv2", restart=True)),
        Notes(claim=MoveClaim("hv1", "hv2", False, (VolumeRef("ssd", "a"),), (VolumeRef("local", "a"),))),
        Notes(labels={"b": "2", "a": "<&'\">"}),
        Notes(rules=(GuestRule(RuleKind.ANTI_AFFINITY, group="g", scope=Scope.RACK, hard=False),)),
        Notes(home="hv1", rules=(GuestRule(RuleKind.PIN, hosts=("nvme-*", "ü")),)),
        Notes(rules=(GuestRule(RuleKind.METHODS, methods=("live", "offline")),)),
        Notes(policy=GuestPolicy(priority=-3)),
        Notes(balanced=Balanced("2026-01-31T18:00:00Z", 3)),
        Notes(policy=GuestPolicy("wan", 500, Fallback.MAY_SHUT_DOWN, 10)),
        Notes("hv <1> & 'x'", MoveClaim("hv1", "hv2", False, (VolumeRef("p", 'a "b".raw'), VolumeRef("ü", "c")))),
    ],
)
def test_what_is_written_is_read_again(wanted):
    text = notes.write(wanted)
    assert text is not None
    assert notes.read(as_libvirt_keeps_it(text)) == wanted


def test_nothing_to_note_is_no_element():
    assert notes.write(Notes()) is None
    assert notes.read(None) == Notes()
    assert notes.read(ET.Element("metadata")) == Notes()


def metadata(inner: str) -> ET.Element:
    return as_libvirt_keeps_it(f"<guest>{inner}</guest>")


@pytest.mark.parametrize(
    "rule",
    [
        "<rule/>",
        "<rule kind='orbit'/>",
        "<rule kind='affinity'/>",
        "<rule kind='affinity' group='a' scope='planet'/>",
        "<rule kind='pin' hard='perhaps'><host name='a'/></rule>",
        "<rule kind='methods'><method name='warp'/></rule>",
    ],
)
def test_a_rule_that_can_not_be_read_is_no_rule_and_is_not_lost(rule):
    found = metadata(f"<label name='a' value='b'/>{rule}")
    assert notes.read(found) == Notes(labels={"a": "b"})
    assert len(notes.unreadable_rules(found)) == 1
    text = notes.write(Notes(), notes.foreign(found))
    assert text is not None
    assert notes.unreadable_rules(as_libvirt_keeps_it(text)) == notes.unreadable_rules(found)


def test_a_rule_is_hard_and_by_host_unless_it_says_otherwise():
    assert notes.read(metadata("<rule kind='affinity' group='a'/>")).rules == (
        GuestRule(RuleKind.AFFINITY, group="a", scope=Scope.HOST, hard=True),
    )


@pytest.mark.parametrize(
    "policy",
    [
        "<policy fallback='pray'/>",
        "<policy priority='high'/>",
        "<policy max_downtime_ms='0'/>",
        "<policy max_downtime_ms='1.5'/>",
        "<policy name='a b'/>",
    ],
)
def test_a_policy_that_can_not_be_read_is_none_and_is_kept_until_another_is_set(policy):
    found = metadata(policy)
    assert notes.read(found) == Notes()
    kept = notes.foreign(found)
    assert notes.write(Notes(), kept) == f"<guest>{policy}</guest>".replace("'", '"').replace("/>", " />")
    assert notes.write(Notes(policy=GuestPolicy(priority=1)), kept) == '<guest><policy priority="1" /></guest>'


@pytest.mark.parametrize("text", ['at="yesterday"', 'at="2026-01-31T18:00:00Z" times="many"', 'times="2"'])
def test_a_note_of_balance_that_can_not_be_read_says_nothing_and_is_kept(text):
    element = metadata(f"<balanced {text}/>")
    assert notes.read(element).balanced is None
    assert [child.tag for child in notes.foreign(element)] == [f"{{{notes.NAMESPACE}}}balanced"]
