"""``make containers``: the image and compose.yaml of ``deploy/``, built, run and looked at with an engine."""
