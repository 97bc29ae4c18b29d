"""Sphinx settings of the documentation site that hacking/docsite.sh builds; needs no network."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from docutils import nodes

project = "virtfleet.migration"
copyright = "virtfleet.migration contributors"
title = html_short_title = "virtfleet.migration"
extensions = ["sphinx_antsibull_ext"]
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
html_theme = "sphinx_ansible_theme"
html_show_sphinx = False
html_use_index = False
html_copy_source = False
default_role = "any"
nitpicky = True

# Labels of Ansible's own documentation that generated pages refer to, since a site built offline can't look them up.
ANSIBLE_DOCS = "https://docs.ansible.com/projects/ansible/latest/"
ANSIBLE_LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
    "module_defaults_groups": "user_guide/playbooks_module_defaults.html",
}


def link_to_ansible(app, env, node, contnode):
    """Sphinx's missing-reference hook: an outside link for a label of Ansible's documentation."""
    page = ANSIBLE_LABELS.get(node.get("reftarget", ""))
    if page is None:
        return None
    return nodes.reference("", "", contnode, refuri=ANSIBLE_DOCS + page, internal=False)


def setup(app):
    app.connect("missing-reference", link_to_ansible)
