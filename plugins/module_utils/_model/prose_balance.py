"""Why balance leaves a guest where it is, in words. Must decide nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import prose
from .balance import NotMoved, NotMovedWhy

FEW = 3  # guests that are named of those who stay for one kind of reason

_TEXTS: Mapping[NotMovedWhy, str] = {
    NotMovedWhy.COOLDOWN: "it was moved lately and stays until {until}",
    NotMovedWhy.SMALL_GAIN: "at best it would even out {gain} % of a host (on {dest}), {asked} % are asked for",
    NotMovedWhy.BUDGET: "it would even out {gain} % of a host (on {dest}), but max_moves or max_bytes is used up",
    NotMovedWhy.CONSOLIDATION: "it would even out {gain} % of a host (on {dest}), but {why}",
    NotMovedWhy.EVEN_ENOUGH: "the imbalance is {imbalance} then, good enough for the threshold of {threshold}",
    NotMovedWhy.NOT_ASKED: "aggressiveness {aggressiveness} evens out nothing",
    NotMovedWhy.LOSS: "it would even out {gain} % of a host (on {dest}), but {why}",
}
_KINDS: Mapping[NotMovedWhy, str] = {
    NotMovedWhy.COOLDOWN: "moved lately",
    NotMovedWhy.REFUSED: "no host may or can take it",
    NotMovedWhy.SMALL_GAIN: "too small a gain",
    NotMovedWhy.BUDGET: "the budget is used up",
    NotMovedWhy.CONSOLIDATION: "a consolidation would undo it",
    NotMovedWhy.EVEN_ENOUGH: "the imbalance is good enough",
    NotMovedWhy.NOT_ASKED: "nothing is to be evened out",
    NotMovedWhy.LOSS: "the fleet could lose no host any more",
}


def not_moved_text(stays: NotMoved) -> str:
    """Return the reason in words."""
    if stays.why is NotMovedWhy.REFUSED:
        return "; ".join(prose.summary([prose.describe(refusal) for refusal in stays.refusals]))
    # a plan that somebody has edited may lack some
    return _TEXTS[stays.why].format_map(defaultdict(lambda: "?", stays.facts))


def not_moved_facts(stays: NotMoved) -> dict[str, Any]:
    """Return it for a report."""
    return {
        "guest": stays.guest,
        "name": stays.name,
        "host": stays.host,
        "why": stays.why.value,
        "text": not_moved_text(stays),
    }


def not_moved_lines(found: Sequence[NotMoved]) -> Iterator[str]:
    """Yield a line for each kind of reason, with how many guests stay for it, and the first few with their own."""
    if found:
        yield f"Stay on hosts that are fuller than the mean: {len(found)}"
    for why in NotMovedWhy:
        mine = [stays for stays in found if stays.why is why]
        if mine:
            more = f", {len(mine) - FEW} more" if len(mine) > FEW else ""
            first = ". ".join(f"{each.name} on {each.host}: {not_moved_text(each)}" for each in mine[:FEW])
            yield f"  {len(mine)} ({_KINDS[why]}) {first}{more}"
