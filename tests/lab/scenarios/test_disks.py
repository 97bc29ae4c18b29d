"""Scenario: disks of every kind come along: over a base image, mixed, CD-ROM, shut off, into another pool, and not when
there is no room. What a guest wrote is there afterwards, and nothing else is.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conductor import COLLECTION, FLEET, Run, on_fleet, play, playbook_argv
from labview import initial_world, lab, on_host, once_again_well, places, status, unexplained_holes, world
from running import Running, running

IMAGES = "/var/lib/libvirt/images"
BASE, MEDIA = "lab-base.raw", "lab-media.iso"
GUESTS = ("layered", "layered too", "mixed", "cold")
OTHER = "/srv/other"
RING_BYTES = 65536


@pytest.fixture(scope="module", autouse=True)
def guests(fresh_lab: None) -> Iterator[None]:  # noqa: ARG001
    """Guests with layered disks on hv3 and hv2, which both have the base then; hv1 has neither it nor the media."""
    lab("guest", "add", "layered", "--host", "hv3", "--disk", "chain", "--bridge", "br-guests")
    lab("guest", "add", "layered too", "--host", "hv2", "--disk", "chain", "--state", "shutoff")
    lab("guest", "add", "mixed", "--host", "hv3", "--disk", "mixed")
    lab("guest", "add", "cold", "--host", "hv3", "--disk", "chain", "--state", "shutoff")
    yield
    lab("guest", "remove", *GUESTS)
    assert world() == initial_world()


def move(folder: Path, guest: str, host: str, **options: Any) -> dict[str, Any]:
    """Move the guest for real, see that it is there and well, and return its line of the report."""
    run, (result,) = play(folder, [on_fleet("guest_migration", guest=guest, host=host, **options)])
    assert run.status == 0, run.output
    judged = once_again_well(run.began)
    assert judged["ok"], judged["problems"]
    assert [place[0] for place in places(judged)[guest]] == [host]
    (entry,) = result["report"]["moves"]
    assert unexplained_holes(judged, [entry]) == []
    return entry


def refused(folder: Path, guest: str, host: str, **options: Any) -> Run:
    before = places(status())
    run, _results = play(folder, [on_fleet("guest_migration", guest=guest, host=host, **options)])
    assert run.status != 0, run.output
    assert "Traceback" not in run.output
    assert places(status()) == before
    return run


def layers(host: str, volume: str, folder: str = IMAGES) -> list[str]:
    """Return the image and what is below it, as qemu-img sees them."""
    told = on_host(host, "qemu-img", "info", "--force-share", "--backing-chain", f"{folder}/{volume}")
    return [line.rpartition("/")[2] for line in re.findall(r"^image: (.*)$", told, re.MULTILINE)]


def untouched(host: str, volume: str, folder: str = IMAGES) -> str:
    """Return a checksum of all that a guest sees of its disk beyond what its ticks write."""
    command = (
        f"qemu-img convert -U -O raw '{folder}/{volume}' /var/tmp/whole && tail -c +{RING_BYTES + 1} /var/tmp/whole"
    )
    return on_host(host, "sh", "-c", f"{command} | md5sum && rm /var/tmp/whole").split()[0]


def plugs(host: str, guest: str) -> list[str]:
    """Return what the guest's interface is plugged into now, and after its next start."""
    told = [on_host(host, "virsh", "-q", "domiflist", *which, guest).split() for which in ((), ("--inactive",))]
    return [columns[2] for columns in told]


def media(host: str, guest: str) -> list[str]:
    """Return what is in the guest's CD-ROM drive now, and after its next start; - is nothing."""
    told = [on_host(host, "virsh", "-q", "domblklist", *which, guest) for which in ((), ("--inactive",))]
    return [line.split()[1] for text in told for line in text.splitlines() if line.split()[0] == "sda"]


def sums(host: str) -> list[str]:
    """Return checksums of the media, and of the disk of guest mixed that is on shared storage."""
    paths = f"{IMAGES}/{MEDIA}", "/var/lib/libvirt/gluster/mixed-b.raw"
    return [line.split()[0] for line in on_host(host, "md5sum", *paths).splitlines()]


def allocated(host: str, volume: str) -> int:
    return int(on_host(host, "stat", "-c", "%b", f"{IMAGES}/{volume}")) * 512


def volumes(host: str) -> list[str]:
    return on_host(host, "ls", IMAGES).splitlines()


def stand_ins() -> list[str]:
    names = [on_host(host, "virsh", "-q", "list", "--all", "--name") for host in ("hv1", "hv2", "hv3")]
    return [name for told in names for name in told.split("\n") if name.startswith("virtfleet-copy-")]


