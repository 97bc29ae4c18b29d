"""How moves go over a link: what it adds to the settings of the run, and what it takes from a course. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .._model.errors import FleetError
from .._model.link import Link
from .._model.policy import Step, StepAction
from .._model.settings import MoveSettings
from .._model.transfer import TransferOptions, contradictions


def transfer_over(link: Link, settings: MoveSettings) -> TransferOptions:
    """Return how memory and disks are sent over the link: what the run says goes before what the link says.

    Raises FleetError where the two do not go together.
    """
    given = settings.transfer
    found = replace(
        given,
        compression=given.compression or link.compression,
        parallel_connections=given.parallel_connections or link.parallel_connections,
    )
    if found == given:
        return given
    # which policy makes use of what is known only now, and was judged before
    broken = contradictions(found, settings.tls, auto_converge=True, post_copy=True)
    if broken:
        raise FleetError(
            f"over the link of {link.name}: {'; '.join(broken)}",
            "Change the options of the link, or say otherwise for the run; nothing was moved",
        )
    return found


def without_post_copy(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps for a link over which no guest goes on in post-copy: the move is aborted in its place.

    Where an abort follows anyhow, that is soon enough.
    """
    last = steps[-1] if steps else None
    if last is not None and last.action is StepAction.ABORT:
        return tuple(step for step in steps if step.action is not StepAction.POST_COPY)
    return tuple(
        replace(step, action=StepAction.ABORT) if step.action is StepAction.POST_COPY else step for step in steps
    )
