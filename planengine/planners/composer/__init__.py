"""Planning without a model: services wired by the names and types of their fields, the same answer every time.

``composer`` is the planner; ``bench`` lays a request out, ``chaining`` wires it, ``naming`` knows when two names
mean the same, ``producers`` who gives what. Also used to repair a model's draft and to say what would have been
right.
"""
