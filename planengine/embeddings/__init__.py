"""Texts to vectors: the embedding model in process or behind an endpoint, and what follows from changing it.

``embedders`` is the way in, ``calibration`` knows the similarity floor of a model, ``reembedding`` brings cached
plans to another one. Called by whatever compares meaning; calls :mod:`planengine.llm`, the cache and models.
"""

import os

# Read when onnxruntime is imported. It would keep a record of its use in the user's home and send it to its
# makers, from a thread that a fork of the process waits for in vain.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
