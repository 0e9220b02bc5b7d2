"""Selection planning: a model names the services that a request is after, out of those that can be called with its
params, and :mod:`planengine.planners.wiring` does the rest.

``shortlist`` says which can be called, ``offers`` which of them a model is shown, ``answers`` reads what it chose,
``references`` has it asked where names and types leave an input open, ``conversation`` makes these calls for one
draft, ``planner`` decides when a whole plan is asked for instead. It may call prompts, wiring and the client of
the model's server.
"""
