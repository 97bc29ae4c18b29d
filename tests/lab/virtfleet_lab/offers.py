"""Lets hosts see a repository of packages, as if their distribution had just released them. It installs nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from . import repository, state
from .settings import Host, Lab
from .shell import LabError, in_parallel, run, step

SOURCES = "/etc/apt/sources.list.d"


def offer(lab: Lab, name: str, hosts: Sequence[Host]) -> None:
    """Returns when every host's apt has read what the repository holds."""
    if name not in repository.OFFERS:
        raise LabError(f"The lab knows no offer {name!r}. Offers: {', '.join(sorted(repository.OFFERS))}.")
    release = repository.OFFERS[name].release
    wrong = [host.name for host in hosts if host.release != release]
    if wrong:
        raise LabError(f"The offer {name!r} is for hosts of {release}, which {', '.join(wrong)} {_are(wrong)} not.")
    with step(f"packages of the offer {name}"):
        line = repository.source_line(repository.build(lab, name, Path(state.read_plan(lab).images[release])))
    state.note_offer(lab, [host.name for host in hosts], name)
    with step(f"offered to {', '.join(host.name for host in hosts)}"):
        in_parallel(lambda host: _show(lab, host, name, line), hosts)


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _show(lab: Lab, host: Host, name: str, line: str) -> None:
    ssh = [lab.dir / "ssh", host.name]
    run([*ssh, f"cat > {SOURCES}/lab-{name}.list"], stdin=line)
    run([*ssh, "apt-get --quiet=2 update"], timeout=60)
