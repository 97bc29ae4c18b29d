"""The filters of rollouts: which hosts are to be done, what became of each, when. Small; the deciding is in _model."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._model.codec import to_json
from ..module_utils._model.errors import FleetError
from ..module_utils._model.failure_text import failure_text
from ..module_utils._model.rollout import (
    Outcomes,
    forecast,
    halt,
    left_out,
    outcomes,
    seen_of,
    sort_out,
    stop_time,
    summary,
    summary_lines,
)


def rollout_hosts(names: Sequence[str], hostvars: Mapping[str, Any], reason: str, look: str) -> dict[str, Any]:
    """Return what is to be done with each host."""
    seen = {name: seen_of(hostvars[name], look) for name in names}
    found: dict[str, Any] = to_json(sort_out(seen, reason))
    return found


def rollout_outcomes(names: Sequence[str], hostvars: Mapping[str, Any]) -> dict[str, Any]:
    """Return who is done and who failed."""
    found: dict[str, Any] = to_json(outcomes(names, hostvars))
    return found


def rollout_forecast(
    waves: Sequence[Mapping[str, Any]], minutes: float, now: datetime, stop_at: str = ""
) -> dict[str, Any]:
    """Return the waves with their times in words, and the stop time in UTC and as it was asked for."""
    here = now.astimezone()
    try:
        stop = stop_time(stop_at, here)
    except FleetError as error:
        raise AnsibleFilterError(str(error)) from None  # its cause is told already
    utc = stop.astimezone(timezone.utc).replace(tzinfo=None).isoformat() if stop is not None else ""
    return {"text": forecast(waves, float(minutes), here, stop), "stop_at": utc, "asked": stop_at}


def rollout_summary(
    todo: Mapping[str, Any], noted: Mapping[str, Any], waves: Sequence[Mapping[str, Any]], why_not: str
) -> dict[str, Any]:
    """Return who is done, failed, untouched and skipped, as data and as lines for people."""
    hosts = [wave["hosts"] for wave in waves if wave["hosts"]]
    found = summary(todo, Outcomes(tuple(noted["done"]), noted["failed"]), hosts, why_not)
    return {**found, "text": summary_lines(found)}


def rollout_halt(
    todo: Mapping[str, Any],
    noted: Mapping[str, Any],
    waves: Sequence[Mapping[str, Any]],
    on_failure: str,
    foretold: Mapping[str, Any],
    now: datetime,
) -> dict[str, Any]:
    """Return why no further wave starts, and whether that is only because the window has closed."""
    failed = {**todo["failed"], **noted["failed"]}
    jammed = left_out(todo["interrupted"], [wave["hosts"] for wave in waves])
    stop = foretold["stop_at"]
    # both are in UTC without saying so, the one by rollout_forecast and the other by Ansible's now(utc=true)
    late = bool(stop) and now.replace(tzinfo=None) >= datetime.fromisoformat(stop)
    found: dict[str, Any] = to_json(halt(failed, jammed, on_failure == "stop", foretold["asked"] if late else ""))
    return found


def rollout_failure(result: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    """Return in one line which task failed and why. Of a file that can't be included Ansible tells neither."""
    return failure_text(str(task.get("name") or "include a file"), result)


class FilterModule:
    """The filters of this file, as Ansible looks for them."""

    def filters(self) -> dict[str, Any]:
        return {
            "rollout_hosts": rollout_hosts,
            "rollout_outcomes": rollout_outcomes,
            "rollout_forecast": rollout_forecast,
            "rollout_summary": rollout_summary,
            "rollout_halt": rollout_halt,
            "rollout_failure": rollout_failure,
        }
