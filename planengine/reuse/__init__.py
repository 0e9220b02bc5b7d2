"""The plan engine's use of the cache: what a request is looked up by, and when a cached plan may serve it.

``plan_cache`` is the way in; ``model_check`` asks a model whether two requests mean the same, with ``questions``;
``freshness`` finds plans that a new service makes second best; ``origins`` tells whose plans a hit rests on.
Called by the life of a plan; calls the cache.
"""
