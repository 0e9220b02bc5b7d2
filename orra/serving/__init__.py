"""ASGI in small parts: request heads and bodies on their way in, answers on their way out.

Called by :mod:`orra.asgi` only; knows nothing of plans.
"""
