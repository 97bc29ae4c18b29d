"""Media come to where a guest is going whole or not at all, and what is there is left alone. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading
import xml.etree.ElementTree as ET
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import DriverError
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import media, volumes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import VolumeRef
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import MediaCopy
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

CONTENT = bytes(range(256)) * 4096
ITEM = MediaCopy("sda", VolumeRef("local", "x.iso"), VolumeRef("fast", "x.iso"), len(CONTENT))
MOVE = build.move(media=(ITEM,))


class LibvirtError(Exception):
    """Like libvirt's, with a code."""

    def __init__(self, code, text="said by libvirt"):
        super().__init__(text)
        self._code = code

    def get_error_code(self):
        return self._code


class Stream:
    """One end of a stream: reads a file, or writes one, a few bytes fewer at a time than it is given."""

    def __init__(self):
        self.file, self.at, self.ended, self.breaks_at = None, 0, "", None

    def recv(self, size):
        data = bytes(self.file[self.at : self.at + size])
        self.at += len(data)
        return data

    def send(self, data):
        if self.breaks_at is not None and self.at >= self.breaks_at:
            raise LibvirtError(38, "cannot write data: No space left on device")
        part = data[:200_000]
        self.file[self.at : self.at + len(part)] = part
        self.at += len(part)
        return len(part)

    def finish(self):
        self.ended = "finished"

    def abort(self):
        self.ended = "aborted"


class Volume:
    """A volume, which is its bytes."""

    def __init__(self, host, name):
        self.host, self.name = host, name

    def download(self, stream, _offset, _length, _flags):
        stream.file = self.host.files[self.name]

    def upload(self, stream, _offset, _length, _flags):
        stream.file, stream.breaks_at = self.host.files[self.name], self.host.breaks_at

    def delete(self, _flags):
        del self.host.files[self.name]


class Hypervisor:
    """A connection with one pool, whatever it is called."""

    def __init__(self, free=10 * 2**20, breaks_at=None, **files):
        self.files = {f"{name}.iso": bytearray(data) for name, data in files.items()}
        self.free, self.breaks_at, self.streams = free, breaks_at, []

    def storagePoolLookupByName(self, _name):  # noqa: N802
        return self

    def refresh(self, _flags):
        pass

    def info(self):
        return [2, 0, 0, self.free]

    def storageVolLookupByName(self, name):  # noqa: N802
        if name not in self.files:
            raise LibvirtError(50)
        return Volume(self, name)

    def createXML(self, xml, _flags):  # noqa: N802
        root = ET.fromstring(xml)
        self.files[root.findtext("name")] = bytearray(int(root.findtext("capacity")))
        return Volume(self, root.findtext("name"))

    def createXMLFrom(self, xml, volume, _flags):  # noqa: N802
        made = self.createXML(xml, 0)
        self.files[made.name] = bytearray(self.files[volume.name])

    def newStream(self, _flags):  # noqa: N802
        self.streams.append(Stream())
        return self.streams[-1]


class Fleet:
    """Both hosts of the move; a lane is the same connection."""

    def __init__(self, dest, stop=None):
        self.hosts = {"hv1": Hypervisor(x=CONTENT), "hv2": dest}
        self.stop = stop or threading.Event()

    def control(self, host):
        return self.hosts[host]

    @contextmanager
    def lane(self, host):
        yield self.hosts[host]

    def bring(self):
        return media.bring(self, MOVE, ITEM, self.stop)


@pytest.fixture(autouse=True)
def _binding(monkeypatch):
    binding = SimpleNamespace(libvirtError=LibvirtError, VIR_ERR_NO_STORAGE_VOL=50)
    for module in (media, volumes):
        monkeypatch.setattr(module, "libvirt", binding)


def test_media_arrive_whole_and_nothing_else_does():
    there = Hypervisor(other=b"o")
    assert Fleet(there).bring()
    assert there.files == {"other.iso": b"o", "x.iso": CONTENT}
    assert [stream.ended for stream in there.streams] == ["finished"]


def test_an_image_that_is_there_is_left_alone():
    there = Hypervisor(x=b"other")
    assert not Fleet(there).bring()
    assert there.files == {"x.iso": b"other"}


def test_what_a_killed_run_left_is_no_image_and_goes():
    there = Hypervisor()
    there.files[media.PARTIAL + "x.iso"] = bytearray(b"half")
    assert Fleet(there).bring()
    assert there.files == {"x.iso": CONTENT}


def test_a_pool_without_room_for_it_twice_is_refused_before_anything_is_made():
    there = Hypervisor(free=2 * len(CONTENT) - 1)
    with pytest.raises(DriverError, match="pool fast of hv2 has 1 MiB free, the disks to copy need 2 MiB"):
        Fleet(there).bring()
    assert (there.files, there.streams) == ({}, [])


def test_a_copy_that_breaks_leaves_nothing():
    there = Hypervisor(breaks_at=400_000)
    fleet = Fleet(there)
    with pytest.raises(LibvirtError, match="No space left"):
        fleet.bring()
    assert there.files == {}
    assert [stream.ended for host in fleet.hosts.values() for stream in host.streams] == ["aborted", "aborted"]


def test_a_copy_is_given_up_where_the_run_is_interrupted():
    stop, there = threading.Event(), Hypervisor()
    stop.set()
    with pytest.raises(DriverError, match="interrupted while its media were copied"):
        Fleet(there, stop).bring()
    assert there.files == {}
