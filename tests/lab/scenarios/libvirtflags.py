"""libvirt's flags and parameters by name, as the collection's table has them, against what hosts know and heard.

The only file of the scenarios that reads the collection: its table is what the hosts' libvirt is compared with.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

import pytest
from daemonlog import Heard
from labview import CHECKOUT, on_host

sys.path.insert(0, str(CHECKOUT / "plugins" / "module_utils"))

from _model import migrate_table as table

FLAGS = {row.name: 1 << place for place, row in enumerate(table.FLAGS)}
ASK = """
import json, libvirt
names = [name for name in dir(libvirt) if name.startswith("VIR_MIGRATE_")]
known = {name: getattr(libvirt, name) for name in names}
print(json.dumps({"version": libvirt.getVersion(), "known": known}))
"""


def marked(node: pytest.Item) -> set[str]:
    """Return what the marks of a test say it uses."""
    return {name for mark in node.iter_markers("migrates_with") for name in mark.args}


def unheard(names: Iterable[str], told: Sequence[Heard]) -> list[str]:
    """Return those of the names that were in no call."""
    calls = [call for each in told for call in each.calls]
    return sorted(
        name
        for name in names
        if not any(call.flags & FLAGS[name] if name in FLAGS else name in call.parameters for call in calls)
    )


def differences(host: str) -> list[str]:
    """Return where the table and the libvirt of a host disagree on what there is since which version."""
    answer = json.loads(on_host(host, "python3", "-c", ASK))
    known, version = answer["known"], answer["version"]
    theirs = {
        (name[len("VIR_MIGRATE_") :], value)
        for name, value in known.items()
        if not name.startswith("VIR_MIGRATE_PARAM_")
    } | {("parameter", value) for name, value in known.items() if name.startswith("VIR_MIGRATE_PARAM_")}
    ours = {(row.name, FLAGS[row.name]) for row in table.FLAGS if row.since <= version}
    ours |= {("parameter", row.name) for row in table.PARAMETERS if row.since <= version}
    return sorted(f"{host}, libvirt {version}: {name} {value}" for name, value in theirs ^ ours)