def test_a_base_that_only_looks_the_same_is_found_out(tmp_path: Path) -> None:
    on_host("hv2", "cp", "-p", f"{IMAGES}/{BASE}", f"{IMAGES}/kept")
    on_host("hv2", "sh", "-c", f"printf X | dd of={IMAGES}/{BASE} bs=1 seek=3000000 conv=notrunc")
    try:
        run = refused(tmp_path, "cold", "hv2")
        assert f"{BASE} in pool local of hv2 has the name and sizes of the image that the guest needs" in run.output
    finally:
        on_host("hv2", "mv", f"{IMAGES}/kept", f"{IMAGES}/{BASE}")


def test_only_the_top_layer_goes_where_the_base_is_and_everything_where_it_is_not(tmp_path: Path) -> None:
    sum_before = untouched("hv3", "layered.qcow2")
    move(tmp_path, "layered", "hv2")
    assert layers("hv2", "layered.qcow2") == ["layered.qcow2", BASE]
    assert allocated("hv2", "layered.qcow2") < 4 * 2**20
    assert untouched("hv2", "layered.qcow2") == sum_before
    assert "layered.qcow2" not in volumes("hv3")
    assert BASE in volumes("hv3")
    move(tmp_path, "layered", "hv1")
    assert layers("hv1", "layered.qcow2") == ["layered.qcow2"]
    assert untouched("hv1", "layered.qcow2") == sum_before
    assert BASE not in volumes("hv1")
    move(tmp_path, "layered", "hv3")
    assert untouched("hv3", "layered.qcow2") == sum_before


@pytest.mark.migrates_with("NON_SHARED_INC", "NON_SHARED_DISK")
def test_a_shut_off_guest_takes_its_layered_disk_along_and_stays_shut_off(tmp_path: Path) -> None:
    sum_before = untouched("hv3", "cold.qcow2")
    entry = move(tmp_path, "cold", "hv2")
    assert entry["method"] == "offline"
    assert entry["bytes"] > 0
    assert layers("hv2", "cold.qcow2") == ["cold.qcow2", BASE]
    move(tmp_path, "cold", "hv1")
    assert layers("hv1", "cold.qcow2") == ["cold.qcow2"]
    assert untouched("hv1", "cold.qcow2") == sum_before
    assert stand_ins() == []
    assert "cold.qcow2" not in volumes("hv3") + volumes("hv2")
    move(tmp_path, "cold", "hv3")


def test_local_and_shared_disks_and_a_cdrom_go_together(tmp_path: Path) -> None:
    # what libvirt knows an ISO by
    on_host("hv3", "sh", "-c", f"printf CD001 | dd of={IMAGES}/{MEDIA} bs=1 seek=32769 conv=notrunc")
    on_host("hv3", "virsh", "-q", "pool-refresh", "local")
    run = refused(tmp_path, "mixed", "hv2")
    assert f"disk sda only reads {MEDIA} of the local pool local, and hv2 has no such image" in run.output
    before = sums("hv3")
    move(tmp_path, "mixed", "hv2", missing_media="copy")
    assert sums("hv2") == before
    assert media("hv2", "mixed") == [f"{IMAGES}/{MEDIA}", f"{IMAGES}/{MEDIA}"]
    assert not [name for name in volumes("hv2") if "partial" in name]
    move(tmp_path, "mixed", "hv3")
    sum_before = untouched("hv3", "mixed.qcow2")
    on_host("hv2", "virsh", "-q", "vol-delete", "--pool", "local", MEDIA)
    move(tmp_path, "mixed", "hv2", missing_media="eject")
    assert media("hv2", "mixed") == ["-", "-"]
    assert untouched("hv2", "mixed.qcow2") == sum_before
    assert MEDIA in volumes("hv3")
    assert MEDIA not in volumes("hv2")


@pytest.fixture
def other_pool() -> Iterator[str]:
    """A small pool of another name and path on hv2, and a network of another name on a bridge that all hosts have."""
    script = f"""
    mkdir -p {OTHER} && mount -t tmpfs -o size=16m tmpfs {OTHER}
    virsh -q pool-define-as other dir --target {OTHER} && virsh -q pool-start other
    echo "<network><name>elsewhere</name><forward mode='bridge'/><bridge name='br-other'/></network>" >/run/net.xml
    virsh -q net-define /run/net.xml && virsh -q net-start elsewhere
    """
    on_host("hv2", "sh", "-ec", script)
    yield "other"
    script = f"""
    virsh -q net-destroy elsewhere && virsh -q net-undefine elsewhere
    virsh -q pool-destroy other && virsh -q pool-undefine other && umount {OTHER}
    """
    on_host("hv2", "sh", "-ec", script)


