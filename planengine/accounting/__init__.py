"""What is counted: tokens and money of model calls, and what the cache did.

``budgets`` holds projects to what they may spend; ``tallies`` add finished plans up by the hour; ``usage`` and
``statistics`` tell it. Called by whatever asks a model for a project, by the API and the admin.
"""
