"""Values that goals return and sequencing consumes. No decisions here."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from .._model.plan import DiskCopy, Method, Stay
from .._model.snapshot import Located


@dataclass(frozen=True)
class Assignment:
    """A guest, where it goes, how, and why. ``adopt``: its move is under way already and is only watched."""

    place: Located
    dest: str
    method: Method
    reason: str
    copies: tuple[DiskCopy, ...] = ()
    adopt: bool = False


@dataclass(frozen=True)
class Placement:
    """The outcome of a goal: what moves, and what should but can't."""

    assignments: tuple[Assignment, ...] = ()
    stays: tuple[Stay, ...] = ()


@dataclass(frozen=True)
class Wish:
    """A guest that a goal wants elsewhere, with its candidate hosts in order of name."""

    place: Located
    candidates: tuple[str, ...]
    reason: str
    method: Optional[Method] = None
