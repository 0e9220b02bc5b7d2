"""What is answered to OPTIONS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.metadata import SimpleMetadata
from rest_framework.request import Request

if TYPE_CHECKING:  # rest_framework.views imports this module
    from rest_framework.views import APIView


class Metadata(SimpleMetadata):
    """Which methods and forms there are. What they take is described at ``/v1/schema``: REST framework's own guess
    asks views for an object that lists do not have."""

    def determine_actions(self, request: Request, view: APIView) -> dict[str, Any]:
        return {}
