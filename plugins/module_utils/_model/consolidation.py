"""A run of the role consolidate: what was seen of the hosts, which may go off, what came of it. Moves nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from .power_state import measured_watts
from .standby import is_standby_mark, sleeping

Variables = Mapping[str, Any]

_NO_BMC = "it has no BMC (virtfleet_bmc)"


@dataclass(frozen=True)
class Sorted:
    """The hosts before anything is planned.

    ``keep_on``: those that are not to be switched off, and why. ``begun``: on, and marked or noted as on standby: an
    interrupted run was about to switch them off or on. ``asleep``: on standby. ``aside``: not reached, and why, or in
    maintenance for a reason of somebody else's. ``stuck``: can't be woken, and why. ``watts``: what hosts that are on
    draw, as their BMCs measure it.
    """

    keep_on: Mapping[str, str] = field(default_factory=dict)
    begun: tuple[str, ...] = ()
    asleep: tuple[str, ...] = ()
    aside: Mapping[str, str] = field(default_factory=dict)
    stuck: Mapping[str, str] = field(default_factory=dict)
    watts: Mapping[str, float] = field(default_factory=dict)


def sort_hosts(
    names: Iterable[str], hostvars: Mapping[str, Variables], kept: Collection[str], conductor: str, notes: Variables
) -> Sorted:
    """Return what was seen of the hosts; ``notes``: the newest about each host. Inventory variables and facts only."""
    every = sorted(set(names))
    found = {name: _stand(hostvars[name], notes.get(name)) for name in every}
    keep_on = {name: _why_kept(name, hostvars[name], kept, conductor) for name in every}
    return Sorted(
        {name: why for name, why in keep_on.items() if why},
        tuple(name for name in every if found[name].begun),
        tuple(name for name in every if found[name].asleep),
        {name: found[name].aside for name in every if found[name].aside},
        {name: f"{_NO_BMC}, so nothing can wake it" for name in every if not _can_wake(hostvars[name])},
        measured_watts(every, hostvars),
    )


def _can_wake(seen: Variables) -> bool:
    """Return whether the host is awake, as it answers, or can be woken."""
    return "maintenance" in (seen.get("virtfleet_mark") or {}) or bool(seen.get("virtfleet_bmc"))


@dataclass(frozen=True)
class _Stand:
    """One host as ``Sorted`` has it."""

    begun: bool = False
    asleep: bool = False
    aside: str = ""


def _stand(seen: Variables, note: Optional[Variables]) -> _Stand:
    told = seen.get("virtfleet_mark") or {}
    answers, power = "maintenance" in told, str(seen.get("virtfleet_power_state", "unknown"))
    if sleeping(note, answers, power):
        failure = (note or {}).get("failure")
        hint = "could not be woken, and is not tried again until a person does it with the role power"
        return _Stand(asleep=True, aside=f"{hint}: {failure}" if failure else "")
    if not answers:
        # its BMC says that it is on: it boots, or goes off
        begun = note is not None and note.get("power") == "off" and power == "on"
        return _Stand(begun=begun, aside="" if begun else _why_silent(power, told))
    mark = told["maintenance"]
    if is_standby_mark(mark):
        return _Stand(begun=True)
    return _Stand(aside="" if mark is None else f"in maintenance ({mark.get('reason') or 'no reason'})")


def _why_kept(name: str, seen: Variables, kept: Collection[str], conductor: str) -> str:
    looked = seen.get("consolidate_fitness") or {}
    if name == conductor or looked.get("control_node"):
        return "the conductor runs on it"
    if name in kept:
        return "it is to stay on"
    if not seen.get("virtfleet_bmc"):
        return _NO_BMC
    answers = "maintenance" in (seen.get("virtfleet_mark") or {})
    return "nobody could look whether the conductor runs on it" if answers and "control_node" not in looked else ""


def _why_silent(power: str, told: Variables) -> str:
    if power == "off":
        return "is off, and no note says that it was switched off on purpose"
    why = " ".join(str(told.get("msg") or "nobody has tried").split())
    return f"can't be reached: {why}"


def not_awake(hosts: Sequence[Variables], failed: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the entries of the fleet, hosts that could not be woken as in maintenance: no plan counts on them."""
    return [
        {**entry, "maintenance": {"reason": f"could not be woken: {failed[entry['name']]}", "since": ""}}
        if entry["name"] in failed
        else dict(entry)
        for entry in hosts
    ]


@dataclass(frozen=True)
class Empty:
    """The hosts that were to be empty by now: those that are, and those that are not, with who is there.

    ``before``: those of the first that were empty before anything moved. Only these can be looked at in check mode.
    """

    off: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    held: Mapping[str, str] = field(default_factory=dict)


