"""Does what is configured work, and what will orra make of it: probes of the model's and the embeddings' endpoint.

:mod:`.asking` and :mod:`.embedding_asking` ask real servers a few small questions, :mod:`.judging` and
:mod:`.embedding_judging` make findings of the answers and do nothing else, :mod:`.report` prints them.
"""
