"""Libvirt on this host as virsh finds it: does it answer, and is active what starts by itself. Must change nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from .._model.errors import FleetError
from .._model.fitness import Libvirt
from .._model.trial import PREFIX, is_trial
from .peers import Run

_TIMED_OUT = 124
_LISTS = (
    ("pool-list", "--inactive", "--autostart", "--name"),
    ("net-list", "--inactive", "--autostart", "--name"),
    ("list", "--name"),
)


def look_at_libvirt(seconds: int, run: Run) -> Libvirt:
    """Return what this host's libvirt tells; each question may take ``seconds``."""
    found = []
    for question in _LISTS:
        status, out, err = _virsh(question, seconds, run)
        if status == _TIMED_OUT:
            return Libvirt(f"no answer within {seconds} s")
        if status != 0:
            return Libvirt(_last_line(err) or f"virsh ended with status {status}")
        found.append(tuple(sorted(line.strip() for line in out.splitlines() if line.strip())))
    pools, networks, guests = found
    return Libvirt(None, pools, networks, tuple(name for name in guests if not _is_trial(name, seconds, run)))


def _is_trial(name: str, seconds: int, run: Run) -> bool:
    """Return whether it is what a killed test migration has left, which is no guest of anybody's."""
    return name.startswith(PREFIX) and is_trial(name, _virsh(("domuuid", name), seconds, run)[1].strip())


def guests_of(seconds: int, run: Run) -> tuple[str, ...]:
    """Return the names of all guests of this host, shut-off ones too; raises FleetError where libvirt is silent."""
    status, out, err = _virsh(("list", "--all", "--name"), seconds, run)
    if status != 0:
        why = (
            f"no answer within {seconds} s" if status == _TIMED_OUT else _last_line(err) or f"virsh ended with {status}"
        )
        raise FleetError(f"its libvirt can't say which guests are there: {why}", "Look at its log there")
    return tuple(sorted(line.strip() for line in out.splitlines() if line.strip()))


def _virsh(question: tuple[str, ...], seconds: int, run: Run) -> tuple[int, str, str]:
    patience = ("timeout", "--kill-after=1", str(seconds))
    return run([*patience, "virsh", "--quiet", "--connect", "qemu:///system", *question])


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("error: ") if lines else ""
