"""The collection's notes in a guest's libvirt metadata: to and from XML. Must call nothing of libvirt."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Optional

from .._model.energy import moment
from .._model.errors import FleetError
from .._model.guest import Balanced, MoveClaim, Notes, VolumeRef
from .._model.guest_policy import Fallback, GuestPolicy, check_guest_policy
from .._model.rules import GuestRule, RuleKind, Scope

NAMESPACE = "urn:virtfleet:guest:1"
PREFIX = "virtfleet"

_GROUPED = (RuleKind.AFFINITY, RuleKind.ANTI_AFFINITY)
_METHODS = frozenset({"live", "paused", "offline"})


def read(metadata: Optional[ET.Element]) -> Notes:
    """Return the notes in a <metadata> element of a guest's XML; what can't be read is among the ``foreign``."""
    root = _root(metadata)
    if root is None:
        return Notes()
    home = root.find(_tag("home"))
    labels = {label.get("name", ""): label.get("value", "") for label in root.findall(_tag("label"))}
    rules = (_rule_or_none(element) for element in root.findall(_tag("rule")))
    return Notes(
        home=home.get("host") if home is not None else None,
        claim=_claim(root.find(_tag("move"))),
        labels=labels,
        rules=tuple(rule for rule in rules if rule is not None),
        policy=_policy_or_none(root.find(_tag("policy"))) or GuestPolicy(),
        balanced=_balanced_or_none(root.find(_tag("balanced"))),
    )


def foreign(metadata: Optional[ET.Element]) -> tuple[ET.Element, ...]:
    """Return the notes that this version does not understand: a newer one, or a person, wrote them."""
    root = _root(metadata)
    own = {_tag(name) for name in ("home", "move", "label")}
    readable = {
        _tag("rule"): _rule_or_none,
        _tag("policy"): _policy_or_none,
        _tag("balanced"): _balanced_or_none,
    }
    unread = (child for child in (root if root is not None else ()) if child.tag not in own)
    return tuple(child for child in unread if child.tag not in readable or readable[child.tag](child) is None)


def unreadable_rules(metadata: Optional[ET.Element]) -> tuple[str, ...]:
    """Return the kinds of the rules that can't be read, and so can't be kept by a plan."""
    return tuple(element.get("kind", "") for element in foreign(metadata) if element.tag == _tag("rule"))


def write(notes: Notes, kept: Sequence[ET.Element] = ()) -> Optional[str]:
    """Return the XML element that virDomainSetMetadata takes, None where there is nothing to note.

    ``kept`` are elements as ``foreign`` returns them.
    """
    if notes == Notes() and not kept:
        return None
    # libvirt adds the namespace itself: it takes the element with neither prefix nor xmlns
    root = ET.Element("guest")
    if notes.home is not None:
        ET.SubElement(root, "home", {"host": notes.home})
    if notes.claim is not None:
        _write_claim(root, notes.claim)
    for name in sorted(notes.labels):
        ET.SubElement(root, "label", {"name": name, "value": notes.labels[name]})
    for rule in notes.rules:
        _write_rule(root, rule)
    if notes.policy != GuestPolicy():
        _write_policy(root, notes.policy)
        kept = [element for element in kept if element.tag != _tag("policy")]
    if notes.balanced is not None:
        ET.SubElement(root, "balanced", {"at": notes.balanced.at, "times": str(notes.balanced.times)})
        kept = [element for element in kept if element.tag != _tag("balanced")]
    root.extend(_without_namespace(element) for element in kept)
    return ET.tostring(root, encoding="unicode")


def check_rule(rule: GuestRule) -> GuestRule:
    """Return the rule; raises FleetError where it says nothing, or something that means nothing to its kind."""
    problem = _problem(rule)
    if problem is not None:
        raise FleetError(f"a rule of kind {rule.kind.value} {problem}", "See the documentation of guest_rules")
    return rule


def _problem(rule: GuestRule) -> Optional[str]:
    if rule.kind is RuleKind.MAX_GUESTS:
        return "speaks of hosts and not of a guest"
    if rule.kind in _GROUPED and not rule.group:
        return "has no group"
    if rule.kind not in _GROUPED and (rule.group is not None or rule.scope is not Scope.HOST):
        return "has a group or a scope, which mean nothing to it"
    if (rule.kind in (RuleKind.PIN, RuleKind.BAN)) is not bool(rule.hosts):
        return "names hosts, which mean nothing to it" if rule.hosts else "names no hosts"
    if (rule.kind is RuleKind.METHODS) is not bool(rule.methods):
        return "names methods, which mean nothing to it" if rule.methods else "names no methods"
    unknown = sorted(set(rule.methods) - _METHODS)
    return f"knows no method {unknown[0]!r}" if unknown else None


def _rule_or_none(element: ET.Element) -> Optional[GuestRule]:
    try:
        rule = GuestRule(
            kind=RuleKind(element.get("kind")),
            group=element.get("group"),
            hosts=tuple(host.get("name", "") for host in element.findall(_tag("host"))),
            scope=Scope(element.get("scope", Scope.HOST.value)),
            hard={"yes": True, "no": False}[element.get("hard", "yes")],
            methods=tuple(method.get("name", "") for method in element.findall(_tag("method"))),
        )
    except (ValueError, KeyError):
        return None
    return rule if _problem(rule) is None else None


def _write_rule(root: ET.Element, rule: GuestRule) -> None:
    attributes = {"kind": rule.kind.value, "hard": "yes" if rule.hard else "no"}
    if rule.group is not None:
        attributes.update({"group": rule.group, "scope": rule.scope.value})
    element = ET.SubElement(root, "rule", attributes)
    for tag, names in (("host", rule.hosts), ("method", rule.methods)):
        for name in names:
            ET.SubElement(element, tag, {"name": name})


def _policy_or_none(element: Optional[ET.Element]) -> Optional[GuestPolicy]:
    if element is None:
        return None
    downtime, fallback = element.get("max_downtime_ms"), element.get("fallback")
    try:
        return check_guest_policy(
            GuestPolicy(
                policy=element.get("name"),
                max_downtime_ms=None if downtime is None else int(downtime),
                fallback=None if fallback is None else Fallback(fallback),
                priority=int(element.get("priority", "0")),
            )
        )
    except (ValueError, FleetError):
        return None


def _balanced_or_none(element: Optional[ET.Element]) -> Optional[Balanced]:
    """Return when balance moved the guest; None where there is no such note, or none that can be read."""
    if element is None or moment(element.get("at", "")) is None:
        return None
    times = element.get("times", "1")
    return Balanced(element.get("at", ""), int(times)) if re.fullmatch("[1-9][0-9]{0,8}", times) else None


def _write_policy(root: ET.Element, policy: GuestPolicy) -> None:
    fields = {
        "name": policy.policy,
        "max_downtime_ms": policy.max_downtime_ms,
        "fallback": policy.fallback.value if policy.fallback is not None else None,
        "priority": policy.priority or None,
    }
    ET.SubElement(root, "policy", {name: str(value) for name, value in fields.items() if value is not None})


def _write_claim(root: ET.Element, claim: MoveClaim) -> None:
    autostart = "yes" if claim.autostart else "no"
    move = ET.SubElement(root, "move", {"source": claim.source, "dest": claim.dest, "autostart": autostart})
    if claim.restart:
        move.set("restart", "yes")
    for tag, refs in (("volume", claim.volumes), ("copied", claim.copied)):
        for ref in refs:
            ET.SubElement(move, tag, {"pool": ref.pool, "name": ref.volume})


def _claim(move: Optional[ET.Element]) -> Optional[MoveClaim]:
    if move is None:
        return None
    autostart = move.get("autostart") == "yes"
    volumes, copied = _refs(move, "volume"), _refs(move, "copied")
    restart = move.get("restart") == "yes"
    return MoveClaim(move.get("source", ""), move.get("dest", ""), autostart, volumes, copied, restart)


def _refs(move: ET.Element, tag: str) -> tuple[VolumeRef, ...]:
    return tuple(VolumeRef(ref.get("pool", ""), ref.get("name", "")) for ref in move.findall(_tag(tag)))


def _without_namespace(element: ET.Element) -> ET.Element:
    own = copy.deepcopy(element)
    own.tail = None
    for child in own.iter():
        child.tag = child.tag[len(_tag("")) :] if child.tag.startswith(_tag("")) else child.tag
    return own


def _root(metadata: Optional[ET.Element]) -> Optional[ET.Element]:
    return metadata.find(_tag("guest")) if metadata is not None else None


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
