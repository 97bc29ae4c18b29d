"""The shared CPU of a fleet and the guests that do not fit it, as lines for people. Pure; decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .plan_text import SHOWN, few, table, wrapped

_KINDS = ("host", "own CPU", "libvirt", "QEMU", "without them")
_GUESTS = ("guest", "host", "CPU", "remarks")
Entry = Mapping[str, Any]


def cpu_totals(guests: Sequence[Entry]) -> dict[str, int]:
    """Return how many guests were compared, and how many could go to every host by their CPU."""
    return {"guests": len(guests), "fit": sum(1 for guest in guests if guest["fits"])}


def cpu_lines(baselines: Sequence[Entry], guests: Sequence[Entry]) -> list[str]:
    """Return each baseline with its hosts and the guests that do not fit it, of many the first."""
    lines = []
    for baseline in baselines:
        kind = (baseline["arch"], baseline["virt_type"])
        lines += wrapped(list(_baseline(baseline)))
        lines += (baseline["cpu_xml"] or "").splitlines()
        lines += wrapped(list(_guests([each for each in guests if (each["arch"], each["virt_type"]) == kind])))
    return lines or ["no host answered that could be asked"]


def _baseline(baseline: Entry) -> Iterator[str]:
    kind = f"{baseline['arch']}, {baseline['virt_type']}"
    hosts = f"{few(baseline['hosts'])} ({kind})"
    for host, why in baseline["left_out"].items():
        yield f"{host} is left out: {why}"
    if not baseline["hosts"]:
        yield f"no CPU for guests of {kind}: {baseline['error']}"
        return
    if baseline["model"] is None:
        yield f"no CPU that can be given by {hosts} was found"
        if baseline["error"]:
            yield f"{baseline['computed_on']} says: {baseline['error']}"
        yield from (f"{each['host']} refuses what the others share: {each['said']}" for each in baseline["refused"])
        return
    yield (
        f"CPU that all of {hosts} can give: {baseline['model']}, {_features(baseline['features'])} in all, "
        f"as libvirt on {baseline['computed_on']} says"
    )
    held = {tuple(each["hosts"]): each for each in baseline["held_back"]}
    yield from table(_KINDS, [_kind(kind, held.get(tuple(kind["hosts"]))) for kind in baseline["kinds"]])
    for each in baseline["held_back"]:
        yield f"Without {few(each['hosts'])} the others could share {each['model']}, with also {few(each['gained'])}"


def _kind(kind: Entry, held: Any) -> tuple[str, ...]:
    gained = f"{_features(held['gained'])} more" if held is not None else "no more"
    return (few(kind["hosts"]), kind["model"], kind["libvirt"], kind["qemu"], gained)


def _features(names: Sequence[str]) -> str:
    return "1 feature" if len(names) == 1 else f"{len(names)} features"


def _guests(guests: Sequence[Entry]) -> Iterator[str]:
    apart = [guest for guest in guests if not guest["fits"]]
    if apart:
        yield from table(_GUESTS, [_row(guest) for guest in apart[:SHOWN]])
    if len(apart) > SHOWN:
        yield f"... and {len(apart) - SHOWN} more guests: all are in the result"
    reasons: dict[str, list[str]] = {}
    for guest in apart:
        reasons.setdefault(f"{guest['message']}; {guest['remedy']}", []).append(guest["name"])
    yield from (f"{few(names)}: {reason}" for reason, names in reasons.items())
    yield f"{len(guests) - len(apart)} of {len(guests)} guests have a CPU that every host can give"


def _row(guest: Entry) -> tuple[str, ...]:
    hosts = [host for lack in guest["lacks"] for host in lack["hosts"]]
    return (guest["name"], guest["host"], guest["cpu"], f"can't go to {few(hosts)}")
