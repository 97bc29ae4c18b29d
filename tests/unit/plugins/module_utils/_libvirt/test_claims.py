"""What is noted about volumes that are made for a move: never one that is not its own. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import claims
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.guest_notes import write_notes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import MoveClaim, Notes, VolumeRef

ONE, TWO = VolumeRef("local", "one"), VolumeRef("local", "two")


class TakenError(Exception):
    """Somebody else has made a volume of that name."""


@pytest.fixture
def make(monkeypatch):
    """Make volumes ONE and TWO; return what happened in order. ``taken``: those that can't be made."""

    def run(claimed=(), taken=()):
        happened = []
        fleet = SimpleNamespace(control=lambda _host: None)
        monkeypatch.setattr(claims, "claimed_volumes", lambda _fleet, _move: claimed)
        monkeypatch.setattr(claims.volumes, "delete", lambda _connection, ref: happened.append(("delete", ref)))

        def create(_connection, copy):
            if copy.dest in taken:
                raise TakenError
            happened.append(("create", copy.dest))

        monkeypatch.setattr(claims.volumes, "create", create)
        move = SimpleNamespace(dest="hv2", copies=(SimpleNamespace(dest=ONE), SimpleNamespace(dest=TWO)))
        try:
            claims.make_volumes(fleet, move, [], lambda refs: happened.append(("claim", *refs)))
        except TakenError:
            happened.append("refused")
        return happened

    return run


def test_a_volume_is_claimed_once_it_is_made(make):
    expected = [("claim",), ("create", ONE), ("claim", ONE), ("create", TWO), ("claim", ONE, TWO)]
    assert make() == expected


def test_a_volume_that_somebody_else_made_is_never_claimed(make):
    assert make(taken=(TWO,)) == [("claim",), ("create", ONE), ("claim", ONE), "refused"]


def test_a_volume_of_an_interrupted_try_stays_claimed_and_is_made_anew(make):
    found = make(claimed=(ONE,))
    assert found[:3] == [("claim", ONE), ("delete", ONE), ("create", ONE)]
    assert found[3:] == [("create", TWO), ("claim", ONE, TWO)]


@pytest.mark.parametrize(
    ("active", "claim", "goes"),
    [
        (False, MoveClaim("hv1", "hv2"), True),
        (True, MoveClaim("hv1", "hv2"), False),
        (False, MoveClaim("hv3", "hv2"), False),
        (False, None, False),
    ],
    ids=["that of this move", "one that is active", "one of another move", "one without a claim"],
)
def test_of_the_destinations_definitions_only_what_this_move_left_is_removed(
    active, claim, goes, domain_of, monkeypatch
):
    domain, gone = domain_of(active, True), []
    domain.isActive = lambda: active
    write_notes(domain, Notes(claim=claim), active, True)
    monkeypatch.setattr(claims, "find", lambda _fleet, _host, _guest: domain)
    monkeypatch.setattr(claims, "undefine", lambda _fleet, host, guest: gone.append((host, guest)))
    claims.take_back(None, SimpleNamespace(source="hv1", dest="hv2", guest="u"))
    assert gone == ([("hv2", "u")] if goes else [])
