"""What can be planned with: a project's services, their schemas, and what fits into what.

``specs`` and the schema modules are pure values that planners and validation judge by; ``registry`` reads and
writes the rows. Calls :mod:`orra.base`, and the cache's words and rows where services change what is cached.
"""
