"""The options of a request become a request; one about no host is refused with words."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.request import request_of, request_spec
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Goal, Method, Request


def given(**options):
    result = ArgumentSpecValidator(request_spec(required=False)).validate({"goal": "evacuate", **options})
    assert not result.error_messages
    return request_of(result.validated_parameters)


def test_hosts_may_be_names_with_commas():
    assert given(goal_hosts="hv1, hv2") == Request(Goal.EVACUATE, hosts=("hv1", "hv2"))


def test_the_method_is_left_to_the_guests_state_unless_given():
    assert given(goal_hosts=["hv1"], method="paused").method is Method.PAUSED
    assert given(goal_hosts=["hv1"]).method is None


def test_no_destinations_given_as_an_empty_text_are_no_limit():
    assert given(goal_hosts=["hv1"], dests="").dests == ()


@pytest.mark.parametrize("hosts", ["", [], [""]])
def test_a_request_about_no_host_is_refused(hosts):
    with pytest.raises(FleetError, match=r"no host is given\. Say which hosts"):
        given(goal_hosts=hosts)
