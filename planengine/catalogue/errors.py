"""What keeps a service from being registered.

RegistrationInvalid        code, message, path
├── SchemaInvalid
├── AnnotationsInvalid
├── ExamplesInvalid
└── CapabilitiesInvalid
"""

from __future__ import annotations


class RegistrationInvalid(ValueError):
    """A member of a service's registration is faulty. ``path`` is the JSON pointer of the fault inside it, ``""``
    the whole; ``code`` is stable."""

    code = "invalid"

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path


class SchemaInvalid(RegistrationInvalid):
    code = "invalid_schema"


class AnnotationsInvalid(RegistrationInvalid):
    code = "invalid_annotations"


class ExamplesInvalid(RegistrationInvalid):
    code = "invalid_examples"


class CapabilitiesInvalid(RegistrationInvalid):
    code = "invalid_capabilities"
