"""Show a long module's journal while it runs: the module runs in a thread, its lines come to the display."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import contextvars
import os
import secrets
import shlex
import signal
import threading
import time
from collections.abc import Iterator
from concurrent import futures
from concurrent.futures import Future
from functools import partial
from typing import Any, Callable

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._ansible.arguments import JOURNAL_DIR
from ..module_utils._engine.journal import event_line, parse_line

display = Display()

POLL_SECONDS = 0.4
# Seconds between two lines of one guest: in AWX each line is a row of its database.
TERMINAL_SECONDS, PLAIN_SECONDS = 1.0, 10.0
# How long after an interrupt the run may take to abort its moves and report.
GRACE_SECONDS = 60.0


class ProgressAction(ActionBase):
    """Run the module of the same name; without its user's own async, and not in check mode, with live progress."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Return the module's own result."""
        super().run(tmp, task_vars)
        if self._task.check_mode or self._task.async_val:
            result: dict[str, Any] = self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)
            for line in result.get("plan_text", ()):
                display.display(line)
            return result
        arguments = {**self._task.args, "run_id": self._task.args.get("run_id") or _new_id()}
        folder = str(arguments.setdefault("journal_dir", JOURNAL_DIR))
        path = os.path.join(self._remote_expand_user(folder), f"{arguments['run_id']}.jsonl")
        with _interrupts() as hits:
            module = _Beside(lambda: self._execute_module(module_args=arguments, task_vars=task_vars))
            result = self._follow(path, module, hits)
        if hits:
            # Ansible has been told to end as well and would not show the result of this task
            _say_to_parent(["", "Interrupted. " + str(result.get("msg", "")), *map(str, result.get("text", []))])
        return result

    def _follow(self, path: str, module: _Beside, hits: list[int]) -> dict[str, Any]:
        """Show the journal until the module has ended; return its result."""
        show, offset, pid, told_at = _Lines(), 0, None, None
        while True:
            over = module.wait(POLL_SECONDS)
            text = self._read(path, offset)
            whole = text[: text.rfind("\n") + 1]
            offset += len(whole.encode())
            for event in filter(None, map(parse_line, whole.splitlines())):
                pid = event.get("pid") if event["event"] == "run_started" else pid
                show.event(event)
            if over:
                return module.result()
            if hits and pid and told_at is None:
                told_at = time.monotonic()
                self._low_level_execute_command(f"kill -TERM {int(pid)}")
                _say_to_parent(["Interrupted: aborting the moves that are under way, please wait"])
            if told_at is not None and time.monotonic() - told_at > GRACE_SECONDS:
                raise AnsibleActionFail(f"the run (process {pid}) has not ended; its journal is {path}")

    def _read(self, path: str, offset: int) -> str:
        """Return the journal from a byte on; empty before the module has made it."""
        quoted = shlex.quote(path)
        command = f"if test -f {quoted}; then tail -c +{offset + 1} {quoted}; fi"
        answer: str = self._low_level_execute_command(command).get("stdout", "")
        return answer.replace("\r\n", "\n")


class _Beside:
    """A call in a thread beside this one, with what Ansible keeps in context variables."""

    def __init__(self, call: Callable[[], dict[str, Any]]) -> None:
        self._found: Future[dict[str, Any]] = Future()
        # a daemon thread: one that hangs after an interrupt must not keep the worker alive
        work = partial(contextvars.copy_context().run, self._into, call)
        threading.Thread(target=work, daemon=True).start()

    def _into(self, call: Callable[[], dict[str, Any]]) -> None:
        try:
            self._found.set_result(call())
        except BaseException as error:  # handed to whoever asks for the result
            self._found.set_exception(error)

    def wait(self, seconds: float) -> bool:
        """Return whether the call has ended, at once when it does."""
        return bool(futures.wait([self._found], seconds).done)

    def result(self) -> dict[str, Any]:
        """Return the result of the call that has ended; raises what it raised."""
        return self._found.result()


class _Lines:
    """Which journal events are worth a line, and when; remembers the last line of each guest."""

    def __init__(self) -> None:
        self._seconds = TERMINAL_SECONDS if _parent_has_terminal() else PLAIN_SECONDS
        self._shown: dict[str, tuple[float, str]] = {}

    def event(self, event: dict[str, Any]) -> None:
        line = event_line(event)
        if line is None or (event["event"] == "progress" and not self._due(event)):
            return
        display.display(line)

    def _due(self, event: dict[str, Any]) -> bool:
        last, phase = self._shown.get(event["move"], (event["t"] - self._seconds / 2, ""))
        if event["t"] - last < self._seconds and (not phase or phase == event["phase"]):
            return False
        self._shown[event["move"]] = (event["t"], event["phase"])
        return True


@contextlib.contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM instead of dying of them: the run must be told, and must be heard out."""
    hits: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda found, _frame: hits.append(found)) for number in numbers}
    try:
        yield hits
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say_to_parent(lines: list[str]) -> None:
    """Write to the stderr of ansible-playbook, which reads its workers no longer once it was interrupted."""
    # where it can't be had (no /proc, a socket) the journal still holds every line
    with contextlib.suppress(OSError):
        descriptor = os.open(f"/proc/{os.getppid()}/fd/2", os.O_WRONLY | os.O_APPEND | os.O_NOCTTY)
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write("\n".join(lines) + "\n")


def _parent_has_terminal() -> bool:
    with contextlib.suppress(OSError):
        descriptor = os.open(f"/proc/{os.getppid()}/fd/1", os.O_WRONLY | os.O_APPEND | os.O_NOCTTY)
        try:
            return os.isatty(descriptor)
        finally:
            os.close(descriptor)
    return False


def _new_id() -> str:
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + f"-{secrets.token_hex(3)}"
