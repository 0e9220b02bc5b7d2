"""OpenAPI 3.0, 3.1 and 3.2: a service for every operation that can be one.

``reading`` walks through a document's operations; ``inputs`` makes one schema of parameters and body, ``outputs``
one of the answer; ``hints`` guesses annotations.
"""

from orra_client.imports.openapi.reading import Choice, read

__all__ = ["Choice", "read"]
