"""Guests of the lab: any name survives into XML, and what cannot be is refused with a reason."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from virtfleet_lab.guestspec import SHARED_DISK_BYTES, GuestSpec, checked, domain_xml, first_content, next_lun
from virtfleet_lab.shell import LabError


@pytest.mark.parametrize("name", ["web1", "cache 2", "o'brien's guest", "zürich", '<&">'])
def test_a_name_comes_out_of_the_xml_as_it_went_in(name: str):
    domain = ET.fromstring(domain_xml(GuestSpec(name, "hv1", disk="gluster")))
    assert domain.findtext("name") == name
    assert domain.find("devices/disk/source").get("file") == f"/var/lib/libvirt/gluster/{name}.raw"


def test_a_guest_without_a_disk_has_none_in_its_xml():
    assert ET.fromstring(domain_xml(GuestSpec("web1", "hv1"))).find("devices/disk") is None


def test_an_iscsi_disk_names_its_unit_in_the_pool():
    domain = ET.fromstring(domain_xml(GuestSpec("web1", "hv1", disk="iscsi", lun=3)))
    assert domain.find("devices/disk/source").attrib == {"pool": "iscsi", "volume": "unit:0:0:3"}


def test_the_first_content_of_a_disk_fills_it_and_differs_between_guests():
    one, other = (first_content(GuestSpec(name, "hv1", disk="iscsi")) for name in ("one", "other"))
    assert len(one) == SHARED_DISK_BYTES
    assert one != other


def test_the_smallest_free_lun_is_taken():
    taken = [GuestSpec("a", "hv1", disk="iscsi", lun=1), GuestSpec("b", "hv1", disk="iscsi", lun=3)]
    assert next_lun(taken) == 2


@pytest.mark.parametrize(
    ("guest", "reason"),
    [
        (GuestSpec("a/b", "hv1"), "slash"),
        (GuestSpec("", "hv1"), "empty"),
        (GuestSpec("a", "hv1", disk="floppy"), "floppy"),
        (GuestSpec("a", "hv1", state="asleep"), "asleep"),
        (GuestSpec("a", "hv1", memory_mib=128, touched_mib=100), "it can hold 56"),
        (GuestSpec("a", "hv1", writes_mib=5), "--touched"),
        (GuestSpec("a", "hv1", burns=1.5), "--burns"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(guest: GuestSpec, reason: str):
    with pytest.raises(LabError, match=reason):
        checked(guest)


def test_what_a_guest_holds_and_writes_is_on_its_kernels_command_line():
    quiet, writer = GuestSpec("a", "hv1"), GuestSpec("b", "hv1", memory_mib=128, touched_mib=40, writes_mib=5)
    assert "virtfleet" not in ET.fromstring(domain_xml(quiet)).findtext("os/cmdline")
    assert ET.fromstring(domain_xml(writer)).findtext("os/cmdline").endswith("virtfleet.touched=40 virtfleet.writes=5")


def test_the_share_of_its_cpu_that_a_guest_burns_is_on_its_kernels_command_line():
    burner = GuestSpec("a", "hv1", burns=0.4)
    assert ET.fromstring(domain_xml(burner)).findtext("os/cmdline").endswith("virtfleet.burns=0.4")
