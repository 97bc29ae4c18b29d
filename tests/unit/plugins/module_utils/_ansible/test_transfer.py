"""Options of a transfer become values, and a guest that was renamed is found again."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.arguments import (
    fleet_spec,
    settings_of,
    settings_spec,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.transfer import (
    check_address,
    guest_of,
    one_guest_spec,
    transfer_of,
    transfer_spec,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.fleet import HostEntry
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings
from ansible_collections.virtfleet.migration.plugins.module_utils._model.transfer import Compression, TransferOptions
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

FLEET = build.snapshot(build.host("hv1", build.guest("web")), build.host("hv2", build.guest("shop")))


def given(spec, **options):
    result = ArgumentSpecValidator(spec).validate(options)
    assert not result.error_messages
    return result.validated_parameters


def test_the_defaults_are_those_of_the_model_and_every_option_is_there():
    spec = {**transfer_spec(), **one_guest_spec()}
    assert transfer_of(given(spec)) == TransferOptions()
    assert list(spec) == list(TransferOptions.__dataclass_fields__)


def test_a_module_that_plans_for_many_has_no_options_of_one_guest():
    made = transfer_of(given(transfer_spec(), compression="zstd", parallel_connections=4))
    assert made == TransferOptions(parallel_connections=4, compression=Compression.ZSTD)


def test_options_that_contradict_one_another_are_wrong_arguments():
    with pytest.raises(FleetError, match="zerocopy needs parallel_connections"):
        settings_of(given(settings_spec(), zerocopy=True, tls=False))


def test_a_policy_that_a_host_names_may_be_what_an_option_tunes():
    hosts = [{"name": "hv1", "uri": "qemu:///system", "migration_policy": "wan"}]
    spec = {**fleet_spec(), **settings_spec()}
    assert settings_of(given(spec, hosts=hosts, auto_converge_initial=5)).transfer.auto_converge_initial == 5
    with pytest.raises(FleetError, match="limits post-copy"):
        settings_of(given(spec, hosts=hosts, post_copy_bandwidth_mibs=5))


def test_a_port_needs_an_address():
    settings = MoveSettings(transfer=TransferOptions(migration_port=49300))
    with pytest.raises(FleetError, match="neither migration_address nor peer_uri of host hv2"):
        check_address(settings, HostEntry("hv2", "qemu:///system"))
    check_address(settings, HostEntry("hv2", "qemu:///system", migration_address="10.0.0.2"))
    check_address(MoveSettings(), HostEntry("hv2", "qemu:///system"))


def test_a_guest_is_looked_for_by_its_old_name_and_then_by_its_new_one():
    assert guest_of(FLEET, "web", "hv2", None) == "web"
    assert guest_of(FLEET, "web", "hv2", "web-old") == "web"
    assert guest_of(FLEET, "gone", "hv2", "shop") == build.uuid_of("shop")
    assert guest_of(FLEET, "gone", "hv1", "shop") == "gone"
    assert guest_of(FLEET, "gone", "hv2", "other") == "gone"


def test_a_guest_that_is_there_already_is_not_renamed():
    with pytest.raises(FleetError, match="renamed only as it moves"):
        guest_of(FLEET, "shop", "hv2", "market")
    assert guest_of(FLEET, build.uuid_of("shop"), "hv2", "shop") == build.uuid_of("shop")
