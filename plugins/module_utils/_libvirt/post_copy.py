"""A guest's post-copy as libvirt's states tell it, libvirt 8.5 and newer. Must call nothing of libvirt."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# (virDomainState, its reason): running at the destination, paused at the source.
_BROKEN = frozenset({(1, 11), (3, 13)})
_POST_COPY = frozenset({(1, 10), (3, 12)}) | _BROKEN


def is_post_copy(state: tuple[int, int]) -> bool:
    """Return whether a move in that state is past the point at which it could be aborted."""
    return state in _POST_COPY


def is_broken(state: tuple[int, int]) -> bool:
    """Return whether a post-copy has lost its other end."""
    return state in _BROKEN
