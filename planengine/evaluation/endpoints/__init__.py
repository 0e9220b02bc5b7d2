"""Does what is configured work, and what will orra make of it: probes of the model's and the embeddings' endpoint.

:mod:`.asking` asks the model's server a few small questions, :mod:`.judging` makes findings of the answers and
does nothing else; :mod:`.embedding_checks` and :mod:`.trusting` do both, :mod:`.report` prints them.
"""
