"""The journal as a file on the conductor, under a lock: one run at a time moves guests of a journal folder."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any, Callable, Optional, TextIO

from .._model.errors import FleetError

SCHEMA = 1
LOCK_POLL_SECONDS = 0.5
SAFE_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")
Emit = Callable[[str, Mapping[str, Any]], None]


def journal_path(folder: str, run_id: Optional[str]) -> str:
    """Return the path of a run's journal; makes up an id from time and process where none is given."""
    name = run_id or time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + f"-{os.getpid()}"
    if not SAFE_ID.match(name):
        raise FleetError(f"run_id {name!r} is no file name", "Use letters, digits, dots, dashes and underscores")
    return os.path.join(os.path.expanduser(folder), name + ".jsonl")


@contextlib.contextmanager
def open_run(params: Mapping[str, Any], rehearsal: bool, stop: threading.Event) -> Iterator[tuple[Emit, str]]:
    """Yield what takes a run's events, and the path of its journal; a rehearsal leaves neither journal nor lock."""
    if rehearsal:
        yield _nowhere, ""
        return
    path = journal_path(params["journal_dir"], params["run_id"])
    with open_journal(path) as stream:
        emit = _writer(stream)
        emit("run_started", {"schema": SCHEMA, "pid": os.getpid()})
        with sole_run(params["journal_dir"], emit, stop):
            try:
                yield emit, path
            finally:
                emit("run_ended", {})


def _nowhere(_event: str, _facts: Mapping[str, Any]) -> None:
    """Take an event of a rehearsal; its report says it all."""


def _writer(stream: TextIO) -> Emit:
    """Return a function that appends one event; each line is whole and flushed before the next step."""

    def emit(event: str, facts: Mapping[str, Any]) -> None:
        line = json.dumps({"t": round(time.time(), 3), "event": event, **facts}, ensure_ascii=False)
        stream.write(line + "\n")
        stream.flush()

    return emit


@contextlib.contextmanager
def open_journal(path: str) -> Iterator[TextIO]:
    """Open the journal for appending, readable by its owner only; makes the folder."""
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise FleetError(f"the journal {path} can't be written: {error}", "Give another journal_dir") from error
    with open(descriptor, "a", encoding="utf-8") as stream:
        yield stream


@contextlib.contextmanager
def sole_run(folder: str, emit: Emit, stop: threading.Event) -> Iterator[None]:
    """Hold the folder's lock; waits for a run that holds it, since two engines must not move the same guest."""
    path = os.path.join(os.path.expanduser(folder), "lock")
    with open(path, "a+", encoding="utf-8") as stream:
        _acquire(stream, emit, stop)
        stream.seek(0)
        stream.truncate()
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def _acquire(stream: TextIO, emit: Emit, stop: threading.Event) -> None:
    told = False
    while True:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if stop.is_set():
                raise FleetError("interrupted while waiting for another run to end", "Run again") from None
            if not told:
                stream.seek(0)
                emit("waiting", {"pid": stream.read().strip()})
                told = True
            # not stop.wait: its handler sets the event in this thread, maybe while that holds the lock of the event
            time.sleep(LOCK_POLL_SECONDS)
        else:
            return
