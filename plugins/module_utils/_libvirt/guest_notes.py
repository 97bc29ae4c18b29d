"""The notes of a guest that libvirt knows: read, written, and changed by a person. Decides nothing about moves."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from .._engine.ports import DriverError
from .._model.errors import FleetError
from .._model.guest import JobKind, Notes
from .._model.guest_policy import GuestPolicy, check_guest_policy
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
    """What a guest's labels, rules, policy and home should be. None leaves them as they are.

    ``policy`` has the fields of GuestPolicy that are given. ``remove``: take away those given, all but the home where
    none are given. ``append``: keep labels and rules that are not given.
    """

    labels: Optional[Mapping[str, str]] = None
    rules: Optional[tuple[GuestRule, ...]] = None
    policy: Mapping[str, Any] = field(default_factory=dict)
    home: Optional[str] = None
    remove: bool = False
    append: bool = False

    @property
    def empty(self) -> bool:
        """True where nothing is given."""
        return self.labels is None and self.rules is None and not self.policy and self.home is None


@dataclass(frozen=True)
class Change:
    """The notes before and after; they may be equal where only the persistent definition had others."""

    changed: bool
    before: Notes
    after: Notes


def notes_of(domain: Any) -> Notes:
    """Return the notes of the guest as it is now: of the running one where it runs."""
    return notes.read(_metadata(domain, 0))


def write_notes(domain: Any, wanted: Notes, active: bool, persistent: bool, drop: Collection[str] = ()) -> None:
    """Write the notes to the running and to the persistent definition; what can't be read is kept.

    ``drop``: but for elements of these names, since ``wanted`` has all of them that there shall be.
    """
    flags = libvirt.VIR_DOMAIN_AFFECT_LIVE if active else 0
    flags |= libvirt.VIR_DOMAIN_AFFECT_CONFIG if persistent else 0
    kept = [note for note in notes.foreign(_metadata(domain, 0)) if _name(note) not in drop]
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


def check_home(wish: Wish, snapshot: Snapshot) -> None:
    """Raise FleetError where the wish names a home that is no host of the fleet; any home may be taken away."""
    if wish.home is not None and not wish.remove and snapshot.host(wish.home) is None:
        raise FleetError(f"home is {wish.home!r}, which is not in hosts", "Name a host of the fleet")


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
    drop = _wholly_said(wish)
    unread = [kind for definition in definitions for kind in notes.unreadable_rules(definition)]
    if unread and "rule" not in drop and wish.rules is not None:
        raise FleetError(
            f"the guest has a rule of kind {unread[0]!r} that this version can't read",
            "Give all rules that it shall have, without append, to replace it",
        )
    after = wished(now[0], wish)
    same = all(_persons(canonical(old)) == _persons(after) for old in now)
    gone = any(_name(note) in drop for definition in definitions for note in notes.foreign(definition))
    changed = not same or gone
    if changed and write:
        write_notes(domain, after, active, persistent, drop)
    stale = next((old for old in now if canonical(old) != after), now[0])
    return Change(changed, canonical(stale), after)


def _persons(found: Notes) -> tuple[Any, ...]:
    """Return what a person may set: all but the claim."""
    return (found.labels, found.rules, found.policy, found.home)


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _wholly_said(wish: Wish) -> frozenset[str]:
    """Return the names of the elements of which the wish says every one that there shall be."""
    if wish.remove:
        return frozenset({"rule", "policy"} if wish.empty else ())
    return frozenset({"rule"} if wish.rules is not None and not wish.append else ())


def wished(now: Notes, wish: Wish) -> Notes:
    """Return the notes as they should be; the claim never differs."""
    old = canonical(now)
    if wish.remove and wish.empty:
        return dataclasses.replace(old, labels={}, rules=(), policy=GuestPolicy())
    return _without(old, wish) if wish.remove else _with(old, wish)


def _without(old: Notes, wish: Wish) -> Notes:
    gone = {_sorted_names(rule) for rule in wish.rules or ()}
    unset = {name: getattr(GuestPolicy(), name) for name in wish.policy}
    return dataclasses.replace(
        old,
        labels={name: value for name, value in old.labels.items() if name not in (wish.labels or {})},
        rules=tuple(rule for rule in old.rules if rule not in gone),
        policy=dataclasses.replace(old.policy, **unset),
        home=old.home if wish.home is None else None,
    )


def _with(old: Notes, wish: Wish) -> Notes:
    labels, rules = wish.labels, wish.rules
    wanted = dataclasses.replace(
        old,
        labels=old.labels if labels is None else {**(old.labels if wish.append else {}), **labels},
        rules=old.rules if rules is None else (*(old.rules if wish.append else ()), *rules),
        policy=dataclasses.replace(old.policy, **wish.policy),
        home=wish.home or old.home,
    )
    return canonical(wanted)


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
    check_guest_policy(GuestPolicy(**wish.policy))
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
