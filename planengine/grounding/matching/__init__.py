"""Which use case applies to a request.

A use case's wordings are examples that vote for it, as plans' examples vote for plans. A request in the very words
of one is it, and so is one whose words, but for those that say nothing, are the use case's. For other words the
votes propose, and the risk is held against the project's tolerance. Every word must be accounted for, whatever the
use case does: a plan is made to do what a strict one requires, so "Do not refund …" must not be taken for one.

``wordings`` reads patterns, ``votes`` decides, without a database; ``lookup`` is the way in and keeps vectors.
"""
