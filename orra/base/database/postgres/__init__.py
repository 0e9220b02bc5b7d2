"""Django's backend for Postgres, for sessions that may be shared: the settings' ``ENGINE``."""
