"""The client of orra: asks for plans, and carries them out where it runs."""
