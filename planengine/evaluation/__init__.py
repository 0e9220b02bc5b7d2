"""How good it is, measured: the cache, planners, endpoints, and the hits that were served.

Called by commands, and ``shadow`` by tasks and the API; calls everything that it measures.
"""
