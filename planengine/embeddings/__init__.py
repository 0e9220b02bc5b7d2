"""Texts to vectors: the embedding model in process or behind an endpoint, and what follows from changing it.

``embedders`` is the way in, ``calibration`` knows the similarity floor of a model, ``reembedding`` brings cached
plans to another one. Called by whatever compares meaning; calls :mod:`planengine.llm`, the cache and models.
"""
