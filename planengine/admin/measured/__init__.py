"""Pages of what the engine counts and finds out by itself. Operators look, and delete what shall be found out
anew."""
