"""Hits answered where the request arrives, in one statement, before anything of Django is asked."""
