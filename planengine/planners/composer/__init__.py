"""Planning without a model, for first steps, air-gapped places and plain requests: honest before clever, and the
same answer every time. ``composer`` is the planner; :mod:`planengine.planners.wiring` wires what it chooses.
"""
