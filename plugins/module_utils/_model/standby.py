"""Notes about hosts that were switched off and on on purpose, kept on all the others: merging and reading. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Optional

from .errors import FleetError

# The maintenance mark of a host on standby begins with this; one with any other reason is somebody else's.
MARK = "standby"

Note = Mapping[str, Any]
Notes = Mapping[str, Note]


def read_notes(text: str, path: str) -> dict[str, dict[str, Any]]:
    """Return the notes that a file of this text holds; raises FleetError where they are none."""
    try:
        notes = json.loads(text)
    except ValueError as error:
        raise FleetError(f"{path} can't be read: {error}", "Mend or remove that file") from error
    return checked(notes, path)


def checked(notes: Any, where: str) -> dict[str, dict[str, Any]]:
    """Return the notes; raises FleetError where they are none."""
    if not isinstance(notes, Mapping):
        raise FleetError(f"{where} does not hold a note by host", "Give {HOST: {power: off}}")
    for name, note in notes.items():
        if not isinstance(note, Mapping) or note.get("power") not in ("on", "off"):
            raise FleetError(f"{where}: the note of {name} does not say whether it is on or off", "Set power: off")
    return {str(name): dict(note) for name, note in notes.items()}


def merged(many: Iterable[Notes]) -> dict[str, dict[str, Any]]:
    """Return one note by host, the newest: a host that was off itself has old ones."""
    newest: dict[str, dict[str, Any]] = {}
    for notes in many:
        for name, note in notes.items():
            if name not in newest or str(note.get("since", "")) > str(newest[name].get("since", "")):
                newest[name] = dict(note)
    return {name: newest[name] for name in sorted(newest)}


def with_notes(notes: Notes, given: Notes, now: str) -> dict[str, dict[str, Any]]:
    """Return the notes with those given, which have the time of now if they have none and say something new."""
    dated = {name: _dated(notes.get(name), note, now) for name, note in given.items()}
    return merged((dated, notes))


def _dated(old: Optional[Note], note: Note, now: str) -> dict[str, Any]:
    """A note that says the same state keeps its time; that a host failed to wake is news, and so the newest word."""
    if note.get("since") is not None:
        return dict(note)
    if old is None or (old.get("power"), old.get("failure")) != (
        note["power"],
        note.get("failure", old.get("failure")),
    ):
        kept = old if old is not None and old.get("power") == note["power"] else {}
        return {**kept, **note, "since": now}
    return {**old, **note, "since": str(old.get("since", ""))}


def without_notes(notes: Notes, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the notes less those of the named hosts."""
    gone = frozenset(names)
    return {name: dict(note) for name, note in notes.items() if name not in gone}


def is_standby_mark(mark: Optional[Mapping[str, Any]]) -> bool:
    """Return whether the maintenance mark is that of a host that was switched off on purpose."""
    return mark is not None and str(mark.get("reason", "")).startswith(MARK)


def sleeping(note: Optional[Note], answers: bool, power: str) -> bool:
    """Return whether a host is on standby, by its note, by whether Ansible reached it, and by its BMC's word.

    One that its BMC says is on, or that answers, is not, whatever is noted: somebody has switched it on by hand.
    """
    return note is not None and note.get("power") == "off" and power != "on" and (power == "off" or not answers)
