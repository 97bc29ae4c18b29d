"""Mending a guest that is not whole, in words: what is done, and why nothing is done. Must decide nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .half_done import Action, Copies, Copy, Deed, Doubt, Standing, Unproven

_S, _U = Standing, Unproven

_DEEDS: Mapping[Action, str] = {
    Action.DESTROY: "the paused copy on {host} is destroyed; the guest is on {home}",
    Action.UNDEFINE: "the shut-off definition on {host} is removed, its volumes are left; the guest is on {home}",
    Action.RESUME: "resumed on {host}, where a migration that nobody drives any more has left it paused",
}

_DOUBTS: Mapping[Unproven, tuple[str, str]] = {
    _U.CHANGES: ("its copies changed while they were looked at", "Run again in a moment"),
    _U.UNDER_WAY: (
        "something is under way with its copy on {hosts}",
        "Wait until that is over, or end it (virsh domjobabort), then run again",
    ),
    _U.POST_COPY: (
        "it is in post-copy, part of its memory is on either of {hosts}",
        "Destroy neither copy; move it to where it was going, or evacuate where it came from: that goes on with it",
    ),
    _U.RUNS_TWICE: (
        "it runs on {hosts}, and nothing says which copy is right",
        "Look into both and destroy the wrong one at once (virsh destroy): both may write to its disks",
    ),
    _U.NONE_ACTIVE: (
        "it is shut off on {hosts}, and nothing says which definition is right",
        "Compare them (virsh dumpxml), then undefine the one that is not needed",
    ),
    _U.NO_SOURCE: (
        "on {hosts} there is only what was to become it, and no host that answers has what that came from",
        "Find the host where it ran; if there is none any more, destroy what is left and start the guest again",
    ),
    _U.OWN_STATE: (
        "its copy on {hosts} was paused by somebody, and may hold what is wanted",
        "Look into it, then resume or destroy it there",
    ),
    _U.HAS_RUN: (
        "its copy on {hosts} has run there, and the one that runs now did not come from it by migration",
        "Find out which one is right, then destroy the other",
    ),
    _U.WENT_OFF: (
        "it is shut off on {hosts}, where it may have gone on and ended since it was paused",
        "See when it ran there last; then resume the paused copy, or destroy it and start the guest again",
    ),
    _U.STATE: (
        "its copy on {hosts} is in a state that says nothing (crashed, suspended or shutting down)",
        "Look at it (virsh domstate --reason), and run again when it runs or is off",
    ),
    _U.TRANSIENT: (
        "where it is active it has no definition that would outlive it; the only one, or none, is on {hosts}",
        "Define it where it is active (virsh dumpxml, virsh define), then run again",
    ),
    _U.SAVED_IMAGE: (
        "the definition on {hosts} has a saved image of its memory",
        "Remove that if nobody wants it (virsh managedsave-remove), then run again",
    ),
    _U.SNAPSHOTS: (
        "the definition on {hosts} has snapshots",
        "Remove those that nobody wants (virsh snapshot-delete), then run again",
    ),
    _U.OTHER_END_UNKNOWN: (
        "a migration has left it paused on {hosts}, and nothing says where to, on a host that answers",
        "If it runs on no other host, resume it (virsh resume)",
    ),
    _U.OTHER_END_SILENT: (
        "a migration has left it paused, and it may run on {hosts}, which does not answer",
        "Get an answer from there, or leave that host out of hosts if it is gone for good; then run again",
    ),
}

_STANDINGS: Mapping[Standing, str] = {
    _S.RUNS: "running",
    _S.ARRIVED: "running",
    _S.HELD: "paused by a migration",
    _S.PAUSED: "paused",
    _S.STARTS: "starting",
    _S.POST_COPY: "in post-copy",
    _S.OFF: "shut off",
    _S.OTHER: "in an odd state",
}


def describe_deed(deed: Deed) -> dict[str, str]:
    """Return the deed as modules give it back."""
    text = _DEEDS[deed.action].format(host=deed.host, home=deed.home)
    return {"action": deed.action.value, "host": deed.host, "message": f"{deed.name}: {text}"}


def describe_doubt(doubt: Doubt) -> dict[str, str]:
    """Return code, cause and remedy of what is not mended."""
    fields = {"hosts": " and ".join(doubt.hosts)}
    cause, remedy = (text.format_map(fields) for text in _DOUBTS[doubt.code])
    return {"code": doubt.code.value, "message": f"{doubt.name} is not mended: {cause}", "remedy": remedy}


def copies_in_words(copies: Copies) -> dict[str, str]:
    """Return how each host has the guest, for a diff."""
    return {copy.host: _copy(copy) for copy in copies.found}


def mended_in_words(copies: Copies, deeds: tuple[Deed, ...]) -> dict[str, Any]:
    """Return the same as it is after the deeds."""
    gone = {deed.host for deed in deeds if deed.action is not Action.RESUME}
    resumed = {deed.host: "running, defined" for deed in deeds if deed.action is Action.RESUME}
    return {**{host: text for host, text in copies_in_words(copies).items() if host not in gone}, **resumed}


def _copy(copy: Copy) -> str:
    return f"{_STANDINGS[copy.standing]}, {'defined' if copy.persistent else 'not defined'}"
