"""Runs one check of `make test` and records its result as JUnit XML in build/test-results. Must not judge output.

Usage: check.py [--reports] [--timeout SECONDS] NAME -- COMMAND...
--reports   the command writes its own XML to build/test-results/NAME/*.xml; without it the command is one test case.
With VIRTFLEET_QUIET=1 output goes to NAME.log there and is shown only when the check fails.
With VIRTFLEET_GIVE_WAY=1 the command has only the processor time that nobody else wants.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

from summary import RESULTS, count

INTERRUPTED = "interrupted"


def run(argv: list[str], log: Path | None, timeout: float) -> str:
    """Run to the end in a session of its own; the reason of failure, empty for success."""
    output = log.open("wb") if log else None
    try:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    except OSError as error:
        return f"could not start {argv[0]}: {error}"
    finally:
        if output:
            output.close()
    if os.environ.get("VIRTFLEET_GIVE_WAY"):
        give_way(process.pid)
    try:
        status = process.wait(timeout)
    except subprocess.TimeoutExpired:
        stop(process)
        return f"stopped after {timeout:.0f} s"
    except KeyboardInterrupt:
        stop(process)
        return INTERRUPTED
    return f"exit status {status}" if status else ""


def give_way(pid: int) -> None:
    """Let everybody else go first, also where Linux shares time among sessions, whatever nice says within one."""
    os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
    session = Path(f"/proc/{pid}/autogroup")
    if session.exists():
        session.write_text("19", encoding="ascii")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the whole group: politely, then not."""
    for sig, patience in ((signal.SIGINT, 20), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, sig)
        except ProcessLookupError:
            return
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue


def record(name: str, seconds: float, problem: str) -> None:
    """One test case for the command itself."""
    suite = ElementTree.Element("testsuite", name=name, tests="1", failures="1" if problem else "0")
    case = ElementTree.SubElement(suite, "testcase", classname=name, name="command", time=f"{seconds:.1f}")
    if problem:
        ElementTree.SubElement(case, "failure", message=problem)
    ElementTree.ElementTree(suite).write(RESULTS / f"{name}.xml", encoding="utf-8", xml_declaration=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--reports", action="store_true")
    parser.add_argument("--timeout", type=float, default=1200)
    parser.add_argument("name")
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    for sig in (signal.SIGTERM, signal.SIGINT):  # also where a shell's background job inherits SIGINT ignored
        signal.signal(sig, signal.default_int_handler)
    reports = RESULTS / args.name
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir(parents=True)
    log = RESULTS / f"{args.name}.log" if os.environ.get("VIRTFLEET_QUIET") else None
    print(f"== {args.name}", flush=True)
    start = time.monotonic()
    problem = run(args.command, log, args.timeout)
    seconds = time.monotonic() - start
    counted = count(reports)
    if args.reports and not problem and not counted.passed:
        problem = "it reported no test"
    if not args.reports or (problem and not counted.failed):
        record(args.name, seconds, problem)
    if problem and log:
        print(log.read_text(encoding="utf-8", errors="replace"), flush=True)
    print(f"== {args.name}: {problem or 'ok'}, {seconds:.1f} s", flush=True)
    if problem == INTERRUPTED:  # die of the signal, so that the scripts above stop as well
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return 1 if problem or counted.failed else 0


if __name__ == "__main__":
    sys.exit(main())
