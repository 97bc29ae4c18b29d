"""What the roles ask of modules on the RHEL family: tasks rendered for recorded distributions. Runs none of them.

Recorded are their /etc/os-release (os_release/, each with its source and license); the line of /etc/redhat-release is
what their release packages write. ansible-core's own code makes facts of both.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import importlib
import inspect
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible.module_utils import distro
from ansible.module_utils.facts.system import distribution, pkg_mgr
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROLES = Path(__file__).resolve().parents[4] / "roles"
RECORDED = Path(__file__).with_name("os_release")
RELEASES = {
    "redhat_8": "Red Hat Enterprise Linux release 8.10 (Ootpa)",
    "redhat_9": "Red Hat Enterprise Linux release 9.6 (Plow)",
    "redhat_10": "Red Hat Enterprise Linux release 10.0 (Coughlan)",
    "rocky_9": "Rocky Linux release 9.3 (Blue Onyx)",
    "alma_9": "AlmaLinux release 9.6 (Sage Margay)",
    "alma_10": "AlmaLinux release 10.0 (Purple Lion)",
    "centos_stream_9": "CentOS Stream release 9",
}
KNOWN = [name for name in RELEASES if name != "redhat_8"]
VENDORED = importlib.import_module("ansible.module_utils.distro._distro")
OMITTED = "__left_out__"
# what `rpm --query --all` answers on a host that has next to nothing
BARE = "installed bash\ninstalled openssh-clients\ninstalled systemd\n"


@pytest.fixture
def facts_of(monkeypatch):
    """Return a function that has ansible-core make facts of a recorded distribution."""

    def made(name):
        files = {
            "/etc/os-release": (RECORDED / name).read_text(encoding="utf-8"),
            "/etc/redhat-release": RELEASES[name],
        }
        files = {path: "\n".join(line for line in text.split("\n") if line[:1] != "#") for path, text in files.items()}
        seen = VENDORED.LinuxDistribution(include_lsb=False, os_release_file=str(RECORDED / name))
        for asked in ("id", "name", "version", "codename", "os_release_info"):
            monkeypatch.setattr(distro, asked, getattr(seen, asked))
        monkeypatch.setattr(distribution, "_file_exists", lambda path, **_more: path in files)
        monkeypatch.setattr(
            distribution, "get_file_content", lambda path, default=None, **_more: files.get(path, default)
        )
        monkeypatch.setattr(os.path, "islink", lambda _path: False)
        found = distribution.Distribution(SimpleNamespace()).get_distribution_facts()
        # /usr/bin/dnf is a link to dnf-3 on all of them, as their package dnf has it
        exists = {"/usr/bin/dnf", "/usr/bin/dnf-3", "/usr/bin/yum", "/usr/bin/rpm"}
        with monkeypatch.context() as looking:
            looking.setattr(os.path, "exists", lambda path: path in exists)
            looking.setattr(os.path, "realpath", lambda path: path.replace("bin/dnf", "bin/dnf-3"))
            collector = pkg_mgr.PkgMgrFactCollector()
            found.update(collector.collect(collected_facts={f"ansible_{key}": value for key, value in found.items()}))
        return {**found, "user_id": "root", "selinux": {"status": "enabled", "mode": "enforcing"}}

    return made


def load(path):
    """Return a file of YAML as Ansible reads what it trusts."""
    loader = DataLoader()
    trusted = "trusted_as_template" in inspect.signature(loader.load_from_file).parameters
    return loader.load_from_file(str(path), **({"trusted_as_template": True} if trusted else {}))


class Role:
    """A role's variables on a host with these facts, and what its tasks come to there."""

    def __init__(self, name, facts, **given):
        self._folder = ROLES / name
        self.variables = {
            **load(self._folder / "defaults" / "main.yml"),
            **load(self._folder / "vars" / "main.yml"),
            "ansible_facts": facts,
            "inventory_hostname": "hv1",
            "groups": {"hypervisors": ["hv1", "hv2", "hv3"]},
            "hostvars": {"hv2": {"ansible_host": "192.0.2.2"}, "hv3": {"ansible_host": "192.0.2.3"}},
            "ansible_check_mode": False,
            "omit": OMITTED,
            **given,
        }

    def text(self, value):
        return Templar(DataLoader(), variables=self.variables).template(value)

    def include(self, file):
        """Take in a file of variables, as include_vars does."""
        self.variables.update(load(self._folder / "vars" / f"{file}.yml"))

    def tasks(self, file):
        return load(self._folder / "tasks" / f"{file}.yml")

    def holds(self, task):
        conditions = task.get("when", [])
        conditions = conditions if isinstance(conditions, list) else [conditions]
        return all(self.text(self._expression(condition)) in (True, "True") for condition in conditions)

    def asked(self, file, module):
        """Return the arguments of each call of a module that the tasks of this file come to, loops unrolled."""
        found = []
        for task in self.tasks(file):
            if module not in task or not self.holds(task):
                continue
            for item in self.text(task["loop"]) if "loop" in task else [None]:
                self.variables["item"] = item
                arguments = self.text(task[module])
                found.append({key: value for key, value in arguments.items() if value != OMITTED})
        return found

    def _expression(self, condition):
        plain = yaml.safe_dump(f"{{{{ {condition} }}}}")
        holder = DataLoader()
        trusted = "trusted_as_template" in inspect.signature(holder.load_from_file).parameters
        if not trusted:
            return yaml.safe_load(plain)
        from ansible.template import trust_as_template

        return trust_as_template(yaml.safe_load(plain))


