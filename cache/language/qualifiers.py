"""Words that change nothing, and words that narrow or widen what they stand by."""

from __future__ import annotations

from cache.language.forms import words_of

# Words that are said along and change nothing.
HARMLESS_WORDS = words_of(
    "bitte danke merci gracias veuillez something anything any somewhere anywhere think supposed "
    "wondering wonder feel kinda sorta please pls plz kindly just simply quickly really actually basically "
    "possibly maybe perhaps hi hello hey dear thanks thank thx ok okay well so like want need wish gonna "
    "wanna lets let very now help able try going go got get gets there s t m re ve d ll etc ever too oh um "
    "hmm yo sir madam it's information info details detail currently some"
)
# Words that look like nouns and narrow what they stand by, beside those that their endings tell.
PLAIN_QUALIFIERS = words_of(
    "new old big small large long short high low top main cheap free full empty open late early first last "
    "next past former ex own sick safe dirty clean hard soft raw live dead fast slow tall wide deep warm cold "
    "hot wet dry rich poor young local daily best worst more most less least half double single many few "
    "several one down up off back only even extra spare junior senior chief minor major prime premium basic "
    "standard pro beta draft final gross net total average black white red green blue yellow today tonight "
    "left right north south east west cancel delete remove unless except without near far per when where why "
    "who how than nationwide overnight again twice once together alone abroad online offline upstairs "
    "downstairs"
)
_QUALIFYING_ENDINGS = tuple(
    words_of(
        "ed ing est er able ible ful less ive al ous ic ary ory ent ant ish wise like some ward wards ly ern "
        "th ior ese ian free proof based level class term time"
    )
)
_QUALIFYING_BEGINNINGS = ("un", "non", "dis", "pre", "post", "sub", "over", "under", "re", "anti", "inter")
# Words with such endings or beginnings that narrow nothing.
PLAIN_THINGS = words_of(
    "table music topic public traffic clinic fabric magic logic metric mechanic restaurant restaurants "
    "document documents payment shipment appointment appointments department environment apartment event "
    "events content agent client clients patient patients student students tenant accountant assistant "
    "participant president parent parents comment comments statement statements agreement treatment equipment "
    "investment account accounts amount discount order orders customer customers user users number numbers "
    "server servers computer printer manager letter letters paper papers weather theater theatre movie movies "
    "cinema dinner teacher driver folder newsletter calendar reminder career corner parameter cover partner "
    "member members answer matter water river power tower temperature picture feature meeting meetings "
    "building ticket booking seating listing setting settings reading rating ratings review reviews report "
    "reports request requests result results service services response store resource resources rental signal "
    "journal animal hospital festival meal deal proposal material portal terminal category inventory salary "
    "history library story country battery delivery directory factory summary secretary dictionary diary bus "
    "menu house place price space size course vegetable variable cable vehicle article give have live serve "
    "serving serves having going whether playing showing starting being interesting sorting listening looking "
    "eating dining reserving drive archive objective detective executive"
)
# Nouns that only say what class of thing their neighbour is of: "the city of Lima", "the Python language".
CLASSIFYING_NOUNS = words_of(
    "amount "
    "city country state town village county province island language library framework command tool utility "
    "app application program software website site platform system thing things stuff item items people "
    "person human process dataframe one operator keyword term word concept acronym abbreviation letter "
    "command-line"
)
# How something is done where it is taken for granted that it is.
MANNER = words_of(
    "properly perfectly easily quickly simply correctly successfully effectively efficiently nicely neatly "
    "cleanly smoothly best exactly actually really basically essentially generally usually normally typically "
    "commonly possibly personally specifically precisely clearly well right"
)
# Asks what something is, as "what is" does.
EXPLAINING = words_of("explain define")
# Verbs that carry no meaning of their own in a question.
EMPTY_VERBS = words_of(
    "appear appears seem seems happen happens occur occurs exist exists use uses used using utilize make "
    "makes do does doing done have having need needs needed want wants work works get gets mean means involve "
    "involved be being been try trying take takes located situated"
)
# What leads to the params of a request that holds several: "a table for {n} people at {place}".
FRAMING_WORDS = MANNER | words_of(
    "be been being have having need needs needed want wants get gets make do doing take go people person "
    "persons party guests guest folks members place named called titled entitled name title one ones some any "
    "whether able possible give show list starting start scheduled near located available look looking open "
    "expected predicted serves serve serving whose that"
)
# At the place of a command: whoever asks to be shown something asks for the thing.
SHOWING_WORDS = words_of(
    "show display get list view see give fetch retrieve provide present read find search locate look "
    "check bring pull know learn obtain lookup"
)


def may_qualify(word: str) -> bool:
    """Whether ``word`` looks like one that narrows or widens what stands beside it."""
    return word not in PLAIN_THINGS and (
        word in PLAIN_QUALIFIERS
        or len(word) < 3
        or not word.isascii()
        or word.endswith(_QUALIFYING_ENDINGS)
        or word.startswith(_QUALIFYING_BEGINNINGS)
    )
