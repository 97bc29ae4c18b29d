"""A rehearsal lab of real hypervisors on one machine. Shares no code with the collection it judges."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
