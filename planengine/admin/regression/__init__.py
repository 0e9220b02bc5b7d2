"""Saved requests and their runs: is everything planned as it is expected?"""
