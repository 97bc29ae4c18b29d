"""History files with samples that a test names in a line. Must not write but through the recorder's own way."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Optional

from ansible_collections.virtfleet.migration.plugins.module_utils._history.record import store
from ansible_collections.virtfleet.migration.plugins.module_utils._model.metering import (
    Kind,
    Measured,
    Reading,
    Sample,
    Stock,
    Subject,
    Use,
)

NOON = 1_764_590_400  # 2025-12-01T12:00:00Z
MIB = 1024 * 1024
Uses = Mapping[str, Optional[float]]


def measured(at: int, guests: Uses, hosts: Optional[Uses] = None) -> Measured:
    """Return what is measured at that many seconds from noon: CPUs by guest and by host, each with 100 MiB."""
    named = {
        **{Subject(Kind.GUEST, key): cpus for key, cpus in guests.items()},
        **{Subject(Kind.HOST, key): cpus for key, cpus in (hosts or {}).items()},
    }
    uses = tuple(Use(subject, cpus, 100 * MIB) for subject, cpus in named.items())
    readings = {subject: Reading(subject, subject.key, "hv1", 1, float(NOON + at), 5) for subject in named}
    return Measured(Sample(NOON + at, uses), readings, (), {})


def record(path: Path, at: int, guests: Uses, hosts: Optional[Uses] = None, keep_days: int = 14) -> Stock:
    """Add such a sample to the file, and return what it holds then."""
    return store(str(path), measured(at, guests, hosts), keep_days)[1]
