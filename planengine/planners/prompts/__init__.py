"""What models are told. ``selection`` asks which services a request is after, ``full`` asks for a whole plan, and
``sections`` keeps what other people wrote apart from both.
"""

# Part of the cache's scope: raise it whenever the words of a prompt would make a model plan differently.
PROMPT_VERSION = "p3"
