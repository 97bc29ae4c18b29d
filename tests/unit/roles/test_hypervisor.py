"""The role hypervisor as data: families, layouts, defaults and argument specification agree. Runs nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLE = Path(__file__).resolve().parents[3] / "roles" / "hypervisor"
FAMILIES = ("Debian", "RedHat")
LAYOUTS = ("monolithic", "modular")


def read(path: str) -> Any:
    return yaml.safe_load((ROLE / path).read_text(encoding="utf-8"))


def options() -> dict[str, Any]:
    return read("meta/argument_specs.yml")["argument_specs"]["main"]["options"]


def family(name: str) -> dict[str, Any]:
    return read(f"vars/{name}.yml")["hypervisor_family"]


def test_every_family_that_is_let_in_has_a_file() -> None:
    assert sorted(read("vars/main.yml")["hypervisor_families"]) == sorted(FAMILIES)
    for name in FAMILIES:
        assert (ROLE / "vars" / f"{name}.yml").is_file()


def test_families_have_the_same_keys() -> None:
    first, second = (family(name) for name in FAMILIES)
    assert first.keys() == second.keys()
    assert first["storage_packages"].keys() == second["storage_packages"].keys()
    assert first["selinux_booleans"].keys() == second["selinux_booleans"].keys()


def test_layouts_have_the_same_keys() -> None:
    first, second = (read(f"vars/{name}.yml")["hypervisor_layout"] for name in LAYOUTS)
    assert first.keys() == second.keys()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_prefers_a_layout_that_exists(name: str) -> None:
    assert family(name)["daemons"] in LAYOUTS


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_names_each_package_once_and_sorted(name: str) -> None:
    packages = family(name)["packages"]
    assert packages == sorted(set(packages))


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_has_packages_for_every_kind_of_storage(name: str) -> None:
    assert sorted(family(name)["storage_packages"]) == options()["hypervisor_storage"]["choices"]
    assert all(family(name)["storage_packages"].values())
    assert family(name)["selinux_booleans"].keys() == family(name)["storage_packages"].keys()


@pytest.mark.parametrize("name", FAMILIES)
def test_the_package_database_answers_one_installed_package_a_line(name: str) -> None:
    assert re.search(r"(installed|\$\{db:Status-Status\}) \S+\\n$", family(name)["installed_query"][-1])


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_points_to_the_other(name: str) -> None:
    assert read(f"vars/{name}.yml")["hypervisor_layout"]["other"]["name"] in set(LAYOUTS) - {name}


def test_layouts_to_choose_from_are_the_files_that_there_are() -> None:
    assert set(options()["hypervisor_daemons"]["choices"]) == {"auto", *LAYOUTS}


def test_defaults_are_those_that_the_specification_states() -> None:
    stated = {name: option["default"] for name, option in options().items() if "default" in option}
    assert read("defaults/main.yml") == stated


def test_defaults_are_of_the_stated_choices() -> None:
    for name, option in options().items():
        default, choices = option["default"], option.get("choices")
        if choices and option["type"] != "list" and "{{" not in default:
            assert default in choices, name


def test_every_option_is_used() -> None:
    used = "".join(path.read_text(encoding="utf-8") for path in (*ROLE.glob("tasks/*"), ROLE / "vars" / "main.yml"))
    assert [name for name in options() if name not in used] == []


def test_secrets_are_kept_out_of_logs() -> None:
    assert options()["hypervisor_tls_ca_passphrase"]["no_log"] is True


def test_the_pool_types_of_the_specification_are_those_with_known_needs() -> None:
    fields = options()["hypervisor_pools"]["options"]
    needs = read("vars/main.yml")["hypervisor_pool_needs"]
    assert sorted(needs) == sorted(fields["type"]["choices"])
    assert {field for fields_needed in needs.values() for field in fields_needed} <= fields.keys()


def test_the_kinds_of_networks_of_the_specification_are_those_with_known_needs() -> None:
    fields = options()["hypervisor_networks"]["options"]
    needs = read("vars/main.yml")["hypervisor_network_needs"]
    assert sorted(needs) == sorted(fields["forward"]["choices"])
    assert {field for fields_needed in needs.values() for field in fields_needed} <= fields.keys()


def test_every_firewall_that_the_role_knows_has_its_tasks() -> None:
    for firewall in read("vars/main.yml")["hypervisor_firewalls"]:
        assert (ROLE / "tasks" / f"firewall_{firewall['name']}.yml").is_file()


def test_certificates_are_renewed_before_they_end_and_not_in_every_run() -> None:
    days = {name: option.get("default") for name, option in options().items()}
    assert 0 < days["hypervisor_tls_renew_days"] < days["hypervisor_tls_certificate_days"]


def test_new_certificates_restart_no_daemon() -> None:
    for name in ("tls", "tls_ca", "tls_files"):
        assert "Restart the daemons" not in (ROLE / "tasks" / f"{name}.yml").read_text(encoding="utf-8")


def test_the_numbers_for_diffie_hellman_are_those_of_rfc_7919() -> None:
    """The RFC makes its 2048-bit prime of the number e, so that nobody can have chosen it."""
    factorial, inverse = 1, 0
    for number in range(400):  # e as the sum of 1/n!, to more than 2000 bits
        factorial *= number or 1
        inverse += (1 << 2400) // factorial
    prime = (1 << 2048) - (1 << 1984) + (((inverse >> (2400 - 1918)) + 560316) << 64) - 1
    lines = (ROLE / "files" / "ffdhe2048.pem").read_text(encoding="ascii").splitlines()
    assert (lines[0], lines[-1]) == ("-----BEGIN DH PARAMETERS-----", "-----END DH PARAMETERS-----")
    content = base64.b64decode("".join(lines[1:-1]))
    assert content.startswith(b"\x30\x82\x01\x0c\x02\x82\x01\x01\x00" + prime.to_bytes(256, "big") + b"\x02\x01\x02")


def test_every_source_of_certificates_and_transport_has_its_tasks() -> None:
    for source in options()["hypervisor_tls_source"]["choices"]:
        assert (ROLE / "tasks" / f"tls_{source}.yml").is_file()
    for transport in options()["hypervisor_peer_transport"]["choices"]:
        assert (ROLE / "tasks" / f"{transport}.yml").is_file()


def test_keys_are_readable_by_their_owner_alone() -> None:
    text = (ROLE / "tasks" / "tls.yml").read_text(encoding="utf-8")
    task = next(task for task in yaml.safe_load(text) if task["name"] == "Give libvirt and QEMU the key")
    assert task["ansible.builtin.copy"]["mode"] == "0600"
    assert task["diff"] is False
