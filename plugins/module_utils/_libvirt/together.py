"""Ask many hosts the same at the same time. Must not know what is asked."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, TypeVar

from .connection import error_text, in_time

T = TypeVar("T")


def ask_hosts(hosts: Sequence[str], seconds: float, ask: Callable[[str], T]) -> tuple[dict[str, T], dict[str, str]]:
    """Return what each host answers, and of those that do not the reason."""
    if not hosts:
        return {}, {}
    with ThreadPoolExecutor(len(hosts)) as pool:
        answers = dict(zip(hosts, pool.map(lambda name: in_time(lambda: ask(name), seconds), hosts)))
    late = f"no answer within {seconds:g} s"
    known = {name: answer for name, (done, answer, error) in answers.items() if done and error is None}
    silent = {
        name: error_text(error) if error is not None else late
        for name, (done, _answer, error) in answers.items()
        if not done or error is not None
    }
    return known, silent
