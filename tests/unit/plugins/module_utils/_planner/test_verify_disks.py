"""Every rule about disks and plugs of a move is seen when it is broken, and not where it holds."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Disk,
    DiskKind,
    GuestState,
    Interface,
    Layer,
    VolumeRef,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Image, Maps, MissingMedia, Pool
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import (
    Change,
    ChangeKind,
    MediaCopy,
    Move,
    Plan,
    Twin,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify import verify
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

OFF = GuestState.SHUT_OFF
BASE = Image("local", "base.qcow2", "qcow2", 10 * build.GIB, 2 * build.GIB)
LAYER = Layer("/srv/local/base.qcow2", "qcow2", "local", "base.qcow2")
LAYERED = build.disk("web", "local", backing=LAYER.source, chain=(LAYER,))
MEDIA = build.disk("web", "local", device="cdrom", readonly=True, volume="x.iso", source="/srv/local/x.iso")
ISO = Image("local", "x.iso", "iso", build.MIB, build.MIB)
TWIN = Twin(VolumeRef("local", "base.qcow2"), VolumeRef("local", "base.qcow2"))
ISO_TWIN = Twin(VolumeRef("local", "x.iso"), VolumeRef("local", "x.iso"))
FAST = Pool("fast", "dir", True, "/srv/fast", None, 100 * build.GIB, 50 * build.GIB)
BRIDGED = build.guest(disks=(), interfaces=(Interface("bridge", "br0"),))

Case = tuple[Snapshot, Plan]


def case(move: Move, guest: Any, source: Any = None, **dest: Any) -> Case:
    fleet = build.snapshot(build.host("hv1", guest, **(source or {})), build.host("hv2", **dest))
    return fleet, Plan("id", build.evacuate("hv1"), (move,), est_seconds=move.est_seconds, est_bytes=move.est_bytes)


def layered(source: Any = None, there: tuple[Image, ...] = (BASE,), twins: tuple[Twin, ...] = (TWIN,)) -> Case:
    """The legal one: what is above the base is copied, and the base is there."""
    copy = replace(build.copy_of(LAYERED), backing="/srv/local/base.qcow2", backing_format="qcow2")
    move = build.move(copies=(copy,), twins=twins)
    return case(move, build.guest(disks=(LAYERED,)), {"images": (BASE,), **(source or {})}, images=there)


def media(there: tuple[Image, ...] = (ISO,), twins: tuple[Twin, ...] = (ISO_TWIN,)) -> Case:
    return case(build.move(twins=twins), build.guest(disks=(MEDIA,)), {"images": (ISO,)}, images=there)


def emptied(disk: Disk = MEDIA, missing_media: MissingMedia = MissingMedia.EJECT, copied: bool = False) -> Case:
    """The legal one: a CD-ROM is ejected that the destination does not have."""
    copies = (build.copy_of(disk),) if copied else ()
    move = build.move(copies=copies, changes=(Change(ChangeKind.EJECT, disk.target),))
    return case(move, build.guest(disks=(disk,)), missing_media=missing_media)


STORE = "gluster://south/guests"
BRINGING = MediaCopy("vda", VolumeRef("local", "x.iso"), VolumeRef("local", "x.iso"), build.MIB)


def brought(
    item: MediaCopy = BRINGING, there: tuple[Image, ...] = (), disk: Disk = MEDIA, here: Image = ISO, **dest: Any
) -> Case:
    """The legal one: an ISO is copied to where there is none."""
    wanted = {"missing_media": MissingMedia.COPY, "images": there, **dest}
    return case(build.move(media=(item,)), build.guest(disks=(disk,)), {"images": (here,)}, **wanted)


def mapped(maps: Maps, *changes: Change, disk: Disk = build.disk("web", "local"), pool: str = "fast") -> Case:  # noqa: B008
    move = build.move(copies=(build.copy_of(disk, pool),), changes=changes)
    return case(move, build.guest(disks=(disk,)), maps=maps, pools=(build.LOCAL, build.SHARED, FAST))


def across(
    source_site: Optional[str] = "north",
    dest_site: str = "south",
    maps: Optional[Maps] = None,
    to: Optional[str] = STORE,
) -> Case:
    """The legal one: a disk of one site's storage goes to that of another, as the map says."""
    here = Pool("san", "netfs", True, "/srv/san", "gluster://north/guests", 100 * build.GIB, 50 * build.GIB)
    there = replace(here, name="vault", path="/srv/vault", identity=to)
    disk = build.disk("web", "san", source="/srv/san/web-vda.qcow2")
    change = Change(ChangeKind.FILE, "vda", "/srv/vault/web-vda.qcow2")
    move = build.move(copies=(build.copy_of(disk, "vault"),), changes=(change,))
    own = {"site": source_site, "pools": (here,)}
    wanted = Maps(pools={"san": "vault"}) if maps is None else maps
    return case(move, build.guest(disks=(disk,)), own, site=dest_site, pools=(there,), maps=wanted)


