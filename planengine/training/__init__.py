"""Accepted plans as lessons for a model, without anybody's values.

``export`` writes them; ``anonymity`` replaces values and looks again, with what ``synthesis`` makes up. Called by
``manage.py export_training_data``; calls prompts, the catalogue, validation and the cache's templates.
"""
