"""A host that does not answer soon is given up for the moment, and not asked again before it has. Needs no libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import DriverError, Failure
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import patience as patience_file
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.patience import Patience


class LibvirtError(Exception):
    """What libvirt raises."""


@pytest.fixture(autouse=True)
def no_libvirt(monkeypatch):
    monkeypatch.setattr(patience_file, "libvirt", SimpleNamespace(libvirtError=LibvirtError))


def test_an_answer_is_handed_on():
    assert Patience().ask("hv1", lambda: 7) == 7


@pytest.mark.parametrize("error", [LibvirtError("no domain"), DriverError(Failure("refused"))])
def test_an_error_is_handed_on(error):
    def fail():
        raise error

    patience = Patience()
    for _time in range(2):
        with pytest.raises(type(error)) as raised:
            patience.ask("hv1", fail)
        assert raised.value is error


def test_a_host_that_hangs_is_left_alone_until_it_answers_and_others_are_asked():
    link, hanging, asked = threading.Event(), threading.Event(), []

    def hang():
        asked.append("hv1")
        hanging.set()
        link.wait(60)

    patience = Patience(seconds=0.05)
    for _time in range(3):
        with pytest.raises(DriverError, match="hv1 does not answer"):
            patience.ask("hv1", hang)
    assert hanging.wait(60)
    assert asked == ["hv1"]
    patience._seconds = 60
    assert patience.ask("hv2", lambda: "there") == "there"
    link.set()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            answer = patience.ask("hv1", lambda: "back")
        except DriverError:
            continue
        break
    assert answer == "back"