def bridge(maps: Maps, to: str, source: Any = None) -> Case:
    move = build.move(changes=(Change(ChangeKind.BRIDGE, "br0", to),))
    return case(move, BRIDGED, source, maps=maps, bridges=("br1", "br2"))


def two_disks(**first: Any) -> Case:
    disks = (LAYERED, replace(LAYERED, target="vdb", volume="b.qcow2", source="/srv/local/b.qcow2"))
    copies = tuple(build.copy_of(disk) for disk in disks)
    move = build.move(copies=(replace(copies[0], **first), copies[1]), twins=(TWIN,))
    return case(move, build.guest(disks=disks), {"images": (BASE,)}, images=(BASE,))


def offline(**changes: Any) -> Case:
    return case(build.move(method=Method.OFFLINE), build.guest(state=OFF, **changes))


def whole() -> Case:
    change = Change(ChangeKind.CHAIN, "vda")
    return case(build.move(copies=(build.copy_of(LAYERED),), changes=(change,)), build.guest(disks=(LAYERED,)))


TO_FAST = Change(ChangeKind.FILE, "vda", "/srv/fast/web-vda.qcow2")
POOL_MAP = Maps(pools={"local": "fast"})
NVRAM = "/var/lib/libvirt/qemu/nvram/web_VARS.fd"
TRANSIENT = build.disk("web", "local", transient=True)
WRITABLE = {"device": "disk", "readonly": False}
OTHER_BASE = replace(BASE, backing="/srv/local/more.qcow2")

