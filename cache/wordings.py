"""English phrasings that say the same, as plain data for readings and guards.

Like :mod:`cache.lexicon`, the lists may be short of words, never wrong about one: what they do not know counts
as a difference.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Sequence

from cache.lexicon import UNITS, stems, words_of


def _phrases(text: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """``a b > c`` on each line: the words ``a b`` say what ``c`` says; of ``a|b`` each does."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        said, _, means = line.partition(">")
        variants: list[tuple[str, ...]] = [()]
        for word in said.split():
            variants = [(*variant, one) for variant in variants for one in word.split("|")]
        found.update(dict.fromkeys(variants, tuple(means.split())))
    return found


# Frames around a request, which ask for nothing themselves.
FRAMES = _phrases(
    """
    would|do you mind >
    if you do|would not mind >
    if you would|could|can|will|please >
    if possible >
    if that is possible|ok|okay|alright >
    would|will|is it be possible to|for >
    is it possible to >
    be so kind as to >
    be so kind and >
    be kind enough to >
    go ahead and >
    go on and >
    i|we want|need you to >
    i|we would|should like|love you to >
    i|we would|should like|love to >
    i|we want|need|wish|like|wanna to >
    i|we would appreciate it if you >
    i|we appreciate it if you >
    i|we would be grateful if you >
    i am|was wondering if you >
    i am|was hoping you >
    i am looking for > find
    i looking for > find
    i am trying to >
    i trying to >
    why do not you|we >
    not you >
    do not forget to >
    be sure to >
    remember to >
    do not hesitate to >
    thanks in advance >
    thank you in advance >
    many thanks in advance >
    many thanks >
    thanks a lot|bunch|million >
    thanks so|very much >
    thank you so|very much >
    thank you a lot|bunch|million >
    thank you >
    thanks >
    cheers >
    good morning|afternoon|evening|day >
    hi|hello|hey|dear there|all|team|everyone|folks >
    for me|us please >
    right away|now >
    as soon as possible >
    a favour|favor and >
    """
)
# What several words say that one word says too.
PHRASES = _phrases(
    """
    e - mail > email
    wi - fi > wifi
    send a|the reminder to|of|about|for > remind
    give|write|make|create a|the summary of|for > summarize
    as well as > and
    along with > and
    together with > and
    in addition to > and
    no longer > stop
    free of > without
    any of|more > of
    some kind|sort of >
    a kind|sort|type of >
    a lot|bunch|couple of > some
    what|which kind|sort|type of >
    weather forecast|report|conditions > forecast
    what is the way to > how
    what is the best|right|easiest|proper way to > how
    what is the process of|for > how
    show|tell how to > how
    show how > how
    explain how to|i|we|you > how
    steps to|for > how
    at once >
    prior to > before
    ahead of > before
    in front of > before
    instead of > instead
    in place of > instead
    because of > due
    how many > count
    the number of > count of
    number of > count of
    how much does|do|is|are|was|will|would > price
    how much > amount
    how do|can|could|should|would i|we|you|one > how
    how to > how
    where can|could|do i|we find|get|see > find
    what time is|are|does|do|will > when
    let me|us know > show
    let me|us see|have > show
    give|get|show|find|bring|fetch|hand|send me|us > show
    tell me|us if|whether > check whether
    check|see if > check whether
    tell me|us > show
    walk|guide|take|talk me|us through > show
    look|search|check|hunt|scan|shop for > find
    look|search up > find
    pull|bring up > show
    list|listing of > of
    take|have a look at > show
    set up a|an|the meeting > schedule a meeting
    set up a|an|the call > schedule a call
    set up a|an|the appointment > schedule a appointment
    set up > create
    put together > create
    sign|signed up > subscribe
    get rid of > remove
    take care of > handle
    at the moment > currently
    right now > currently
    make sure > ensure
    carry out > run
    fill in|out > complete
    """
)
_LONGEST = max(map(len, (*FRAMES, *PHRASES)))
# Words that are said along and change nothing.
HARMLESS_WORDS = words_of(
    "bitte danke merci gracias veuillez something anything any another somewhere anywhere think "
    "supposed wondering wonder feel kinda sorta please pls plz kindly just simply quickly really "
    "actually basically possibly maybe perhaps hi hello hey dear "
    "thanks thank thx ok okay well so like want need wish gonna wanna lets let very now help able try "
    "going go got get gets there s t m re ve d ll etc ever too oh um hmm yo sir madam "
    "whats it's information info details detail currently some"
)
# Words that look like nouns and narrow what they stand by, beside those that their endings tell.
PLAIN_QUALIFIERS = words_of(
    "new old big small large long short high low top main cheap free full empty open late early first last next "
    "past former ex own sick safe dirty clean hard soft raw live dead fast slow big tall wide deep warm cold hot "
    "wet dry rich poor young local daily best worst more most less least half double single many few several one "
    "past down up off back only even extra spare junior senior chief minor major prime premium basic standard pro "
    "beta draft final gross net total average black white red green blue yellow today tonight left right north "
    "south east west cancel delete remove unless except without near far per when where why who how than "
    "nationwide "
    "overnight again twice once together alone abroad online offline upstairs downstairs"
)
_QUALIFYING_ENDINGS = tuple(
    words_of(
        "ed ing est er able ible ful less ive al ous ic ary ory ent ant ish wise like some ward wards ly ern th "
        "ior ese "
        "ian free proof based level class term time"
    )
)
_QUALIFYING_BEGINNINGS = ("un", "non", "dis", "pre", "post", "sub", "over", "under", "re", "anti", "inter")
# At the place of a command: whoever asks to be shown something asks for the thing.
SHOWING_WORDS = words_of(
    "show display get list view see tell give fetch retrieve provide present read find search locate look check "
    "bring pull know learn obtain lookup"
)

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
# Words of these that differ in spelling only.
_SPELLINGS = (
    ("isation", "ization"),
    ("ising", "izing"),
    ("ised", "ized"),
    ("iser", "izer"),
    ("ises", "izes"),
    ("ise", "ize"),
    ("yse", "yze"),
    ("our", "or"),
    ("ogue", "og"),
    ("tre", "ter"),
    ("ence", "ense"),
    ("lled", "led"),
    ("lling", "ling"),
    ("grey", "gray"),
    ("cheque", "check"),
    ("programme", "program"),
)
# Pairs of words that look like slips of one another.
_confusable = frozenset(
    frozenset(pair.split("/"))
    for pair in words_of(
        "contact/contract desert/dessert diner/dinner later/latter customer/costumer planed/planned angel/angle "
        "united/untied form/from trail/trial casual/causal martial/marital sacred/scared quiet/quite bared/barred "
        "hoping/hopping staring/starring tapping/taping moped/mopped loser/looser"
    )
)
_LEAST_FOR_SWAP, _LEAST_FOR_DOUBLE, _LEAST_FOR_MISSING = 5, 5, 7


