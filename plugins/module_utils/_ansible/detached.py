"""Do a module's work in a process of its own, which goes on when those who started the module are gone.

Must not decide what is done: it hands over the work's result, its refusal, or the report of its defect.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import traceback
from collections.abc import Iterator
from typing import Any, Callable, NoReturn

from .._model.errors import FleetError

POLL_SECONDS = 1.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Work = Callable[[], dict[str, Any]]


class DefectError(Exception):
    """The work raised what it should not have; carries that traceback."""


def detached(work: Work) -> dict[str, Any]:
    """Return what ``work`` returns in its own session; raises its FleetError. SIGINT and SIGTERM are passed on to it.

    Neither a terminal that closes nor the death of this process ends it.
    """
    read_end, write_end = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    between = os.fork()
    if between == 0:
        _become_own_session()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _report_to(write_end, work)
    os.close(write_end)
    os.waitpid(between, 0)
    with open(read_end, encoding="utf-8") as stream:
        worker = stream.readline().strip()
        with _passed_on(int(worker or 0)):
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            # a signal just before a read that blocks would be passed on only after that
            while not select.select([read_end], (), (), POLL_SECONDS)[0]:
                pass
            answer = stream.read()
    return _result_of(answer)


def _become_own_session() -> None:
    """Go on in a second child of a new session, an orphan that no signal to the group of its ancestors reaches."""
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    null = os.open(os.devnull, os.O_RDWR)
    # whoever reads the module's output waits for all who hold it
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)


def _report_to(write_end: int, work: Work) -> NoReturn:
    try:
        os.write(write_end, f"{os.getpid()}\n".encode())
        answer = json.dumps(_answer(work))
        # nobody may be there to read it any more: the journal says it all
        with contextlib.suppress(BrokenPipeError), open(write_end, "w", encoding="utf-8") as stream:
            stream.write(answer)
    finally:
        os._exit(0)


def _answer(work: Work) -> dict[str, Any]:
    try:
        return {"result": work()}
    except FleetError as error:
        return {"refusal": [error.message, error.remedy]}
    except Exception:  # not swallowed: it crosses the pipe as text, and the process that waits raises DefectError
        return {"defect": traceback.format_exc()}


def _result_of(answer: str) -> dict[str, Any]:
    if not answer:
        raise FleetError("the process that moves the guests was killed", "Run again; it finds where each guest is")
    found: dict[str, Any] = json.loads(answer)
    if "refusal" in found:
        raise FleetError(*found["refusal"])
    if "defect" in found:
        raise DefectError(found["defect"])
    result: dict[str, Any] = found["result"]
    return result


@contextlib.contextmanager
def _passed_on(worker: int) -> Iterator[None]:
    def pass_on(number: int, _frame: object) -> None:
        if number == signal.SIGHUP:
            return
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.kill(worker, signal.SIGTERM)

    if not worker:
        yield
        return
    before = {number: signal.signal(number, pass_on) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