def hypervisor(facts, **given):
    role = Role("hypervisor", facts, **given)
    role.include(facts["os_family"])
    daemons = role.variables["hypervisor_daemons"]
    role.include(role.variables["hypervisor_family"]["daemons"] if daemons == "auto" else daemons)
    return role


@pytest.mark.parametrize(
    ("name", "distribution_is", "version"),
    [
        ("redhat_8", "RedHat", "8"),
        ("redhat_9", "RedHat", "9"),
        ("redhat_10", "RedHat", "10"),
        ("rocky_9", "Rocky", "9"),
        ("alma_9", "AlmaLinux", "9"),
        ("alma_10", "AlmaLinux", "10"),
        ("centos_stream_9", "CentOS", "9"),
    ],
)
def test_ansible_knows_each_as_one_of_the_family_that_has_dnf(facts_of, name, distribution_is, version):
    facts = facts_of(name)
    assert (facts["distribution"], facts["distribution_major_version"]) == (distribution_is, version)
    assert (facts["os_family"], facts["pkg_mgr"]) == ("RedHat", "dnf")


@pytest.mark.parametrize("name", KNOWN)
def test_the_role_lets_them_in(facts_of, name):
    role = Role("hypervisor", facts_of(name))
    refusal = role.tasks("refuse")[0]
    assert refusal["name"] == "Refuse a distribution that the role does not know"
    assert role.text(role._expression(refusal["ansible.builtin.assert"]["that"])) in (True, "True")
    assert role.text(role.tasks("main")[2]["ansible.builtin.include_vars"]["file"]) == "RedHat.yml"


@pytest.mark.parametrize("name", KNOWN)
def test_packages_that_are_missing_are_found_by_rpm_and_installed(facts_of, name):
    role = hypervisor(facts_of(name), hypervisor_storage=["nfs", "logical"])
    (query,) = role.asked("packages", "ansible.builtin.command")
    assert query["argv"] == ["rpm", "--query", "--all", "--queryformat", "installed %{NAME}\\n"]
    installed = {"stdout_lines": BARE.splitlines()}
    role.variables["hypervisor_packages_installed"] = installed
    (noted,) = role.asked("packages", "ansible.builtin.set_fact")
    role.variables.update(noted)
    (install,) = role.asked("packages", "ansible.builtin.package")
    assert install == {
        "name": [
            *("gnutls-utils", "libvirt-client", "libvirt-daemon", "libvirt-daemon-driver-storage-logical"),
            *("libvirt-daemon-kvm", "lvm2", "nfs-utils", "python3-cryptography", "python3-libselinux"),
            *("python3-libsemanage", "python3-libvirt", "qemu-img", "qemu-kvm", "yum-utils"),
        ],
        "update_cache": True,
    }


