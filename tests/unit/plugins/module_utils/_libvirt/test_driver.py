"""What the driver keeps in a guest's metadata from the start of its move to the end. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from types import SimpleNamespace

from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import claims, driver, send
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.guest_notes import write_notes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Balanced, MoveClaim, Notes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import GuestRule, RuleKind
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings

RULED = Notes(home="hv9", labels={"app": "shop"}, rules=(GuestRule(RuleKind.BAN, hosts=("hv3",)),))


def test_a_move_keeps_labels_and_rules_from_its_claim_to_its_end(domain_of, monkeypatch):
    domain = domain_of()
    write_notes(domain, RULED, True, True)
    seen = []
    lane = SimpleNamespace(lookupByUUIDString=lambda _uuid: domain)
    states = SimpleNamespace(VIR_DOMAIN_PAUSED=3)
    monkeypatch.setattr(driver, "libvirt", states)
    monkeypatch.setattr(driver, "is_active", lambda _state: True)
    monkeypatch.setattr(driver, "flags_of", lambda *_arguments: 0)
    monkeypatch.setattr(send, "parameters_of", lambda *_arguments: {})
    domain.state = lambda: [1, 0]
    domain.autostart = lambda: 0
    domain.migrateToURI3 = lambda *_arguments: seen.append(domain.notes())
    entry = SimpleNamespace(peer_uri="qemu+tls://hv2/system", migration_address=None)
    fleet = SimpleNamespace(
        control=lambda _host: None, lane=lambda _host: contextlib.nullcontext(lane), entries={"hv2": entry}
    )
    made = driver.LibvirtDriver(fleet, MoveSettings(), threading.Event())
    now = Balanced("2026-01-31T18:00:00Z", 2)
    move = Move("m1", "u", "web", "hv1", "hv2", Method.LIVE, home="hv1", balanced=now)
    made._migrate(move, MoveSettings(), SimpleNamespace(created=[]))
    claim = MoveClaim("hv1", "hv2")
    assert seen == [Notes("hv1", claim, RULED.labels, RULED.rules, balanced=now)]
    claims.fulfil(fleet, domain, "hv2", "hv1", True)
    assert domain.notes() == domain.notes(2) == Notes("hv1", None, RULED.labels, RULED.rules, balanced=now)
    made._migrate(replace(move, balanced=None), MoveSettings(), SimpleNamespace(created=[]))
    assert seen[-1].balanced == now, "a move of another goal leaves what balance has noted"


def test_a_move_that_is_undone_keeps_them_too(domain_of, monkeypatch):
    domain = domain_of()
    write_notes(domain, Notes("hv1", MoveClaim("hv1", "hv2"), RULED.labels, RULED.rules), True, True)
    made = driver.LibvirtDriver(SimpleNamespace(), MoveSettings(), threading.Event())
    made._work["m"] = SimpleNamespace(paused=False, created=[])
    monkeypatch.setattr(driver, "domain_on", lambda _fleet, _host, _uuid: domain)
    monkeypatch.setattr(driver, "_resume_if_left", lambda _domain, _paused: True)
    monkeypatch.setattr(driver, "take_back", lambda _fleet, _move: None)
    driver.LibvirtDriver.undo.__wrapped__(
        made, SimpleNamespace(id="m", source="hv1", dest="hv2", guest="u", copies=(), method=Method.LIVE)
    )
    assert domain.notes() == Notes(None, None, RULED.labels, RULED.rules)


def test_tidying_up_after_an_interrupted_move_keeps_them_too(domain_of, monkeypatch):
    domain = domain_of(False, True)
    claim = MoveClaim("hv1", "hv2")
    write_notes(domain, Notes("hv1", claim, RULED.labels, RULED.rules), False, True)
    made = driver.LibvirtDriver(SimpleNamespace(), MoveSettings(), threading.Event())
    monkeypatch.setattr(driver, "domain_on", lambda _fleet, _host, _uuid: domain)
    driver.LibvirtDriver.mend.__wrapped__(made, SimpleNamespace(claim=claim, host="hv1", guest="u", definition_on=None))
    assert domain.notes(2) == Notes("hv1", None, RULED.labels, RULED.rules)
