"""Images that several hosts have: which are looked for, what is compared of them. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import images
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Layer, VolumeRef
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Image
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Twin
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import RefusalCode
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

MIB = 2**20


class FakePool:
    """A pool that sees new files only when it is refreshed."""

    def __init__(self, seen, unseen=()):
        self.seen, self.unseen, self.refreshed = dict(seen), dict(unseen), 0

    def listVolumes(self):  # noqa: N802
        return list(self.seen)

    def refresh(self, _flags):
        self.refreshed += 1
        self.seen.update(self.unseen)

    def storageVolLookupByName(self, name):  # noqa: N802
        return SimpleNamespace(XMLDesc=lambda _flags: self.seen[name])


def volume_xml(form="qcow2", capacity=8, physical=4, backing=""):
    below = f"<backingStore><path>{backing}</path><format type='raw'/></backingStore>" if backing else ""
    sizes = f"<capacity unit='MiB'>{capacity}</capacity><physical unit='MiB'>{physical}</physical>"
    return f"<volume>{sizes}<target><format type='{form}'/></target>{below}</volume>"


def found_in(pool, *names):
    return images.images_of(SimpleNamespace(storagePoolLookupByName=lambda _name: pool), [build.LOCAL], set(names))


def test_bases_and_media_in_local_pools_are_looked_for_and_nothing_else():
    layers = (
        Layer("/srv/local/mid", "qcow2", "local", "mid"),
        Layer("/srv/shared/base", "qcow2", "shared", "base"),
        Layer("/elsewhere/lost", "raw"),
    )
    disks = (
        build.disk("web", "local", chain=layers),
        build.disk("web", "local", device="cdrom", readonly=True, volume="x.iso"),
        build.disk("web", "shared", device="cdrom", readonly=True, volume="y.iso"),
    )
    assert images.wanted_names([build.host("hv1", build.guest(disks=disks))]) == {"mid", "x.iso"}
    assert images.wanted_names([build.host("hv1", build.guest())]) == frozenset()


def test_a_pool_is_read_anew_only_where_it_lacks_something():
    pool = FakePool({"base": volume_xml()}, {"late": volume_xml("raw", backing="/srv/local/base")})
    assert found_in(pool, "base") == (Image("local", "base", "qcow2", 8 * MIB, 4 * MIB),)
    assert pool.refreshed == 0
    late = Image("local", "late", "raw", 8 * MIB, 4 * MIB, "/srv/local/base")
    assert found_in(pool, "late", "never") == (late,)
    assert pool.refreshed == 1


def test_small_images_are_compared_whole_and_large_ones_from_end_to_end():
    assert images.pieces(5) == ((0, 5),)
    length = 10_000 * MIB + 3
    pieces = images.pieces(length)
    assert sum(size for _offset, size in pieces) == images.COMPARED_BYTES
    assert (pieces[0][0], sum(pieces[-1])) == (0, length)
    assert all(later[0] - sum(earlier) > 0 for earlier, later in zip(pieces, pieces[1:]))


@pytest.fixture
def digests(monkeypatch):
    """Return what tells images apart, and the images that it has read; those of hv3 hold something else."""
    read = []
    monkeypatch.setattr(images, "digest_of", lambda host, ref: read.append((host, ref.volume)) or host == "hv3")
    return images.Digests(SimpleNamespace(control=lambda host: host)), read


def test_an_image_that_many_stand_on_is_read_once_and_one_that_differs_refused(digests):
    made, read = digests
    twin = Twin(VolumeRef("local", "base"), VolumeRef("fast", "base"))
    assert made.unlike(build.move(twins=(twin,))) == []
    (refusal,) = made.unlike(build.move(dest="hv3", twins=(twin,)))
    assert (refusal.code, refusal.host) == (RefusalCode.IMAGES_DIFFER, "hv3")
    assert refusal.facts == {"pool": "fast", "volume": "base"}
    assert read == [("hv1", "base"), ("hv2", "base"), ("hv3", "base")]
