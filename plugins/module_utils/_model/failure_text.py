"""Why a task failed, in one line: its message, and what the output of a package manager adds to it. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

DPKG_ERROR = "dpkg: error"
DPKG_AT_WORK = ("Setting up ", "Unpacking ", "Preparing to unpack ", "Processing triggers ", "Removing ", "Selecting ")
MOST = 3  # packages that failed; the others are in the output


def failure_text(task: str, result: Mapping[str, Any]) -> str:
    """Return the task's name and why it failed. apt's message has its own last words only, dpkg's are in its output."""
    told = _one_line(result.get("msg") or "see what Ansible says above")
    causes = [*_of_dpkg(str(result.get("stdout") or "").splitlines()), *_of_dnf(result.get("failures"))]
    new = [cause for cause in dict.fromkeys(causes) if cause not in told][:MOST]
    return f"{task}: {'; '.join([*new, told])}"


def _of_dpkg(lines: Sequence[str]) -> Iterator[str]:
    """Yield what dpkg says of each package that failed, after the last words of the package's own script."""
    for number, line in enumerate(lines):
        if line.startswith(DPKG_ERROR):
            before = lines[number - 1 : number] if number else []
            after = lines[number + 1 : number + 2]
            script = [text for text in before if text.strip() and not text.startswith((*DPKG_AT_WORK, DPKG_ERROR, " "))]
            yield _one_line(" ".join([*script, line, *(text for text in after if text.startswith(" "))]))


def _of_dnf(failures: Any) -> Iterator[str]:
    if isinstance(failures, (list, tuple)):
        yield from (_one_line(failure) for failure in failures)


def _one_line(text: Any) -> str:
    return " ".join(str(text).split())
