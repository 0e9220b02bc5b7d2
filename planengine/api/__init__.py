"""The REST API: what clients send is parsed, one domain function is called, its result is answered.

Called by :mod:`orra.urls`, and ``problems`` by :mod:`orra.asgi`; calls whatever it needs below, and alone with
``planengine.tasks`` puts messages on the queue.
"""
