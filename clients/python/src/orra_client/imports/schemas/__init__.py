"""Schemas of documents as schemas that a service may have.

``merging`` reads one level of a schema: what its references and ``allOf`` say together, in the words of JSON
Schema 2020-12. ``expansion`` writes a whole schema out of such levels, without references, as deep as there is
room for.
"""

from orra_client.imports.schemas.expansion import Room, Written, write
from orra_client.imports.schemas.merging import Level, Reader

__all__ = ["Level", "Reader", "Room", "Written", "write"]