def _synonyms() -> dict[str, frozenset[int]]:
    found: defaultdict[str, set[int]] = defaultdict(set)
    for number, group in enumerate(_groups.strip().splitlines()):
        for word in group.split():
            found[word].add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


_SYNONYMS = _synonyms()


def rewrite(words: Sequence[str]) -> list[tuple[int, int, tuple[str, ...]]]:
    """The phrases in ``words`` and what they say in other words, from left to right: ``(start, end, means)``."""
    found = []
    at = 0
    while at < len(words):
        for size in range(min(_LONGEST, len(words) - at), 0, -1):
            phrase = tuple(words[at : at + size])
            means = FRAMES.get(phrase, PHRASES.get(phrase))
            if means is not None:
                found.append((at, at + size, means))
                at += size
                break
        else:
            at += 1
    return found


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
    return _spelling(one) == _spelling(other) or is_slip(one, other)


@functools.lru_cache(maxsize=8192)
def _forms(word: str) -> frozenset[str]:
    """What the word may be a form of, two endings deep: "reservations" of "reserve"."""
    return frozenset(form for stem in stems(word) for form in stems(stem))


def _groups_of(word: str) -> frozenset[int]:
    return _SYNONYMS.get(word, frozenset()) | _SYNONYMS.get(_spelling(word), frozenset())


@functools.lru_cache(maxsize=8192)
def _spelling(word: str) -> str:
    if len(word) > 4:
        for british, american in _SPELLINGS:
            word = word.replace(british, american)
    return word


def may_qualify(word: str) -> bool:
    """Whether ``word`` looks like one that narrows or widens what stands beside it."""
    return (
        word in PLAIN_QUALIFIERS
        or len(word) < 3
        or not word.isascii()
        or word.endswith(_QUALIFYING_ENDINGS)
        or word.startswith(_QUALIFYING_BEGINNINGS)
    )


def is_slip(one: str, other: str) -> bool:
    """Whether one of two long words is the other with two letters swapped, or with a letter doubled, or left out
    inside. A letter for another is no slip: words that differ so are too often both words."""
    if len(one) > len(other):
        one, other = other, one
    if not 0 <= len(other) - len(one) <= 1 or one[:1] != other[:1] or frozenset((one, other)) in _confusable:
        return False
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) == len(other):
        swapped = one[:at] + one[at : at + 2][::-1] + one[at + 2 :]
        return len(one) >= _LEAST_FOR_SWAP and swapped == other
    if one[at:] != other[at + 1 :] or other.endswith("s"):
        return False
    doubled = at > 0 and other[at] == other[at - 1]
    return len(one) >= (_LEAST_FOR_DOUBLE if doubled else _LEAST_FOR_MISSING) and at < len(one)