def empty_hosts(plan: Variables, report: Optional[Variables], keep_on: Mapping[str, str]) -> Empty:
    """Return which hosts of the plan can be switched off after the moves, as the fleet was seen after them.

    None without a report, or with one that has problems: then nobody knows what is where.
    """
    if report is None or report["problems"]:
        why = "nothing was moved" if report is None else str(report["problems"][0])
        return Empty(held=dict.fromkeys(plan["power_off"], why))
    there, once = report["placement"]["after"], report["placement"]["before"]
    held = {name: _why_held(name, there, keep_on) for name in plan["power_off"]}
    off = tuple(name for name, why in held.items() if not why)
    before = tuple(name for name in off if once.get(name) == [])
    return Empty(off, before, {name: why for name, why in held.items() if why})


def _why_held(name: str, there: Mapping[str, Sequence[str]], keep_on: Mapping[str, str]) -> str:
    if name in keep_on:
        return keep_on[name]
    if name not in there:
        return "nobody could look at it"
    return f"{', '.join(there[name])} still there" if there[name] else ""


def summary(
    seen: Sorted, plan: Variables, report: Optional[Variables], switched: Variables, rehearsed: bool
) -> dict[str, Any]:
    """Return what came of the run, with the same keys in check mode.

    ``switched``: hosts by ``on``, ``off``, ``failed`` (why), ``held`` (why) and ``left`` (empty, and not to be switched
    off by this run), as the tasks noted them.
    """
    asleep = sorted({*seen.asleep, *switched["off"]} - {*switched["on"]})
    moved = [] if report is None else [move for move in report["moves"] if move["outcome"] == "moved"]
    found = {
        "rehearsed": rehearsed,
        "switched_on": sorted(switched["on"]),
        "switched_off": sorted(switched["off"]),
        "standby": asleep,
        "failed": {name: str(why) for name, why in sorted(switched["failed"].items())},
        "held": {name: str(why) for name, why in sorted(switched["held"].items())},
        "left": sorted(switched["left"]),
        "keep_on": dict(seen.keep_on),
        "aside": dict(seen.aside),
        "moved": len(moved),
        "watts_measured": dict(seen.watts),
        # that of the report knows what the moves really sent
        "energy": (report or {}).get("energy") or plan.get("energy"),
    }
    return {**found, "text": summary_lines(found)}


def summary_lines(found: Variables) -> list[str]:
    """Return the summary for people."""
    would = "would be " if found["rehearsed"] else ""
    lines = [f"{would}switched on: {name}" for name in found["switched_on"]]
    lines += [f"{would}switched off: {name}" for name in found["switched_off"]]
    lines += [f"empty, and left on: {name}" for name in found["left"]]
    lines += [f"FAILED: {name}, {why}" for name, why in found["failed"].items()]
    lines += [f"stays on: {name}, {why}" for name, why in found["held"].items()]
    lines += [f"not looked at: {name}, {why}" for name, why in found["aside"].items()]
    if found["standby"]:
        lines.append(f"on standby: {', '.join(found['standby'])}")
    return lines + energy_lines(found["energy"]) + measured_lines(found["watts_measured"])


def energy_lines(energy: Optional[Variables]) -> list[str]:
    """Return the plan's energy for people, a line on how to have it where there is none."""
    if energy is None:
        return ["energy: unknown, as not every host has a power model (virtfleet_power_model)"]
    line = f"energy as planned: {energy['watts_before']:.1f} W before, {energy['watts_after']:.1f} W after"
    line += f", {_saved(energy['kwh_saved_per_day'], 'kWh')}"
    line += f"; the moves take {energy['moves_kwh']:.4f} kWh, switching {energy['switching_kwh']:.4f} kWh"
    if energy.get("payback_hours") is not None:
        line += f", earned back after {energy['payback_hours']:.1f} h"
    lines = [line]
    if energy.get("money_per_day") is not None:
        lines.append(f"money: {_saved(energy['money_per_day'], energy.get('currency') or '')}")
    if energy.get("co2_kg_per_day") is not None:
        lines.append(f"CO2: {_saved(energy['co2_kg_per_day'], 'kg')}")
    return lines


def measured_lines(watts: Mapping[str, float]) -> list[str]:
    """Return what the BMCs measured before anything was switched, beside which the model's figure can be held."""
    if not watts:
        return []
    each = ", ".join(f"{name} {drawn:.0f} W" for name, drawn in sorted(watts.items()))
    return [f"measured by the BMCs before: {sum(watts.values()):.0f} W ({each})"]


def _saved(amount: float, unit: str) -> str:
    return " ".join(filter(None, (f"{abs(amount):.2f}", unit, "a day", "saved" if amount >= 0 else "more")))
