"""Two releases side by side on one database and one broker: ``make versions``.

:mod:`versions.rule` reads migrations and tells which would break the release before, :mod:`versions.history` gets
older code out of the repository's history, :mod:`versions.site` runs processes of both, and :mod:`versions.rounds`
has clients at work while one takes the other's place, and back.
"""
