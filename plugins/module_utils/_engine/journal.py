"""The journal's lines in words: one JSON line per event, read by people, tests and the live display. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Callable, Optional


def parse_line(line: str) -> Optional[dict[str, Any]]:
    """Return the event of a journal line, or None for a line that was cut off."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def event_line(event: Mapping[str, Any]) -> Optional[str]:
    """Return an event as people read it in a terminal, or None where it would only be noise."""
    writer = _LINES.get(str(event.get("event")))
    return writer(event) if writer else None


def _started(event: Mapping[str, Any]) -> str:
    verb = "watching, already under way" if event["adopted"] else event["method"]
    return f"{event['name']}: {event['source']} -> {event['dest']} ({verb})"


def _progress(event: Mapping[str, Any]) -> str:
    total = event["total"]
    percent = f"{100 * event['processed'] // total:3d} %" if total else "  0 %"
    rate, remaining = event["rate"] / 1048576, event["remaining"] / 1048576
    return f"{event['name']}: {percent}  {rate:6.1f} MiB/s  {remaining:8.1f} MiB left  {event['phase']}"


def _ended(event: Mapping[str, Any]) -> str:
    if event["outcome"] == "moved":
        return f"{event['name']}: on {event['dest']}{_cost(event)}"
    words = str(event["outcome"]).replace("_", " ")
    why = f": {event['error']}. {event['remedy'] or ''}".rstrip(" .") if event["error"] else ""
    return f"{event['name']}: {words}{why}"


def _cost(event: Mapping[str, Any]) -> str:
    parts = []
    if event["seconds"] is not None:
        parts.append(f"{event['seconds']:.1f} s")
    if event["bytes"] is not None:
        parts.append(f"{event['bytes'] / 1048576:.0f} MiB")
    if event["downtime_ms"] is not None:
        parts.append(f"downtime {event['downtime_ms']} ms")
    return f" ({', '.join(parts)})" if parts else ""


def _waiting(event: Mapping[str, Any]) -> str:
    return f"waiting: another run (process {event['pid']}) is moving guests of this fleet"


def _planned(event: Mapping[str, Any]) -> str:
    return "\n".join(event["text"])


def _mended(event: Mapping[str, Any]) -> str:
    return f"{event['name']}: what an interrupted move left is removed"


def _mend_failed(event: Mapping[str, Any]) -> str:
    return f"{event['name']}: what an interrupted move left could not be removed: {event['error']}"


def _media_copied(event: Mapping[str, Any]) -> str:
    return f"{event['name']}: {' and '.join(event['volumes'])} copied to {event['dest']}"


def _made_whole(event: Mapping[str, Any]) -> str:
    return str(event["message"])


def _action(event: Mapping[str, Any]) -> str:
    return f"{event['name']}: {_deed(event)}"


def _action_failed(event: Mapping[str, Any]) -> str:
    return f"{event['name']}: {_deed(event)} was refused: {event['error']}"


def _deed(event: Mapping[str, Any]) -> str:
    downtime = event.get("max_downtime_ms")
    return str(event["action"]).replace("_", " ") + (f" {downtime} ms" if downtime else "")


def _post_copy_broken(event: Mapping[str, Any]) -> str:
    return f"{event['name']}: the link broke in post-copy: {event['error']}"


def _post_copy_resumed(event: Mapping[str, Any]) -> str:
    return f"{event['name']}: resuming its post-copy, try {event['number']}"


def _link_closed(event: Mapping[str, Any]) -> str:
    return f"the link of {event['link']} is closed: moves over it wait until {event['opens']}"


def _window_ahead(event: Mapping[str, Any]) -> str:
    return f"moves wait for the cut-over window: the next one may start at {event['begins']}"


_LINES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "planned": _planned,
    "move_started": _started,
    "progress": _progress,
    "move_ended": _ended,
    "waiting": _waiting,
    "mended": _mended,
    "mend_failed": _mend_failed,
    "media_copied": _media_copied,
    "made_whole": _made_whole,
    "action": _action,
    "action_failed": _action_failed,
    "link_closed": _link_closed,
    "window_ahead": _window_ahead,
    "post_copy_broken": _post_copy_broken,
    "post_copy_resumed": _post_copy_resumed,
}
