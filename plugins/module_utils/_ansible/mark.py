"""The maintenance mark as it should be, and the file it is kept in. Pure; shared by the module and its action."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Optional

from .._model.errors import FleetError

FACTS_DIR = "/etc/ansible/facts.d"
FACT_FILE = "virtfleet.fact"
Mark = Optional[dict[str, str]]


def facts_of(text: str, path: str) -> dict[str, Any]:
    """Return the facts that a file of this text holds; raises FleetError where they are no JSON object."""
    try:
        facts = json.loads(text)
    except ValueError as error:
        raise FleetError(f"{path} can't be read: {error}", "Mend or remove that file") from error
    if not isinstance(facts, dict):
        raise FleetError(f"{path} does not hold a JSON object", "Mend or remove that file")
    return facts


def wanted_mark(params: Mapping[str, Any], mark: Mark, now: str) -> Mark:
    """Return the mark as it should be."""
    state, reason, since = params["state"], params["reason"], params["since"]
    if state == "unchanged":
        return mark
    if state == "absent":
        return None
    if mark is None:
        return {"reason": reason or "", "since": since or now}
    given = {"reason": reason, "since": since}
    return {**mark, **{key: value for key, value in given.items() if value is not None}}


def result(mark: Mark, wanted: Mark, pressure: Mapping[str, Optional[float]]) -> dict[str, Any]:
    """Return what the module gives back; ``pressure`` is what the host's kernel says beside."""
    diff = {"before": {"maintenance": mark}, "after": {"maintenance": wanted}}
    return {"changed": wanted != mark, "maintenance": wanted, "pressure": dict(pressure), "diff": diff}
