"""What the hosts' daemons were told, and told QEMU, about migrations: from their own debug logs. Judges nothing."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from labview import on_host

LOG = "/var/log/libvirt/heard.log"
FILTERS = "1:libvirt.domain 1:qemu.qemu_monitor"
ADMIN = ("virt-admin", "-q", "-c", "libvirtd:///system")
CALL = re.compile(r"virDomainMigratePerform3Params:\d+ : .*\(VM: name=(.*), uuid=.* flags=0x([0-9a-f]+)")
PARAMETER = re.compile(r'virDomainMigratePerform3Params:\d+ : params\["([a-z_.]+)"\]=\(\w+\)(.*)$')
COMMAND = re.compile(r"QEMU_MONITOR_IO_WRITE: .*?buf=(\{.*\})")
REPLY = re.compile(r"QEMU_MONITOR_RECV_REPLY: .*?reply=(\{.*\})")
WANTED = "virDomainMigratePerform3Params|QEMU_MONITOR_IO_WRITE|QEMU_MONITOR_RECV_REPLY"


@dataclass
class Call:
    """One migration of a guest as its source's daemon was asked for it."""

    guest: str
    flags: int
    parameters: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Heard:
    """The migrations in order, and what every QEMU was told and has reported meanwhile.

    ``capabilities``: those that were switched on. ``qemu``: every value that each of its parameters was given.
    """

    calls: list[Call] = field(default_factory=list)
    capabilities: set[str] = field(default_factory=set)
    qemu: dict[str, list[Any]] = field(default_factory=dict)
    reports: list[dict[str, Any]] = field(default_factory=list)

    def listen(self, line: str) -> None:
        """Take in one line of a log."""
        if call := CALL.search(line):
            self.calls.append(Call(call[1], int(call[2], 16)))
        if parameter := PARAMETER.search(line):
            self.calls[-1].parameters.setdefault(parameter[1], []).append(parameter[2])
        if command := COMMAND.search(line):
            self._command(json.loads(command[1]))
        if reply := REPLY.search(line):
            self._reply(json.loads(reply[1]))

    def _command(self, command: dict[str, Any]) -> None:
        arguments = command.get("arguments", {})
        if command.get("execute") == "migrate-set-capabilities":
            self.capabilities |= {each["capability"] for each in arguments["capabilities"] if each["state"]}
        if command.get("execute") == "migrate-set-parameters":
            for name, value in arguments.items():
                self.qemu.setdefault(name, []).append(value)

    def _reply(self, reply: dict[str, Any]) -> None:
        report = reply.get("return")
        if isinstance(report, dict) and "ram" in report:
            self.reports.append(report)


@contextlib.contextmanager
def listening(hosts: Sequence[str]) -> Iterator[None]:
    """Have the daemons of these hosts log what they hear; afterwards they log as before."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(_begin, hosts))
        try:
            yield
        finally:
            list(pool.map(_end, hosts))


def heard(hosts: Sequence[str]) -> Heard:
    """Return what was heard on these hosts since the last time, and forget it."""
    found = Heard()
    with ThreadPoolExecutor() as pool:
        texts = list(pool.map(_take, hosts))
    # each line begins with its time
    for line in sorted(line for text in texts for line in text.splitlines()):
        found.listen(line)
    return found


def _begin(host: str) -> None:
    on_host(host, *ADMIN, "daemon-log-outputs", f"1:file:{LOG}")
    on_host(host, *ADMIN, "daemon-log-filters", FILTERS)


def _end(host: str) -> None:
    on_host(host, *ADMIN, "daemon-log-filters", "")
    on_host(host, *ADMIN, "daemon-log-outputs", "")
    on_host(host, "rm", "-f", LOG)


def _take(host: str) -> str:
    # the daemon appends, so a file that was emptied is filled from its beginning
    return on_host(host, "sh", "-c", f"grep -E '{WANTED}' {LOG} || test $? -eq 1; truncate -s 0 {LOG}")
