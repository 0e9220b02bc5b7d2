"""Several machines on one network, each with an address of its own, that are cut off and lost while clients are at
work: ``make machines``.

:mod:`machines.network` makes hosts of network namespaces, :mod:`machines.servers` runs Postgres, the brokers and
PgBouncer on them, :mod:`machines.cluster` orra's processes, :mod:`machines.faults` knows what is broken,
:mod:`machines.moving` moves a database to another host, and :mod:`machines.rates` measures. Load, ledger and what
must hold are :mod:`chaos`'.
"""
