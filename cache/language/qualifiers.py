"""Words that change nothing, and words that narrow or widen what they stand by."""

from __future__ import annotations

from cache.language.forms import words_of

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


def may_qualify(word: str) -> bool:
    """Whether ``word`` looks like one that narrows or widens what stands beside it."""
    return (
        word in PLAIN_QUALIFIERS
        or len(word) < 3
        or not word.isascii()
        or word.endswith(_QUALIFYING_ENDINGS)
        or word.startswith(_QUALIFYING_BEGINNINGS)
    )
