"""A whole stack under load: memory, fairness, a ledger of what was accepted, a slow model."""
