"""Makes `ansible_collections.virtfleet.migration` mean this checkout, so that tests import as Ansible does.

Must not import ansible or libvirt: the pure rooms are tested without them. Where Ansible's own loader already
resolves the name to this tree (under ansible-test), nothing is changed.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "ansible_collections.virtfleet.migration"


def _resolves_here() -> bool:
    try:
        spec = importlib.util.find_spec(PACKAGE)
    except ModuleNotFoundError:
        return False
    return spec is not None and str(ROOT) in list(spec.submodule_search_locations or ())


def _resolve_here() -> None:
    """Put three packages into sys.modules: two empty parents and the checkout as the collection."""
    parent = None
    for name in ("ansible_collections", "ansible_collections.virtfleet", PACKAGE):
        package = types.ModuleType(name)
        package.__path__ = [str(ROOT)] if name == PACKAGE else []
        sys.modules[name] = package
        if parent is not None:
            setattr(parent, name.rpartition(".")[2], package)
        parent = package


if not _resolves_here():
    _resolve_here()
