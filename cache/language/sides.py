"""Words in the names of params that tell one of several from the others, which are otherwise alike."""

from __future__ import annotations

from cache.language.forms import words_of

SIDES = words_of(
    "from to source src target dest destination origin start end begin departure arrival sender receiver "
    "recipient first second third one two other another old new current previous next last before after "
    "left right top bottom in out min max minimum maximum low high lower upper buyer seller debit credit "
    "home away parent child primary secondary base quote input output original final this that self "
    "birth return refund tax confirm confirmed pickup pick dropoff drop check checkin checkout delivery sale "
    "savings work business mobile emergency alternate alternative ip mac web postal blocked admin manager owner "
    "time expiry expiration cancellation deposit discount payment "
    "winner loser lender borrower billing shipping due actual expected estimated planned total net gross"
)
