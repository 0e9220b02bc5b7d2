"""The cache and the composer on a folder of labelled requests."""
