"""The rooms of plugins/ import only what the design allows; each rule is also seen to catch its breach."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.virtfleet.migration.tests.unit.import_rules import violations

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
PURPOSE = '"""Says what it is for."""\n'
ROOMS = "ansible_collections.virtfleet.migration.plugins.module_utils"


def check(tmp_path: Path, where: str, code: str) -> list[str]:
    """Violations of a plugins folder that holds one file, without their place."""
    path = tmp_path / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, encoding="utf-8")
    return [line.split(": ", 1)[1] for line in violations(tmp_path)]


def test_the_collection_keeps_to_the_table() -> None:
    assert any(PLUGINS.rglob("*.py")), "no plugin found: the test looks in the wrong place"
    assert violations(PLUGINS) == []


@pytest.mark.parametrize(
    ("where", "code", "room_and_import"),
    [
        ("module_utils/_model/a.py", "import libvirt", "_model must not import libvirt"),
        ("module_utils/_model/a.py", "import yaml", "_model must not import yaml"),
        (
            "module_utils/_model/a.py",
            "from ansible.module_utils.basic import AnsibleModule",
            "_model must not import ansible.module_utils.basic.AnsibleModule",
        ),
        (
            "module_utils/_model/a.py",
            "from .._planner.cost import price",
            "_model must not import module_utils._planner.cost.price",
        ),
        (
            "module_utils/_model/a.py",
            "from .. import _planner",
            "_model must not import module_utils._planner",
        ),
        ("module_utils/_model/a.py", "from .. import *", "_model must not import module_utils.*"),
        (
            "module_utils/_planner/goals/a.py",
            "from ..._engine.ports import Driver",
            "_planner must not import module_utils._engine.ports.Driver",
        ),
        (
            "module_utils/_planner/a.py",
            f"from {ROOMS}._libvirt.driver import open_driver",
            "_planner must not import module_utils._libvirt.driver.open_driver",
        ),
        ("module_utils/_engine/a.py", "import time", "_engine must not import time"),
        (
            "module_utils/_engine/a.py",
            "from random import shuffle",
            "_engine must not import random.shuffle",
        ),
        (
            "module_utils/_engine/a.py",
            "def f():\n    import libvirt",
            "_engine must not import libvirt",
        ),
        (
            "module_utils/_libvirt/a.py",
            "from .._engine.slots import Slots",
            "_libvirt must not import module_utils._engine.slots.Slots",
        ),
        (
            "module_utils/_libvirt/a.py",
            "from ansible.module_utils.basic import AnsibleModule",
            "_libvirt must not import ansible.module_utils.basic.AnsibleModule",
        ),
        ("module_utils/_ansible/a.py", "import libvirt", "_ansible must not import libvirt"),
        (
            "module_utils/_ansible/a.py",
            "from .._engine import journal",
            "_ansible must not import module_utils._engine.journal",
        ),
        ("modules/a.py", "import libvirt", "modules must not import libvirt"),
        ("modules/a.py", "from . import b", "modules must not import modules.b"),
        (
            "modules/a.py",
            "from ansible_collections.virtfleet.migration.plugins.modules.b import main",
            "modules must not import modules.b.main",
        ),
        (
            "modules/a.py",
            "import ansible_collections.community.libvirt.plugins.modules.virt",
            "modules must not import ansible_collections.community.libvirt.plugins.modules.virt",
        ),
        (
            "modules/a.py",
            "from ..plugin_utils.progress import show",
            "modules must not import plugin_utils.progress.show",
        ),
        ("plugin_utils/a.py", "import libvirt", "plugin_utils must not import libvirt"),
        (
            "plugin_utils/a.py",
            "from ..action.b import ActionModule",
            "plugin_utils must not import action.b.ActionModule",
        ),
        (
            "action/a.py",
            "from ..module_utils._libvirt import driver",
            "action must not import module_utils._libvirt.driver",
        ),
        (
            "filter/a.py",
            "from ..module_utils._engine import journal",
            "filter must not import module_utils._engine.journal",
        ),
    ],
)
def test_a_forbidden_import_is_caught(tmp_path: Path, where: str, code: str, room_and_import: str) -> None:
    assert check(tmp_path, where, PURPOSE + code) == [room_and_import]


@pytest.mark.parametrize(
    ("where", "code"),
    [
        (
            "module_utils/_model/a.py",
            "from __future__ import annotations\nimport json\nfrom .host import Host",
        ),
        (
            "module_utils/_model/a.py",
            "from datetime import datetime\nx = datetime.fromtimestamp(0)",
        ),
        ("module_utils/_planner/goals/a.py", "from ..._model.host import Host\nfrom ..cost import price"),
        ("module_utils/_engine/a.py", "def f(clock):\n    return clock.now()"),
        ("module_utils/_engine/a.py", f"from {ROOMS}._planner.verify.verify import verify"),
        ("module_utils/_libvirt/a.py", "import libvirt\nimport time\nfrom .._engine.ports import Driver"),
        ("module_utils/_libvirt/a.py", "from .._engine import ports"),
        ("module_utils/_ansible/a.py", "from ansible.module_utils.basic import env_fallback"),
        (
            "modules/a.py",
            "from ..module_utils._libvirt import driver\nfrom ..module_utils._engine import engine",
        ),
        ("action/a.py", "from ansible.plugins.action import ActionBase\nimport time"),
        ("action/a.py", "from ..plugin_utils.progress import show"),
        ("plugin_utils/a.py", "from . import lines\nfrom ansible.utils.display import Display"),
        ("filter/a.py", "from ansible.errors import AnsibleFilterError"),
    ],
)
def test_an_allowed_import_passes(tmp_path: Path, where: str, code: str) -> None:
    assert check(tmp_path, where, PURPOSE + code) == []


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ("import datetime\nx = datetime.datetime.now()", "datetime.datetime.now"),
        ("import datetime as dt\nx = dt.date.today()", "datetime.date.today"),
        ("from datetime import datetime as D\nx = D.utcnow", "datetime.datetime.utcnow"),
        ("import os\nx = os.urandom(4)", "os.urandom"),
        ("from uuid import uuid4\nx = uuid4()", "uuid.uuid4"),
    ],
)
def test_a_pure_room_that_reads_the_clock_or_chance_is_caught(tmp_path: Path, code: str, read: str) -> None:
    found = check(tmp_path, "module_utils/_engine/a.py", PURPOSE + code)
    assert found == [f"a pure room reads no clock and no chance: {read}"]


def test_a_seeded_generator_is_no_chance(tmp_path: Path) -> None:
    where = "module_utils/_planner/a.py"
    assert check(tmp_path, where, PURPOSE + "from random import Random\nx = Random(1)") == []
    assert check(tmp_path, where, PURPOSE + "from random import Random\nx = Random()") == [
        "a pure room seeds its generator: random.Random()"
    ]


@pytest.mark.parametrize("code", ["import importlib", "from importlib import import_module"])
def test_a_dynamic_import_is_caught(tmp_path: Path, code: str) -> None:
    (problem,) = check(tmp_path, "modules/a.py", PURPOSE + code)
    assert problem.startswith("importlib: ")


def test_an_assert_is_caught(tmp_path: Path) -> None:
    found = check(tmp_path, "modules/a.py", PURPOSE + "def f(x):\n    assert x")
    assert found == ["assert: raise an exception with a message instead"]


@pytest.mark.parametrize(
    "code",
    [
        "import json\n",
        "\n# Says what it is for\n",
        "#!/usr/bin/python\n",
        "#!/usr/bin/python\n# Copyright: (c) 2026, all of us\n",
        "# Copyright: (c) 2026, all of us\n",
        "# a\n",
    ],
)
def test_a_file_whose_first_line_does_not_say_its_purpose_is_caught(tmp_path: Path, code: str) -> None:
    assert check(tmp_path, "modules/a.py", code) == ["the first line does not say what the file is for"]


@pytest.mark.parametrize("where", ["module_utils/a.py", "module_utils/other/a.py", "lookup/a.py", "a.py"])
def test_a_file_outside_the_rooms_is_caught(tmp_path: Path, where: str) -> None:
    (problem,) = check(tmp_path, where, PURPOSE)
    assert problem.endswith("is no room of the design")


def test_a_violation_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "modules" / "a.py"
    path.parent.mkdir()
    path.write_text(PURPOSE + "import libvirt\n", encoding="utf-8")
    assert violations(tmp_path) == ["modules/a.py:2: modules must not import libvirt"]


def test_the_purpose_may_follow_a_shebang(tmp_path: Path) -> None:
    assert check(tmp_path, "modules/a.py", "#!/usr/bin/python\n" + PURPOSE) == []