def test_in_check_mode_nothing_is_installed(facts_of):
    role = hypervisor(facts_of("redhat_9"), ansible_check_mode=True, hypervisor_packages_missing=["qemu-kvm"])
    assert role.asked("packages", "ansible.builtin.package") == []


@pytest.mark.parametrize("name", KNOWN)
def test_the_modular_daemons_run_and_the_proxy_listens_for_other_hosts(facts_of, name):
    role = hypervisor(facts_of(name), hypervisor_tls_socket={"status": {"ActiveState": "inactive"}})
    units = role.asked("daemon", "ansible.builtin.systemd_service")
    enabled = [unit["name"] for unit in units if unit.get("enabled")]
    assert enabled[:2] == ["virtqemud.service", "virtproxyd.service"]
    assert enabled[2] == "virtproxyd-tls.socket"
    for driver in ("qemu", "network", "nodedev", "nwfilter", "secret", "storage", "interface"):
        assert f"virt{driver}d.socket" in enabled
    assert [unit for unit in enabled if unit.startswith("libvirtd")] == []
    stopped = [unit["name"] for unit in units if unit.get("state") == "stopped"]
    assert stopped == ["virtproxyd.service", "virtproxyd.socket", "virtproxyd-ro.socket", "virtproxyd-admin.socket"]


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize(
    ("storage", "booleans"), [("nfs", ["virt_use_nfs"]), ("gluster", ["virt_use_fusefs"]), ("logical", [])]
)
def test_selinux_is_told_of_storage_that_comes_over_the_network(facts_of, name, storage, booleans):
    role = hypervisor(facts_of(name), hypervisor_storage=[storage])
    (block,) = [task for task in role.tasks("main") if "block" in task]
    (include,) = [task for task in block["block"] if task["name"] == "Tell SELinux"]
    assert role.holds(include)
    assert role.asked("selinux", "ansible.posix.seboolean") == [
        {"name": boolean, "state": True, "persistent": True} for boolean in booleans
    ]


@pytest.mark.parametrize("name", KNOWN)
def test_firewalld_is_opened_for_the_other_hosts_and_nobody_else(facts_of, name):
    role = hypervisor(facts_of(name))
    rules = [rule["rich_rule"] for rule in role.asked("firewall_firewalld", "ansible.posix.firewalld")]
    assert rules == [
        f'rule family="ipv4" source address="{address}" port port="{ports}" protocol="tcp" accept'
        for address in ("192.0.2.2", "192.0.2.3")
        for ports in ("16514", "49152-49215")
    ]


@pytest.mark.parametrize("name", KNOWN)
def test_a_rollout_upgrades_with_dnf(facts_of, name):
    role = Role("rolling_upgrade", facts_of(name))
    manager = role.variables["rolling_upgrade_managers"][role.variables["ansible_facts"]["pkg_mgr"]]
    assert role.asked(f"refresh_{manager}", "ansible.builtin.dnf") == [{"update_cache": True, "lock_timeout": 300}]
    (full,) = role.asked(f"upgrade_{manager}", "ansible.builtin.dnf")
    assert full == {"name": "*", "state": "latest", "update_only": True, "lock_timeout": 300}
    role.variables.update({"rolling_upgrade_upgrade": "packages", "rolling_upgrade_packages": ["qemu-kvm"]})
    (some,) = role.asked(f"upgrade_{manager}", "ansible.builtin.dnf")
    assert some["name"] == ["qemu-kvm"]


@pytest.mark.parametrize("name", KNOWN)
def test_what_only_dpkg_needs_is_left_out(facts_of, name):
    role = Role("rolling_upgrade", facts_of(name))
    (finish,) = [
        task for task in role.tasks("upgrade") if task.get("ansible.builtin.include_tasks") == "finish_apt.yml"
    ]
    assert not role.holds(finish)


def test_whether_a_reboot_is_due_is_asked_of_a_command_that_the_role_installs(facts_of):
    assert "yum-utils" in hypervisor(facts_of("redhat_9")).variables["hypervisor_family"]["packages"]
    source = (ROLES.parent / "plugins" / "modules" / "host_fitness_info.py").read_text(encoding="utf-8")
    assert 'get_bin_path("needs-restarting")' in source
