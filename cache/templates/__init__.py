"""An action's template: its words, its literals, and slots where params' values stand.

Pure: strings and JSON in, strings and JSON out. Called by everything that compares or stores requests; calls
:mod:`orra.base` only.
"""
