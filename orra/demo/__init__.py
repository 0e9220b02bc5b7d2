"""A small shop that asks for plans: what ``orra demo`` performs, and how it is told.

Called by the command ``demo``; speaks with a stack over its REST API and knows nothing of plans beyond it.
"""
