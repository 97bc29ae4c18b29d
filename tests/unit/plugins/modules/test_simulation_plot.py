"""The plot and the page of a simulation: well-formed, escaped, without scripts, every line drawn."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path
from xml.dom import minidom

import jinja2
import pytest
from ansible_collections.virtfleet.migration import plugins
from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import to_json
from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.plot import charts_of
from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.values import Figures, Run, StepFigures

TEMPLATES = Path(next(iter(plugins.__path__))).parent / "roles" / "simulate" / "templates"
FIGURES = Figures(12.5, 24.0, 3, 4.0, 2.0, 1, 3, 2, 2, 0.1, 0.1, 0.01, 0.0, 0.0, 0.0, 24)
HOSTILE = '<script>alert("x")</script> & co'


@pytest.fixture
def rendered():
    step = StepFigures(hosts_on=3, watts=437.0, wanted_cpus=7.5, cpus_on=48, overloaded=0, moves=0)
    run = Run(FIGURES, (step,) * 96, (), 900)
    charts = to_json(charts_of(run, run))
    charts[0]["lines"][0]["name"] = HOSTILE
    result = {"figures": to_json(FIGURES), "unchanged": to_json(FIGURES), "saved_kwh": 1.25, "charts": charts}
    # as Ansible's own templating does
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), trim_blocks=True, autoescape=False)
    return lambda name: environment.get_template(name).render(simulate_result=result, simulate_title=HOSTILE)


def test_the_plot_is_well_formed_and_has_every_line(rendered):
    plot = minidom.parseString(rendered("simulation.svg.j2"))
    assert len(plot.getElementsByTagName("polyline")) == 6
    assert not plot.getElementsByTagName("script")


def test_the_page_escapes_what_it_was_given_and_needs_no_script(rendered):
    page = rendered("simulation.html.j2")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert page.count("<svg") == 1
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