BROKEN: list[tuple[str, str, Callable[[], Case]]] = [
    ("a base that is not there", "base image", lambda: layered(there=())),
    ("a base of another length", "base image", lambda: layered(there=(replace(BASE, length=1),))),
    ("a base that nobody compares", "base image", lambda: layered(twins=())),
    ("a base that stands on something itself", "base image", lambda: layered(there=(OTHER_BASE,))),
    ("a base that the source does not know", "base image", lambda: layered(source={"images": ()})),
    ("one disk whole, one above its base", "copies of one kind", lambda: two_disks(backing=LAYER.source)),
    ("media that are not there", "storage reach", lambda: media(there=())),
    ("media that nobody compares", "storage reach", lambda: media(twins=())),
    ("media ejected though nobody wants it", "ejected media", lambda: emptied(missing_media=MissingMedia.REFUSE)),
    ("a disk that is no drive ejected", "ejected media", lambda: emptied(replace(MEDIA, device="disk"))),
    ("a transient CD-ROM ejected", "ejected media", lambda: emptied(replace(MEDIA, transient=True))),
    ("a disk copied and ejected", "ejected media", lambda: emptied(copied=True)),
    ("media copied though nobody wants it", "media of its disk", lambda: brought(missing_media=MissingMedia.EJECT)),
    ("media of another name", "media of its disk", lambda: brought(replace(BRINGING, dest=VolumeRef("local", "y")))),
    (
        "media into another pool",
        "media of its disk",
        lambda: brought(replace(BRINGING, dest=VolumeRef("fast", "x.iso"))),
    ),
    ("media of another length", "media of its disk", lambda: brought(replace(BRINGING, length=1))),
    ("media of a disk that is written to", "media of its disk", lambda: brought(disk=replace(MEDIA, **WRITABLE))),
    ("media onto others of the name", "media of its disk", lambda: brought(there=(replace(ISO, length=1),))),
    ("media that stand on others", "media of its disk", lambda: brought(here=replace(ISO, format="qcow2"))),
    ("a transient disk", "transient disk", lambda: case(build.move(), build.guest(disks=(TRANSIENT,)))),
    (
        "a transient disk copied",
        "copyable disk",
        lambda: case(build.move(copies=(build.copy_of(TRANSIENT),)), build.guest(disks=(TRANSIENT,))),
    ),
    ("a copy that is not where the definition says", "place of the copy", lambda: mapped(POOL_MAP)),
    ("a pool that no map stands for", "place of the copy", lambda: mapped(Maps(), TO_FAST)),
    ("storage copied within a site", "copy of shared storage", lambda: across("south")),
    ("storage copied to where no site is", "copy of shared storage", lambda: across(source_site=None)),
    ("storage copied into a pool of one host", "copy of shared storage", lambda: across(to=None)),
    ("storage copied onto itself", "copy of shared storage", lambda: across(to="gluster://north/guests")),
    (
        "storage copied by a map of folders alone",
        "copy of shared storage",
        lambda: across(maps=Maps(paths={"/srv/san": "/srv/vault"})),
    ),
    ("a bridge that no map stands for", "mapped name", lambda: bridge(Maps(), "br1")),
    ("a bridge other than the mapped one", "mapped name", lambda: bridge(Maps(bridges={"br0": "br2"}), "br1")),
    ("a mapped bridge that is not there", "networks", lambda: bridge(Maps(bridges={"br0": "br9"}), "br9")),
    ("NVRAM of a shut-off guest", "NVRAM", lambda: offline(nvram=NVRAM)),
    ("TPM state of a shut-off guest", "TPM state", lambda: offline(tpm="emulator")),
]

LEGAL: list[tuple[str, Callable[[], Case]]] = [
    ("a top layer onto the same base", layered),
    ("everything of a layered disk", whole),
    ("media that are there", media),
    ("media that are copied", brought),
    ("media that have been copied since", lambda: brought(there=(ISO,))),
    ("media that are ejected", emptied),
    ("a floppy in no pool that is ejected", lambda: emptied(replace(MEDIA, device="floppy", pool=None))),
    ("a copy into the storage of another site", across),
    ("a copy into the mapped pool", lambda: mapped(POOL_MAP, TO_FAST)),
    ("a copy into the pool of the mapped folder", lambda: mapped(Maps(paths={"/srv/local": "/srv/fast"}), TO_FAST)),
    (
        "a disk that names its pool",
        lambda: mapped(
            POOL_MAP,
            Change(ChangeKind.POOL, "vda", "fast"),
            disk=build.disk("web", "local", kind=DiskKind.VOLUME, source="local/web-vda.qcow2"),
        ),
    ),
    ("a mapped bridge", lambda: bridge(Maps(bridges={"br0": "br1"}), "br1")),
    ("a map read backwards", lambda: bridge(Maps(), "br1", {"maps": Maps(bridges={"br1": "br0"})})),
    ("NVRAM on shared storage", lambda: offline(nvram="/srv/shared/web_VARS.fd")),
    ("NVRAM of a running guest", lambda: case(build.move(), build.guest(nvram=NVRAM, tpm="emulator"))),
]


@pytest.mark.parametrize(("rule", "make"), [pytest.param(rule, make, id=what) for what, rule, make in BROKEN])
def test_a_broken_plan_is_caught_by_its_rule(rule: str, make: Callable[[], Case]) -> None:
    found = verify.first_violation(*make())
    assert found is not None
    assert found.rule == rule, str(found)


@pytest.mark.parametrize("make", [pytest.param(make, id=what) for what, make in LEGAL])
def test_a_legal_plan_is_accepted(make: Callable[[], Case]) -> None:
    assert verify.first_violation(*make()) is None
