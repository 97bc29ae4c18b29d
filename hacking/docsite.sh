#!/usr/bin/env bash
# Builds the documentation site in build/docsite from the plugins' documentation and docs/docsite.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

site=build/docsite
rm -rf "$site"
mkdir -p "$site/rst"
chmod go-w "$site/rst" # antsibull-docs insists
antsibull-docs collection --use-current --squash-hierarchy --fail-on-error --dest-dir "$site/rst" virtfleet.migration
sphinx-build -q -W --keep-going -c docs/docsite -d "$site/doctrees" "$site/rst" "$site/html"
printf 'The site is %s/html/index.html\n' "$site"
