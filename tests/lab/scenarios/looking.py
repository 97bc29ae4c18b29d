"""Runs the playbook preflight and keeps what it wrote and said. Judges nothing."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from conductor import COLLECTION, Run, execute, playbook_argv
from labview import INVENTORY

QEMU_SERVER, QEMU_CLIENT, QEMU_CA = (f"/etc/pki/qemu/{name}.pem" for name in ("server-cert", "client-cert", "ca-cert"))


@dataclass(frozen=True)
class Look:
    """A run of the playbook, and what it wrote. ``stays``: who would stay, and why, if a host were evacuated then."""

    run: Run
    matrix: list[dict[str, Any]]
    text: str
    stays: dict[str, Any] = field(default_factory=dict)

    def codes(self, name: str, dest: str, label: str = "refusals") -> set[str]:
        return {each["code"] for each in self._entry(name, dest)[label]}

    def said(self, name: str, dest: str, code: str) -> str:
        """Return what a person is told: cause and remedy."""
        entry = self._entry(name, dest)
        told = [each for each in (*entry["refusals"], *entry["warnings"]) if each["code"] == code]
        assert told, (code, entry)
        assert told[0]["message"].split(";")[0][:60] in self.plain, "the table for people has it too"
        return f"{told[0]['message']}; {told[0]['remedy']}"

    @property
    def plain(self) -> str:
        """The text with lines that were broken for their width joined again."""
        return self.text.replace("\n    ", " ")

    def _entry(self, name: str, dest: str) -> dict[str, Any]:
        return next(each for each in self.matrix if (each["name"], each["dest"]) == (name, dest))


def look(folder: Path, *flags: str, **variables: Any) -> Look:
    reports = folder / "report"
    values = {"preflight_report_dir": str(reports), "preflight_connect_timeout": 15, **variables}
    run = execute(playbook_argv(f"{COLLECTION}.preflight", *flags, **values))
    assert "Traceback" not in run.output, run.output
    assert (reports / "preflight.json").exists(), run.output
    found = json.loads((reports / "preflight.json").read_text(encoding="utf-8"))
    return Look(run, found["matrix"], (reports / "preflight.txt").read_text(encoding="utf-8"))


def more_inventory(folder: Path, **hosts: dict[str, Any]) -> list[str]:
    path = folder / "more.yml"
    path.write_text(json.dumps({"hypervisors": {"hosts": hosts}}), encoding="utf-8")
    return ["-i", str(path)]


def address_of(host: str) -> str:
    hosts = yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))["hypervisors"]["hosts"]
    return str(hosts[host]["ansible_host"])
