"""Documentation of the option history. Text only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Recorded use of the guests in place of that of the moment."""

    DOCUMENTATION = r"""
options:
  history:
    description:
      - Plan on what the guests have used over a time, as M(virtfleet.migration.fleet_record) recorded it, in place of
        what they use at the moment.
      - Their C(usage_cpus) becomes a percentile of a window that ends when the snapshot was taken, their
        C(forecast_cpus) what they are expected to use at most in the time to come. The planner reckons with the larger.
      - A guest of which the window has no sample keeps what O(measure_usage_seconds) or the snapshot says. RV(usage)
        and a remark of the plan say for how many that is so.
      - Without it all of that is of the moment.
    type: dict
    suboptions:
      path:
        description: The history file, on the host where this module runs. It has to be there.
        type: path
        required: true
      window_minutes:
        description: How much of the past counts, in minutes.
        type: int
        default: 120
      percentile:
        description:
          - What a guest uses is what so many per cent of its samples do not exceed. V(100) is the highest one.
          - The more guests share a host, the lower it may be, as their peaks do not meet.
        type: float
        default: 95.0
      horizon_minutes:
        description:
          - For how long to look ahead, in minutes. The forecast is the larger of the percentile of the window, and of
            the percentile of what was used on earlier days in the hours that come next. V(0) looks at the window alone.
        type: int
        default: 60
      profile_days:
        description: How many earlier days to look at for that. V(0) looks at none.
        type: int
        default: 7
      sigmas:
        description: Forecast by the mean plus so many standard deviations, rather than by O(history.percentile).
        type: float
"""
