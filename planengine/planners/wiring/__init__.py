"""From services that were chosen to a plan: who gives what to whom. The composer, the repair planner and plans by
example share it.
"""
