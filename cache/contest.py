"""What else than an entry's plan could be done with a request's params."""

from __future__ import annotations

from enum import StrEnum


class Contest(StrEnum):
    """How much hangs on the wording of a request.

    ``CONTESTED``: another service could do something with the params, so only the words tell what is wanted.
    ``OPEN``: no other could, but the plan is not the only one that can be made of them, for it has several
    services, or one with inputs to spare. ``SETTLED``: the plan's one service takes just these params by their
    names. There is no other plan to be made of them; a request can only be for it, or for what nobody offers.
    """

    CONTESTED = "contested"
    OPEN = "open"
    SETTLED = "settled"
