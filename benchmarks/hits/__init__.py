"""What a hit costs, whole and in its parts."""
