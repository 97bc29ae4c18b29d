"""The notes of a guest that libvirt knows: read, written, and changed by a person. Decides nothing about moves."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .._engine.ports import DriverError
from .._model.errors import FleetError
from .._model.guest import JobKind, Notes
from .._model.rules import GuestRule
from .._model.snapshot import Located, Snapshot, by_uuid, runs_twice
from . import notes
from .advice import remedy_for
from .binding import libvirt
from .connection import Fleet, error_text
from .xml import parse

# What XML can't hold at all, or gives back as a blank.
_NOT_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Wish:
    """What a guest's labels and rules should be. None leaves them as they are.

    ``remove``: take away those given, all where none are given. ``append``: keep those that are not given.
    """

    labels: Optional[Mapping[str, str]] = None
    rules: Optional[tuple[GuestRule, ...]] = None
    remove: bool = False
    append: bool = False


@dataclass(frozen=True)
class Change:
    """The notes before and after; they may be equal where only the persistent definition had others."""

    changed: bool
    before: Notes
    after: Notes


def notes_of(domain: Any) -> Notes:
    """Return the notes of the guest as it is now: of the running one where it runs."""
    return notes.read(_metadata(domain, 0))


def write_notes(domain: Any, wanted: Notes, active: bool, persistent: bool, drop_rules: bool = False) -> None:
    """Write the notes to the running and to the persistent definition; what can't be read is kept.

    ``drop_rules``: but for rules that can't be read, since ``wanted`` has all that there shall be.
    """
    flags = libvirt.VIR_DOMAIN_AFFECT_LIVE if active else 0
    flags |= libvirt.VIR_DOMAIN_AFFECT_CONFIG if persistent else 0
    kept = [note for note in notes.foreign(_metadata(domain, 0)) if not (drop_rules and note.tag.endswith("}rule"))]
    kind = libvirt.VIR_DOMAIN_METADATA_ELEMENT
    domain.setMetadata(kind, notes.write(wanted, kept), notes.PREFIX, notes.NAMESPACE, flags)


def resident(snapshot: Snapshot, place: Located) -> Located:
    """Return the place where the guest lives; raises FleetError where its metadata is not to be touched now."""
    places = by_uuid(snapshot)[place.guest.uuid]
    hosts = ", ".join(sorted(each.host for each in places))
    if runs_twice(places):
        raise FleetError(f"the guest {place.guest.name!r} runs on several hosts: {hosts}", "Stop all but one of them")
    if any(each.guest.job in (JobKind.OUTGOING, JobKind.INCOMING) for each in places):
        raise FleetError(f"the guest {place.guest.name!r} is being moved ({hosts})", "Run again once it has arrived")
    return place


def change_notes(fleet: Fleet, host: str, uuid: str, wish: Wish, write: bool) -> Change:
    """Make labels and rules of a guest what is wished, or only say what would change; raises FleetError."""
    check_wish(wish)
    try:
        domain = fleet.control(host).lookupByUUIDString(uuid)
        return _change(domain, wish, write)
    except (libvirt.libvirtError, DriverError) as error:
        text = error_text(error)
        raise FleetError(f"the metadata of the guest can't be changed on {host}: {text}", remedy_for(text)) from error


def _change(domain: Any, wish: Wish, write: bool) -> Change:
    active, persistent = bool(domain.isActive()), bool(domain.isPersistent())
    inactive = libvirt.VIR_DOMAIN_XML_INACTIVE
    definitions = ([_metadata(domain, 0)] if active else []) + ([_metadata(domain, inactive)] if persistent else [])
    now = [notes.read(definition) for definition in definitions]
    whole = _is_whole(wish)
    unread = [kind for definition in definitions for kind in notes.unreadable_rules(definition)]
    if unread and not whole and wish.rules is not None:
        raise FleetError(
            f"the guest has a rule of kind {unread[0]!r} that this version can't read",
            "Give all rules that it shall have, without append, to replace it",
        )
    after = wished(now[0], wish)
    same = all((canonical(old).labels, canonical(old).rules) == (after.labels, after.rules) for old in now)
    changed = not same or bool(unread and whole)
    if changed and write:
        write_notes(domain, after, active, persistent, drop_rules=whole)
    stale = next((old for old in now if canonical(old) != after), now[0])
    return Change(changed, canonical(stale), after)


def _is_whole(wish: Wish) -> bool:
    """Return whether the wish says every rule that there shall be."""
    if wish.remove:
        return wish.labels is None and wish.rules is None
    return wish.rules is not None and not wish.append


def wished(now: Notes, wish: Wish) -> Notes:
    """Return the notes as they should be; labels and rules only ever differ."""
    labels, rules = wish.labels, wish.rules
    old = canonical(now)
    if wish.remove and labels is None and rules is None:
        return dataclasses.replace(old, labels={}, rules=())
    if wish.remove:
        left = {name: value for name, value in old.labels.items() if name not in (labels or {})}
        gone = {_sorted_names(rule) for rule in rules or ()}
        return dataclasses.replace(old, labels=left, rules=tuple(rule for rule in old.rules if rule not in gone))
    new_labels = old.labels if labels is None else {**(old.labels if wish.append else {}), **labels}
    new_rules = old.rules if rules is None else (*(old.rules if wish.append else ()), *rules)
    return canonical(dataclasses.replace(old, labels=new_labels, rules=new_rules))


def canonical(found: Notes) -> Notes:
    """Return the notes with rules, and names in them, sorted and once each: their order means nothing."""
    rules = {_sorted_names(rule) for rule in found.rules}
    return dataclasses.replace(found, labels=dict(found.labels), rules=tuple(sorted(rules, key=_order)))


def _sorted_names(rule: GuestRule) -> GuestRule:
    return dataclasses.replace(rule, hosts=tuple(sorted({*rule.hosts})), methods=tuple(sorted({*rule.methods})))


def _order(rule: GuestRule) -> tuple[Any, ...]:
    return (rule.kind.value, rule.group or "", rule.scope.value, not rule.hard, rule.hosts, rule.methods)


def check_wish(wish: Wish) -> None:
    """Raise FleetError where a rule means nothing, or a name is one that XML can't hold."""
    if wish.append and wish.remove:
        raise FleetError("append and state absent contradict one another", "Leave out append")
    texts = [text for label in (wish.labels or {}).items() for text in label]
    for rule in wish.rules or ():
        notes.check_rule(rule)
        texts += [rule.group or "", *rule.hosts]
    for text in texts:
        if _NOT_TEXT.search(text):
            raise FleetError(f"{text!r} has a control character", "Libvirt's metadata can't hold it; leave it out")
    if "" in (wish.labels or {}):
        raise FleetError("a label has no name", "Give each label a name")


def _metadata(domain: Any, flags: int) -> Optional[ET.Element]:
    return parse(domain.XMLDesc(flags)).find("metadata")
