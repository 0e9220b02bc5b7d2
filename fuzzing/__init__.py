"""The REST API under strange requests, made of its own description (``make fuzz``)."""
