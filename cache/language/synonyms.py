"""English words that stand for one another."""

from __future__ import annotations

import functools
from collections import defaultdict

from cache.language.forms import stems
from cache.language.quantities import UNITS
from cache.language.spelling import is_slip, standard_spelling

# Words of one group stand for one another wherever they stand. By themselves: no group may hold the general and
# the special ("notify" and "mail"), for a plan for the one does not do the other.
_groups = """
delete erase
remove delete
cancel annul void
create make generate
change update modify edit alter
buy purchase
reserve book
begin start launch
stop end halt cease
pause suspend
choose pick select
fix repair
calculate compute
estimate approximate
verify validate
arrange schedule
examine inspect
allow permit
block ban
forbid prohibit
reject decline refuse
approve authorize
enable activate
disable deactivate
transfer wire
move relocate
move reschedule postpone
copy duplicate clone
combine merge
divide split
show display
notify inform
notify alert
remind reminder
send dispatch
ship dispatch
deliver delivery
return returns
refund reimburse repay reimbursement
summarize summary
describe description
explain explanation
analyze analysis
install installation
configure configuration
confirm confirmation
subscribe subscription
register registration
translate translation
convert conversion
compare comparison
recommend suggest recommendation suggestion
evaluate assess
increase raise
decrease reduce lower
expand extend
shorten shrink
attach append
insert add
include add
put place add
book reservation
music song tune
table seat spot
rate rank score
music musical
order purchase
unsubscribe unenroll
assemble build
construct build
ask request
answer reply respond response
call phone ring
speak talk
mail email
hire recruit
fire dismiss
close shut
archive archiving
photo picture photograph image pic
film movie
flat apartment
shop store
car automobile
bike bicycle
lorry truck
parcel package
holiday vacation
lift elevator
invoice bill
client customer
employee staff worker
doctor physician
lawyer attorney
kid child children
house home
job position
salary wage pay
price cost fee
phone telephone
mobile cellphone
tv television
fridge refrigerator
error fault
bug defect
document doc
documentation docs
repository repo
database db
application app
configuration config
environment env
administrator admin
information info
advertisement ad advert
laboratory lab
message msg
picture pic
temperature temp
maximum max
minimum min
average mean
quantity qty
password passphrase
forecast prediction weather
hear listen play
song tune
eat dine
sing perform
error failure
song track tune
meal dish
team group squad
trip journey
street road
big large
small little
quick fast rapid
quickly fast
current present
overdue late
cheap inexpensive
cheapest lowest-priced
expensive costly
recent latest newest
new fresh
old ancient
broken faulty defective
correct right
wrong incorrect
important crucial
entire whole
nearby near close
next upcoming
remaining left
before prior preceding
after following
above over exceeding
below under beneath
until till
per each
also additionally
via through
time when
use usage
reboot restart
transfer move
file submit
make set
song music tune
watch see
show play
"""


def _synonyms() -> dict[str, frozenset[int]]:
    found: defaultdict[str, set[int]] = defaultdict(set)
    for number, group in enumerate(_groups.strip().splitlines()):
        for word in group.split():
            found[word].add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


_SYNONYMS = _synonyms()


@functools.lru_cache(maxsize=16384)
def say_the_same(one: str, other: str) -> bool:
    """Whether two words are forms, spellings or slips of one word, or of one meaning."""
    if one == other or (one in UNITS and UNITS[one] == UNITS.get(other)):
        return True
    forms, others = _forms(one), _forms(other)
    if not forms.isdisjoint(others):
        return True
    if any(_groups_of(form) & _groups_of(variant) for form in forms for variant in others):
        return True
    return standard_spelling(one) == standard_spelling(other) or is_slip(one, other)


@functools.lru_cache(maxsize=8192)
def _forms(word: str) -> frozenset[str]:
    """What the word may be a form of, two endings deep: "reservations" of "reserve"."""
    return frozenset(form for stem in stems(word) for form in stems(stem))


def _groups_of(word: str) -> frozenset[int]:
    return _SYNONYMS.get(word, frozenset()) | _SYNONYMS.get(standard_spelling(word), frozenset())
