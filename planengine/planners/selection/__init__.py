"""Selection planning: a model names the services that a request is after, out of those that can be called with its
params, and :mod:`planengine.planners.wiring` does the rest.

``shortlist`` says which can be called, ``answers`` reads what the model chose, ``references`` has it asked where
names and types leave an input open, ``planner`` puts them together. It may call prompts, wiring and the client of
the model's server.
"""
