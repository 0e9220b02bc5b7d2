"""Is this planner good enough? Labelled requests through the real loop, and what came of them."""
