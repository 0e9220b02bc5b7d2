"""What orra costs, measured in one run on this machine: ``python -m benchmarks``.

On a database of its own in a temporary folder; nothing is left behind.
"""
