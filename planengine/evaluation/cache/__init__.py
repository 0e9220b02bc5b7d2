"""How good the cache is on a team's own requests: what ``manage.py evaluate_cache`` runs."""
