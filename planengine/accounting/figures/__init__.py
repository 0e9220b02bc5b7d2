"""What happened in a window of time, slot by slot: the figures of the dashboard and of alerts.

Finished Plans are added to them with the tallies (:mod:`planengine.accounting.tallies`), in slots of five minutes,
which are kept for a day, and of an hour, which are kept for a month; by project, and of all together, so that the
sum of a thousand projects costs no more than one. Reading them costs the same after a million Plans as after ten.
"""
