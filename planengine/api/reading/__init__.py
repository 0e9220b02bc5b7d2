"""What a request says: who asks, what they may, bodies, queries and pages of lists."""