@pytest.mark.migrates_with("destination_xml", "persistent_xml")
def test_another_pool_bridge_and_network_at_the_destination(tmp_path: Path, other_pool: str) -> None:
    move(tmp_path, "web1", "hv2", network_map={"lab": "elsewhere"})
    assert plugs("hv2", "web1") == ["elsewhere", "elsewhere"]
    move(tmp_path, "web1", "hv1", network_map={"elsewhere": "lab"})
    assert plugs("hv1", "web1") == ["lab", "lab"]
    sum_before = untouched("hv3", "layered.qcow2")
    entry = move(tmp_path, "layered", "hv2", pool_map={"local": other_pool}, bridge_map={"br-guests": "br-other"})
    assert plugs("hv2", "layered") == ["br-other", "br-other"]
    assert untouched("hv2", "layered.qcow2", OTHER) == sum_before
    assert entry["bytes"] > entry["disk_bytes"] >= 8 * 2**20
    inactive = on_host("hv2", "virsh", "-q", "domblklist", "--inactive", "layered")
    assert f"{OTHER}/layered.qcow2" in inactive
    move(tmp_path, "layered", "hv3", pool_map={other_pool: "local"}, bridge_map={"br-other": "br-guests"})
    assert plugs("hv3", "layered") == ["br-guests", "br-guests"]
    assert untouched("hv3", "layered.qcow2") == sum_before


def test_a_pool_without_room_is_refused_and_one_that_fills_up_leaves_nothing_behind(
    tmp_path: Path, other_pool: str
) -> None:
    maps = {"pool_map": {"local": other_pool}}
    # libvirt does not see by itself what somebody puts into a pool
    on_host("hv2", "sh", "-c", f"head -c 9M /dev/zero >{OTHER}/ballast")
    run = refused(tmp_path, "layered", "hv2", **maps)
    assert "layered stays on hv3: pool other of hv2 has" in run.output
    # There is room when it is asked for, and none any more once the volume has been made. To wait for the first bytes
    # would be too late, however slow the copy: QEMU writes up to 16 MiB at once before it keeps to a limit.
    made = f"test -e {OTHER}/layered.qcow2 && ! pgrep -x qemu-img"
    fill = f"until {made}; do sleep 0.01; done; cat /dev/zero >{OTHER}/ballast"
    on_host("hv2", "sh", "-c", f"rm {OTHER}/ballast; timeout 300 sh -c '{fill}' >/dev/null 2>&1 &")
    run = refused(tmp_path, "layered", "hv2", **maps)
    assert "No space left on device. Free space in the destination's pool" in run.output
    assert on_host("hv2", "ls", OTHER).split() == ["ballast"]
    assert "layered.qcow2" in volumes("hv3")
    judged = once_again_well(run.began)
    assert judged["ok"], judged["problems"]


@contextmanager
def slowly(folder: Path, guest: str, host: str, **options: Any) -> Iterator[Running]:
    """Have a move under way, with its first bytes sent and its last ones seconds away."""
    journals, book = folder / "journal", folder / "slow.json"
    arguments = {"hosts": FLEET, "guest": guest, "host": host, "journal_dir": str(journals)}
    step = {"name": "Move it", f"{COLLECTION}.guest_migration": {"bandwidth_mibs": 1, **arguments, **options}}
    book.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [step]}]), encoding="utf-8")
    with running(playbook_argv(str(book)), folder / "slow.log", journals) as run:
        run.until(lambda: guest in run.moving(), f"{guest} on its way")
        yield run


def test_the_copy_of_a_shut_off_guest_that_was_cut_off_is_done_again(tmp_path: Path) -> None:
    with slowly(tmp_path, "cold", "hv1") as run:
        run.kill_everything()
    assert stand_ins() != []
    move(tmp_path, "cold", "hv1")
    assert stand_ins() == []
    assert "cold.qcow2" not in volumes("hv3")


def test_a_volume_that_vanishes_during_the_copy_does_not_cost_the_one_at_the_source(tmp_path: Path) -> None:
    with slowly(tmp_path, "layered", "hv1", bandwidth_mibs=4) as run:
        on_host("hv1", "rm", f"{IMAGES}/layered.qcow2")
        run.wait(300)
    assert "layered.qcow2 is gone from pool local of hv1" in run.output()
    assert "layered.qcow2" in volumes("hv3")
