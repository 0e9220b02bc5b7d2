"""The server's commands, as ``orra NAME`` runs them: each is a function of the arguments behind its name that
returns the exit code, and the first line of its docstring is its help.

The package ``orra-client`` finds them by the entry points of the group ``orra.commands`` in ``pyproject.toml``;
``python -m orra NAME`` needs no package. To list them, nothing but their own modules is imported.
"""
