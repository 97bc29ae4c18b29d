"""What a module documents is what it takes: options with fragments against the argument spec, examples, results."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import yaml
from ansible.module_utils import basic
from ansible_collections.virtfleet.migration import plugins

FOLDER = Path(next(iter(plugins.__path__)))
PACKAGE = plugins.__name__
COLLECTION = "virtfleet.migration"
MODULES = sorted(path.stem for path in (FOLDER / "modules").glob("*.py") if path.stem != "__init__")
SECRET = {"ipmi_power_info": {"password", "key"}}
FILTERS = sorted(path.stem for path in (FOLDER / "filter").glob("*.yml"))
TYPES = {"dict": dict, "list": list, "str": str, "int": int, "float": (int, float), "bool": bool, "path": str}


class Asked(Exception):  # noqa: N818
    """The module has said what it takes; that is all that was wanted of it."""


def module_of(name):
    return importlib.import_module(f"{PACKAGE}.modules.{name}")


def spec_of(name, monkeypatch):
    """Return the argument spec with which the module begins."""

    def asked(_self, argument_spec, **_rest):
        raise Asked(argument_spec)

    monkeypatch.setattr(basic.AnsibleModule, "__init__", asked)
    with pytest.raises(Asked) as caught:
        module_of(name).main()
    return caught.value.args[0]


def documented(name):
    """Return the options as ansible-doc shows them: those of fragments, changed by what the module says itself."""
    own = yaml.safe_load(module_of(name).DOCUMENTATION)
    found = {}
    for fragment in own.get("extends_documentation_fragment", ()):
        found.update(fragment_options(fragment))
    for option, said in (own.get("options") or {}).items():
        found[option] = {**found.get(option, {}), **said}
    return found


def fragment_options(fragment):
    assert fragment.startswith(f"{COLLECTION}."), fragment
    file, _dot, part = fragment[len(COLLECTION) + 1 :].partition(".")
    fragments = importlib.import_module(f"{PACKAGE}.doc_fragments.{file}").ModuleDocFragment
    return yaml.safe_load(getattr(fragments, part.upper() or "DOCUMENTATION")).get("options") or {}


def plain(option, below):
    """Return an option in one form, whether it comes from the documentation or from a spec."""
    inner = option.get(below) or {}
    return {
        "type": option.get("type", "str"),
        "elements": option.get("elements"),
        "required": bool(option.get("required", False)),
        "default": option.get("default"),
        "choices": list(option.get("choices") or ()),
        "aliases": sorted(option.get("aliases") or ()),
        "options": {name: plain(each, below) for name, each in inner.items()},
    }


@pytest.mark.parametrize("name", MODULES)
def test_options_that_are_secret_are_hidden_and_no_others(name, monkeypatch):
    hidden = {key for key, option in spec_of(name, monkeypatch).items() if option.get("no_log")}
    assert hidden == SECRET.get(name, set())


@pytest.mark.parametrize("name", MODULES)
def test_every_option_is_documented_as_it_is_taken(name, monkeypatch):
    spec = spec_of(name, monkeypatch)
    said = documented(name)
    assert {key: plain(each, "suboptions") for key, each in said.items()} == {
        key: plain(each, "options") for key, each in spec.items()
    }


@pytest.mark.parametrize("name", MODULES)
def test_every_option_is_described(name):
    def silent(options, where=""):
        for key, option in options.items():
            if not option.get("description"):
                yield where + key
            yield from silent(option.get("suboptions") or {}, f"{where}{key}.")

    assert list(silent(documented(name))) == []


@pytest.mark.parametrize("name", MODULES)
def test_the_heading_is_complete(name):
    said = yaml.safe_load(module_of(name).DOCUMENTATION)
    assert said["module"] == name
    assert not said["short_description"].endswith(".")
    assert said["description"]
    assert said["version_added"]
    assert said["author"]


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_tasks_with_options_that_there_are(name, monkeypatch):
    specs = {name: spec_of(name, monkeypatch)}
    used = 0
    for task in yaml.safe_load(module_of(name).EXAMPLES):
        assert task["name"]
        (called,) = [key for key in task if "." in key]
        module = called.rpartition(".")[2]
        if not called.startswith(f"{COLLECTION}."):
            continue
        used += module == name
        spec = specs.get(module) or specs.setdefault(module, spec_of(module, monkeypatch))
        assert set(task[called] or {}) <= set(spec), task["name"]
    assert used, "no example calls the module"


@pytest.mark.parametrize("name", MODULES)
def test_results_are_described_and_their_samples_are_of_their_type(name):
    def check(values, top):
        for key, value in values.items():
            assert value.get("description"), key
            assert value["type"] in TYPES, key
            assert not top or value.get("returned"), key
            if "sample" in value and value["sample"] is not None:
                assert isinstance(value["sample"], TYPES[value["type"]]), key
            check(value.get("contains") or {}, top=False)

    check(yaml.safe_load(module_of(name).RETURN), top=True)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_has_its_options_examples_and_result(name):
    said = yaml.safe_load((FOLDER / "filter" / f"{name}.yml").read_text(encoding="utf-8"))
    assert said["DOCUMENTATION"]["name"] == name
    assert "_input" in said["DOCUMENTATION"]["options"]
    assert said["EXAMPLES"]
    assert said["RETURN"]["_value"]["type"] in TYPES


def test_every_filter_is_documented_and_every_documented_filter_is_there():
    files = sorted(path.stem for path in (FOLDER / "filter").glob("*.py") if path.stem != "__init__")
    modules = [importlib.import_module(f"{PACKAGE}.filter.{file}") for file in files]
    assert sorted(name for module in modules for name in module.FilterModule().filters()) == FILTERS
