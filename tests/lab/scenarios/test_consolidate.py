"""Scenario: the fleet sleeps as far as its rules allow, is woken before load is high, and then nothing swings."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import thrift
import yaml
from conductor import COLLECTION, Run, execute, play, playbook_argv
from labview import INVENTORY, initial_world, lab, once_again_well, status, unexplained_holes, world
from thrift import add, date_back, evening_out, record, remove, samples, vcpus_on

HOSTS = 4
LAST = True  # hosts are off at its end
# each host gives 8 vCPUs, of which a tenth stays free
HEADROOM, ROOM = 10, 7
PEAKS, BURNS = ("peak1", "peak2"), 0.4
IDLE_WATTS = 90.0
# as tests/lab/redfish_bmc.py has it
REDFISH_WATTS = 142
MODEL = {"idle_watts": IDLE_WATTS, "full_watts": 310.0, "boot_seconds": 5, "shutdown_seconds": 5}


@dataclass(frozen=True)
class Job:
    """The playbook with the settings that all its runs have in common; marks come from what this machine measured."""

    folder: Path
    history: Path
    low_percent: float
    high_percent: float

    @property
    def limits(self) -> dict[str, Any]:
        """What binds a plan, whatever its goal."""
        return {
            "headroom_percent": HEADROOM,
            "max_cpu_percent": self.low_percent,
            "high_cpu_percent": self.high_percent,
            "history": {"path": str(self.history), "horizon_minutes": 60},
        }

    def run(self, *flags: str) -> Step:
        values = {
            **self.limits,
            # as few as possible, at any time: what keeps the fleet from swinging are the marks alone
            "min_on": 1,
            "survive_loss": "ignore",
            "min_on_minutes": 0,
            "min_off_minutes": 0,
            "measure_usage_seconds": 0,
            "check_hosts": False,
            "price_per_kwh": 0.25,
            "currency": "EUR",
            "co2_g_per_kwh": 400,
            "settings": {"journal_dir": str(self.folder / "journal")},
            "report_dir": str(self.folder / "report"),
        }
        variables = {f"consolidate_{name}": value for name, value in values.items()}
        run = execute(playbook_argv(f"{COLLECTION}.consolidate", *flags, virtfleet_power_model=MODEL, **variables))
        judged = once_again_well(run.began)
        return Step(run, self._written(run), world(), judged)

    def _written(self, run: Run) -> dict[str, Any]:
        assert run.status == 0, run.output
        reports = self.folder / "report"
        summary = json.loads((reports / "consolidate.json").read_text(encoding="utf-8"))
        (report,) = [path for path in reports.glob("*.json") if path.name != "consolidate.json"]
        moves = json.loads(report.read_text(encoding="utf-8"))["moves"]
        report.unlink()
        return {**summary, "moves": moves}


@dataclass(frozen=True)
class Step(thrift.Step):
    """What a run of the role consolidate came to."""

    @property
    def on(self) -> list[str]:
        return sorted(host for host, how in self.judged["hosts"].items() if how == "up")

    @property
    def off(self) -> list[str]:
        return sorted(host for host, how in self.judged["hosts"].items() if how == "off")


def kinds_of_bmc(hosts: list[str]) -> set[str]:
    inventory = yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))
    return {inventory["hypervisors"]["hosts"][host]["virtfleet_bmc"]["type"] for host in hosts}


def says_its_bmc(host: str) -> str:
    return "off" if "off" in lab("power", host, "status").lower() else "on"


@pytest.fixture(scope="module")
def job(folder: Path) -> Job:
    """Yesterday two guests were busy at this time of day; today they are not there yet. The marks lie in between."""
    history, hosts = folder / "history.sqlite", [f"hv{number}" for number in range(1, HOSTS + 1)]
    idle = record(folder, history, hosts)
    add("hv4", *PEAKS, burns=BURNS)
    busy = max(record(folder, history, hosts) for _time in range(2))
    remove(*PEAKS)
    date_back(history, after=samples(history)[0])
    # one of them beside the idle guests of a host is fine, two are too much
    peak = (busy - idle) / 2
    low, high = 0.8 * idle + peak, 0.8 * idle + 1.5 * peak
    percent = 100 / cpus_of_a_host()
    return Job(folder, history, round(low * percent, 2), round(high * percent, 2))


def cpus_of_a_host() -> int:
    return int(lab("ssh", "hv1", "--", "nproc"))


@pytest.fixture(scope="module")
def foretold(job: Job) -> Step:
    return job.run("--check", "-e", "consolidate_measure_watts=true")


@pytest.fixture(scope="module")
def asleep(job: Job, foretold: Step) -> Step:  # noqa: ARG001
    return job.run()


@pytest.fixture(scope="module")
def asleep_twice(job: Job, asleep: Step) -> Step:  # noqa: ARG001
    return job.run()


@pytest.fixture(scope="module")
def used_before(job: Job, asleep_twice: Step) -> float:
    """More guests, until there is no room, and those that were busy yesterday, still at rest; what all of them use."""
    vcpus = vcpus_on(asleep_twice.after.places)
    host = min(vcpus, key=lambda name: (vcpus[name], name))
    add(host, *PEAKS)
    vcpus[host] += len(PEAKS)
    number = 0
    while sum(vcpus.values()) <= len(vcpus) * ROOM:
        number += 1
        fewest = min(vcpus, key=lambda name: (vcpus[name], name))
        add(fewest, f"more{number}")
        vcpus[fewest] += 1
    return record(job.folder, job.history, asleep_twice.on)


@pytest.fixture(scope="module")
def woken(job: Job, used_before: float) -> Step:  # noqa: ARG001
    return job.run()


@pytest.fixture(scope="module")
def settled(job: Job, woken: Step) -> Step:
    """The load has come: what was busy yesterday is so today, wherever it is now."""
    places = {name: woken.after.places[name][0][0] for name in PEAKS}
    remove(*PEAKS)
    for name, host in places.items():
        add(host, name, burns=BURNS)
    record(job.folder, job.history, woken.on)
    return job.run()


@pytest.fixture(scope="module")
def swung(job: Job, settled: Step) -> list[Any]:
    """The other goal, consolidation, and the other goal once more."""

    def balanced() -> dict[str, Any]:
        run, results = play(job.folder, [evening_out(settled.on, **job.limits)])
        assert run.status == 0, run.output
        return results[0]

    return [balanced(), job.run(), balanced()]


def test_check_mode_touches_nothing(foretold: Step) -> None:
    assert foretold.after == initial_world()
    assert foretold.off == []
    assert foretold.run.changed > 0


def test_what_a_bmc_measures_stands_beside_the_models_watts(foretold: Step, asleep: Step) -> None:
    # the one behind Redfish has a figure, which has to be asked for; the simulators of IPMI have none
    assert list(foretold.told["watts_measured"].values()) == [REDFISH_WATTS]
    assert kinds_of_bmc(list(foretold.told["watts_measured"])) == {"redfish"}
    assert asleep.told["watts_measured"] == {}


def test_check_mode_foretells_the_moves_and_what_is_switched_off(foretold: Step, asleep: Step) -> None:
    told, done = foretold.told, asleep.told
    assert told.keys() == done.keys()
    assert (told["switched_off"], told["switched_on"]) == (done["switched_off"], done["switched_on"])
    assert foretold.ways == asleep.ways


def test_as_few_hosts_stay_on_as_headroom_allows_and_the_others_are_off_by_their_bmcs(
    foretold: Step, asleep: Step
) -> None:
    needed = math.ceil(sum(vcpus_on(foretold.after.places).values()) / ROOM)
    assert len(asleep.on) == needed
    assert asleep.off == asleep.told["switched_off"] == asleep.told["standby"]
    assert {host: says_its_bmc(host) for host in asleep.judged["hosts"]} == {
        **dict.fromkeys(asleep.on, "on"),
        **dict.fromkeys(asleep.off, "off"),
    }
    assert kinds_of_bmc(asleep.off) == {"ipmi", "redfish"}


def test_nobody_is_lost_nor_missed_a_tick_that_his_move_does_not_explain(
    foretold: Step, asleep: Step, woken: Step
) -> None:
    before = foretold.after.places
    assert {name: places[0][1] for name, places in asleep.after.places.items()} == {
        name: places[0][1] for name, places in before.items()
    }
    for step in (asleep, woken):
        assert step.judged["problems"] == []
        assert all(len(places) == 1 for places in step.after.places.values())
        assert unexplained_holes(step.judged, step.told["moves"]) == []


def test_energy_is_told_in_watts_in_money_and_in_co2(asleep: Step) -> None:
    energy, off = asleep.told["energy"], len(asleep.off)
    assert energy["watts_before"] - energy["watts_after"] == pytest.approx(off * IDLE_WATTS, abs=1)
    assert energy["kwh_saved_per_day"] == pytest.approx(off * IDLE_WATTS * 24 / 1000, abs=0.05)
    assert energy["money_per_day"] == pytest.approx(0.25 * energy["kwh_saved_per_day"], abs=0.01)
    assert energy["co2_kg_per_day"] == pytest.approx(0.4 * energy["kwh_saved_per_day"], abs=0.01)
    assert "kWh a day saved" in asleep.run.output


def test_run_again_it_changes_nothing(asleep: Step, asleep_twice: Step) -> None:
    assert asleep_twice.run.changed == 0
    assert asleep_twice.after == asleep.after
    assert asleep_twice.off == asleep.off


def test_a_host_is_woken_by_its_bmc_before_the_high_mark_is_passed(job: Job, used_before: float, woken: Step) -> None:
    # not even with all guests on one host
    assert used_before < job.high_percent / 100 * cpus_of_a_host()
    (host,) = woken.told["switched_on"]
    assert host in woken.on
    assert says_its_bmc(host) == "on"
    assert woken.told["switched_off"] == []


def test_it_takes_one_of_the_guests_that_will_be_busy(woken: Step) -> None:
    (host,) = woken.told["switched_on"]
    assert woken.after.guests_on(host) != []
    assert len({woken.after.places[name][0][0] for name in PEAKS}) == len(PEAKS)
    assert woken.after.marks == {}


def test_with_the_load_there_nothing_changes_any_more(woken: Step, settled: Step) -> None:
    assert settled.run.changed == 0
    assert settled.told["moves"] == []
    assert settled.on == woken.on


def test_consolidation_and_balance_undo_nothing_of_one_another(settled: Step, swung: list[Any]) -> None:
    balanced, consolidated, balanced_again = swung
    assert consolidated.run.changed == 0
    assert consolidated.on == settled.on
    assert not balanced_again["changed"]
    assert balanced_again["diff"]["after"] == balanced["diff"]["after"]
    assert status()["ok"]
