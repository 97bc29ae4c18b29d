"""libvirt's statistics of a migration as the engine's progress and cost. Must call nothing of libvirt."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from .._engine.ports import Cost, Phase, Progress

# virDomainJobType: nothing under way.
_NONE = 0


def progress_of(stats: dict[str, Any], copies: bool, post_copy: bool) -> Progress:
    if not stats or stats.get("type", 0) == _NONE:
        return Progress(Phase.PREPARING)
    iteration = int(stats.get("memory_iteration", 0))
    phase = Phase.DISKS if copies and iteration == 0 else Phase.MEMORY
    return Progress(
        phase=Phase.POST_COPY if post_copy else phase,
        total=int(stats.get("data_total", 0)),
        processed=int(stats.get("data_processed", 0)),
        remaining=int(stats.get("data_remaining", 0)),
        rate=int(stats.get("memory_bps", 0) or stats.get("disk_bps", 0)),
        dirty_rate=int(stats.get("memory_dirty_rate", 0)) * int(stats.get("memory_page_size", 4096)),
        iteration=iteration,
    )


def cost_of(stats: dict[str, Any], disk_bytes: int = 0) -> Cost:
    """Return what the destination knows of a move that is over, which leaves out the disks.

    ``disk_bytes``: what they take there. The source counts them by their size, though nothing of it was ever written.
    """
    elapsed, downtime = stats.get("time_elapsed"), stats.get("downtime")
    return Cost(
        seconds=None if elapsed is None else round(int(elapsed) / 1000, 2),
        sent_bytes=None if "data_processed" not in stats else int(stats["data_processed"]) + disk_bytes,
        downtime_ms=None if downtime is None else int(downtime),
        disk_bytes=disk_bytes,
    )
