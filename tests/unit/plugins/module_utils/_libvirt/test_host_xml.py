"""Capabilities, pools and networks become the right values. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import host_xml
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.host_xml import (
    capabilities_of,
    cpu_of,
    network_of,
    numa_cells_of,
    pool_of,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import NumaCell

CAPABILITIES = """<capabilities><host><uuid>h-1</uuid><cpu><arch>x86_64</arch><model>EPYC</model>
<vendor>AMD</vendor></cpu></host>
<guest><arch name='i686'><machine>isapc-only-32</machine><domain type='xen'/></arch></guest>
<guest><arch name='x86_64'><machine canonical='pc-q35-7.2'>q35</machine><machine>pc-q35-7.1</machine>
<domain type='qemu'/><domain type='kvm'/></arch></guest></capabilities>"""

DOMAIN_CAPABILITIES = """<domainCapabilities><cpu><mode name='host-model'><model>EPYC</model></mode>
<mode name='custom'><model usable='yes'>qemu64</model><model usable='no'>Skylake</model>
<model usable='unknown'>odd</model></mode></cpu></domainCapabilities>"""


def test_capabilities_of_the_own_architecture_are_read_with_kvm_first():
    found = capabilities_of(CAPABILITIES)
    assert (found.uuid, found.arch, found.model, found.vendor) == ("h-1", "x86_64", "EPYC", "AMD")
    assert found.virt_types == ("kvm", "qemu")
    assert found.machine_types == ("pc-q35-7.1", "pc-q35-7.2", "q35")


def test_machine_types_that_qemu_will_drop_are_known_by_all_their_names():
    xml = CAPABILITIES.replace("<machine canonical=", "<machine deprecated='yes' canonical=")
    assert capabilities_of(xml).deprecated == ("pc-q35-7.2", "q35")
    assert capabilities_of(CAPABILITIES).deprecated == ()


def test_models_that_can_not_be_given_are_left_out():
    assert cpu_of(capabilities_of(CAPABILITIES), DOMAIN_CAPABILITIES).usable_models == ("odd", "qemu64")


@pytest.mark.parametrize(
    ("kind", "source", "identity"),
    [
        ("netfs", "<host name='s'/><dir path='/gv0'/><format type='glusterfs'/>", "glusterfs://s/gv0"),
        ("netfs", "<host name='s'/><dir path='/exports/a'/><format type='nfs'/>", "nfs://s/exports/a"),
        ("iscsi-direct", "<host name='s'/><device path='iqn.x:y'/>", "iscsi-direct://s/iqn.x:y"),
        ("rbd", "<host name='m2'/><host name='m1'/><name>pool</name>", "rbd://m1,m2/pool"),
        ("dir", "", None),
        ("logical", "<name>vg0</name>", None),
    ],
)
def test_storage_that_lies_elsewhere_has_an_identity_and_local_storage_has_none(kind, source, identity):
    xml = f"<pool type='{kind}'><name>p</name><source>{source}</source><target><path>/p</path></target></pool>"
    found = pool_of(xml, True, ())
    assert (found.name, found.kind, found.path, found.identity) == ("p", kind, "/p", identity)


def test_a_pool_is_shared_where_the_user_says_so():
    xml = "<pool type='dir'><name>data</name><capacity unit='GiB'>2</capacity><available>5</available></pool>"
    assert pool_of(xml, True, ["data"]).identity == "declared://data"
    found = pool_of(xml, True, ["other"])
    assert (found.identity, found.capacity, found.available) == (None, 2 * 2**30, 5)


def test_a_network_names_its_bridge():
    assert network_of("<network><name>lab</name><bridge name='br0'/></network>", True).bridge == "br0"
    assert network_of("<network><name>lab</name></network>", False).active is False


TOPOLOGY = """<capabilities><host><cpu><arch>x86_64</arch></cpu><topology><cells num='2'>
<cell id='0'><memory unit='KiB'>4096</memory><pages unit='KiB' size='4'>512</pages>
<pages unit='KiB' size='2048'>1</pages><pages unit='KiB' size='1048576'>0</pages></cell>
<cell id='2'><memory unit='KiB'>2048</memory><pages unit='KiB' size='4'>512</pages></cell>
</cells></topology></host></capabilities>"""


def test_cells_share_what_guests_may_have_and_tell_free_huge_pages():
    found = capabilities_of(TOPOLOGY)
    assert (found.page_kib, found.hugepage_sizes, found.hugepage_kib) == (4, (2048,), 2048)
    cells = numa_cells_of(found, 6 * 2**20, 3 * 2**20, {0: {2048: 1}})
    assert cells == (NumaCell(0, 2 * 2**20, {"2048": 1}), NumaCell(2, 2**20, {}))


def test_a_cell_gives_no_more_than_it_has_though_the_host_is_overcommitted():
    assert [cell.memory for cell in numa_cells_of(capabilities_of(TOPOLOGY), 6 * 2**20, 60 * 2**20, {})] == [
        4 * 2**20,
        2 * 2**20,
    ]


def test_a_host_without_huge_pages_has_the_usual_size_as_default():
    found = capabilities_of(CAPABILITIES)
    assert (found.cells, found.page_kib, found.hugepage_sizes, found.hugepage_kib) == ((), 4, (), 2048)


def test_an_emulated_tpm_is_known_to_be_there_missing_or_unknown():
    caps = "<domainCapabilities><devices>{}</devices></domainCapabilities>"
    backends = "<tpm supported='yes'><enum name='backendModel'><value>passthrough</value>{}</enum></tpm>"
    assert host_xml.emulates_tpm(caps.format(backends.format("<value>emulator</value>"))) is True
    assert host_xml.emulates_tpm(caps.format(backends.format(""))) is False
    assert host_xml.emulates_tpm(caps.format("<tpm supported='no'/>")) is False
    assert host_xml.emulates_tpm(caps.format("")) is None


def test_mtus_of_devices_and_networks_are_read():
    assert host_xml.mtu_of("<interface type='bridge' name='br0'><mtu size='9000'/></interface>") == ("br0", 9000)
    assert host_xml.mtu_of("<interface type='ethernet' name='eth0'/>") == ("eth0", None)
    network = "<network><name>n</name><bridge name='br0'/><mtu size='1400'/></network>"
    assert host_xml.network_of(network, True).mtu == 1400
