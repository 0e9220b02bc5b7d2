"""What can be planned with: a project's services, what they say of themselves, and what fits into what.

``specs`` and the modules of schemas, annotations and examples are pure values that planners and validation judge
by; ``registry`` reads and writes the rows. Calls :mod:`orra.base`, and the cache's words and rows where services
change what is cached.
"""
