"""Short questions to hosts, given up where no answer comes soon: a dead link must not hold up the watch over all moves.

libvirt itself notices a dead link only after half a minute.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
from typing import Any, Callable, Optional

from .._engine.ports import DriverError, Failure
from .binding import libvirt

SECONDS = 3.0


class _Question:
    """A question under way in a thread of its own, since libvirt's calls can't be called back."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self.answer: Any = None
        self.error: Optional[Exception] = None
        self.thread = threading.Thread(target=self._ask, daemon=True)
        self.thread.start()

    def _ask(self) -> None:
        try:
            self.answer = self._call()
        except (libvirt.libvirtError, DriverError) as error:
            self.error = error


class Patience:
    """Asks hosts; one that has not answered yet is asked nothing else before it has, or libvirt has given it up."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._open: dict[str, _Question] = {}

    def ask(self, host: str, call: Callable[[], Any]) -> Any:
        """Return what the call returns, or raise what it raises; DriverError where that takes too long."""
        pending = self._open.get(host)
        if pending is not None and pending.thread.is_alive():
            raise DriverError(_silent(host))
        question = self._open[host] = _Question(call)
        question.thread.join(self._seconds)
        if question.thread.is_alive():
            raise DriverError(_silent(host))
        del self._open[host]
        if question.error is not None:
            raise question.error
        return question.answer


def _silent(host: str) -> Failure:
    return Failure(f"{host} does not answer", "Check the link to that host; then run again")
