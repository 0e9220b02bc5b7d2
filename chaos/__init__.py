"""Faults, injected one at a time into a whole stack while clients are at work: ``make chaos``.

:mod:`chaos.faults` knows what can be broken and how it is mended, :mod:`chaos.load` drives clients and keeps their
ledger, :mod:`chaos.checks` holds ledger and database against each other, :mod:`chaos.rounds` puts them together.
"""
