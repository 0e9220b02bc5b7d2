"""Clients as others make them of the API's description, with a generator in an environment of its own."""
