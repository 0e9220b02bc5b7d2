"""English words that change what is asked, as plain data for templates and guards.

All words are lower case and in their base form; :func:`base_form` finds the base form of a word as it stands in a
text. What is not listed changes nothing: the lists may be short of words, never wrong about one.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence


def words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTION_WORDS = words_of(
    "a an the i me my mine you your yours it its we us our he him his she her they them their this that "
    "these those in on at to of for from by with as and or but is are be am was were do does did so up if no "
    "not into per via can could will would shall should may might must have has had what which who whom whose "
    "when where why how there here please s t m re ve d ll"
)

NEGATIONS = words_of(
    "no not never none nobody nothing nor neither without cannot cant dont doesnt didnt wont wouldnt shouldnt "
    "isnt arent wasnt werent hasnt havent hadnt mustnt neednt couldnt aint avoid refrain"
)

# Words after which, or at the start of the text, a verb tells what to do.
CLAUSE_STARTS = words_of(
    "pls plz so because quickly simply really actually already rather how "
    "and then please you or also i we me us help not never dont kindly just now first finally next , . ; : ! ?"
)
# "I want to cancel", but not "from savings to checking".
INTENT_WORDS = words_of(
    "want like love need wish going try trying help how able have ready plan me us you not time"
)
# "issue a refund" does what "refund" does.
POLITE_WORDS = words_of("i we to please kindly would could can will shall let hi hello hey dear thanks thank")
LIGHT_VERBS = words_of("issue make do process perform give place submit request initiate want need get start run")
ARTICLES = words_of("a an the my our this that")

# Verbs that do something, by what they do. Two requests that do different things never share a plan.
EFFECTS: dict[str, frozenset[str]] = {
    name: words_of(verbs)
    for name, verbs in {
        "approve": "approve accept authorize authorise confirm grant permit allow endorse",
        "reject": "reject decline deny refuse disapprove veto forbid prohibit disallow",
        "enable": "enable activate reactivate",
        "disable": "disable deactivate suspend",
        "start": "start begin launch initiate resume restart unpause",
        "stop": "stop halt terminate abort end pause",
        "open": "open reopen",
        "close": "close shut",
        "create": "create generate register draft compose",
        "delete": "delete erase purge wipe destroy trash discard",
        "cancel": "cancel revoke void rescind annul",
        "add": "add append insert attach include put",
        "remove": "remove detach exclude",
        "change": "update change modify edit amend adjust rename revise replace",
        "undo": "undo revert rollback restore undelete",
        "refund": "refund reimburse repay",
        "charge": "charge bill invoice",
        "pay": "pay",
        "transfer": "transfer wire remit",
        "withdraw": "withdraw",
        "deposit": "deposit",
        "buy": "buy purchase",
        "sell": "sell",
        "borrow": "borrow",
        "lend": "lend loan",
        "book": "book reserve",
        "notify": "notify inform alert tell email mail message text sms ping remind warn",
        "send": "send",
        "receive": "receive",
        "ship": "ship dispatch deliver",
        "return": "return",
        "import": "import",
        "export": "export",
        "upload": "upload",
        "download": "download",
        "encrypt": "encrypt",
        "decrypt": "decrypt",
        "compress": "compress zip",
        "decompress": "decompress unzip extract",
        "lock": "lock freeze",
        "unlock": "unlock unfreeze",
        "block": "block ban blacklist",
        "unblock": "unblock unban whitelist",
        "subscribe": "subscribe enroll enrol",
        "unsubscribe": "unsubscribe unenroll",
        "follow": "follow",
        "unfollow": "unfollow",
        "publish": "publish",
        "unpublish": "unpublish retract",
        "archive": "archive",
        "unarchive": "unarchive",
        "mute": "mute silence",
        "unmute": "unmute",
        "hide": "hide conceal",
        "reveal": "unhide reveal",
        "connect": "connect link join",
        "disconnect": "disconnect unlink leave",
        "install": "install",
        "uninstall": "uninstall",
        "mount": "mount",
        "unmount": "unmount",
        "assign": "assign allocate",
        "unassign": "unassign deallocate",
        "increase": "increase raise boost expand extend",
        "decrease": "decrease reduce lower shrink shorten cut",
        "upgrade": "upgrade promote",
        "downgrade": "downgrade demote",
        "merge": "merge combine",
        "split": "split separate",
        "read": "show display get list view find fetch see search check look read "
        "what when where which who how is are will",
        "escalate": "escalate",
        "deploy": "deploy",
        "backup": "backup",
        "translate": "translate",
        "summarize": "summarize summarise",
        "schedule": "schedule",
        "reschedule": "reschedule postpone",
        "copy": "copy duplicate clone",
        "move": "move relocate",
        "save": "save store",
        "load": "load",
        "win": "win",
        "lose": "lose",
        "validate": "validate verify",
        "track": "track",
        "estimate": "estimate",
        "calculate": "calculate compute",
    }.items()
}
# What a wrong plan would at worst do in vain. A text that names no effect may mean one of these.
HARMLESS_EFFECTS = words_of(
    "read add book open create move assign save load track schedule start calculate estimate connect follow "
    "validate copy translate summarize"
)
# "turn it on", "log out": verb and particle, with few words between.
PHRASAL_EFFECTS: dict[tuple[str, str], str] = {
    (verb, particle): effect
    for effect, phrases in {
        "enable": "turn-on switch-on power-on",
        "disable": "turn-off switch-off power-off shut-off",
        "increase": "turn-up scale-up",
        "decrease": "turn-down scale-down cut-down",
        "stop": "shut-down",
        "cancel": "call-off",
        "undo": "roll-back",
        "refund": "pay-back",
        "return": "send-back give-back",
        "create": "set-up",
        "remove": "take-off take-out",
        "subscribe": "opt-in sign-up",
        "unsubscribe": "opt-out",
        "log in": "log-in sign-in clock-in punch-in log-on sign-on",
        "log out": "log-out sign-out clock-out punch-out log-off sign-off",
        "check in": "check-in",
        "check out": "check-out",
    }.items()
    for verb, particle in (phrase.split("-") for phrase in phrases.split())
}
PHRASAL_VERBS = frozenset(verb for verb, _ in PHRASAL_EFFECTS)
EFFECT_OF = {verb: name for name, verbs in EFFECTS.items() for verb in verbs}

# Opposite ends of one scale, wherever in the text they stand.
_verb_opposites = (
    "approve reject",
    "enable disable",
    "start stop",
    "open close",
    "create delete",
    "add remove",
    "buy sell",
    "borrow lend",
    "send receive",
    "import export",
    "upload download",
    "encrypt decrypt",
    "compress decompress",
    "lock unlock",
    "block unblock",
    "subscribe unsubscribe",
    "follow unfollow",
    "publish unpublish",
    "archive unarchive",
    "mute unmute",
    "hide reveal",
    "connect disconnect",
    "install uninstall",
    "mount unmount",
    "assign unassign",
    "increase decrease",
    "upgrade downgrade",
    "merge split",
    "withdraw deposit",
    "win lose",
    "save load",
)
_word_opposites = (
    "upward upwards|downward downwards",
    "before prior|after following",
    "above over exceeding|below under beneath",
    "more greater higher|less fewer lower",
    "most|least",
    "maximum max highest largest biggest|minimum min lowest smallest",
    "high tall|low short",
    "big large huge|small little tiny",
    "ascending asc|descending desc",
    "first earliest oldest|last latest newest",
    "old older|new newer",
    "early earlier|late later",
    "inside within|outside beyond",
    "inbound incoming|outbound outgoing",
    "internal|external",
    "public|private",
    "active|inactive",
    "valid|invalid",
    "available|unavailable",
    "paid|unpaid",
    "read|unread",
    "visible|invisible hidden",
    "online|offline",
    "manual manually|automatic automatically",
    "success succeed successful|fail failure failed unsuccessful",
    "cheap cheaper cheapest|expensive dearest priciest",
    "fast faster fastest quick quickest|slow slower slowest",
    "near nearby nearest close closest|far farther farthest furthest distant",
    "hot hotter hottest warm|cold colder coldest chilly",
    "good better best|bad worse worst",
    "positive|negative",
    "credit|debit",
    "sender|recipient receiver",
    "buyer customer|seller vendor supplier",
    "left|right",
    "top|bottom",
    "front|back",
    "north northern|south southern",
    "east eastern|west western",
    "morning|evening night",
    "weekday weekdays|weekend weekends",
    "domestic|foreign international",
    "male men|female women",
    "adult adults|child children kids",
    "same identical|different",
    "always|never",
    "true|false",
    "yes|no",
    "with|without",
    "until till|since",
    "increase|decrease",
    "gain profit|loss",
    "past previous|future upcoming",
    "encode|decode",
    "horizontal horizontally|vertical vertically",
    "row rows|column columns",
    "soft|hard",
    "import|export",
    "source|destination target",
    "arrival arrivals arriving|departure departures departing",
    "one-way|round-trip",
    "required mandatory|optional",
    "permanent permanently|temporary temporarily",
    "full fully|partial partially",
    "and|or",
    "up|down",
    "in|out",
    "on|off",
    "net|gross",
)
OPPOSITES: tuple[tuple[frozenset[str], frozenset[str]], ...] = tuple(
    (EFFECTS[one], EFFECTS[other]) for one, other in map(str.split, _verb_opposites)
) + tuple((words_of(one), words_of(other)) for one, other in (pair.split("|") for pair in _word_opposites))

ANTONYM_PREFIXES = ("un", "dis", "de", "non", "in", "im", "ir", "il", "mis")

# Which of them, how many, on what condition. By class, so that "every" may stand for "all".
SCOPE: dict[str, str] = {
    word: name
    for name, words in {
        "all": "all every each entire everything everyone everybody",
        "both": "both",
        "only": "only solely exclusively",
        "except": "except excluding excepting besides minus",
        "unless": "unless",
        "if": "if provided assuming",
        "until": "until till",
        "while": "while whilst",
        "once": "once",
        "half": "half",
        "double": "double twice",
        "either": "either",
        "other": "other others",
        "remaining": "remaining rest",
        "again": "again",
        "also": "additionally",
        "daily": "daily",
        "weekly": "weekly",
        "monthly": "monthly",
        "hourly": "hourly",
        "yearly": "yearly annually",
        "recurring": "recurring repeatedly regularly",
    }.items()
    for word in words.split()
}
SCOPE_PHRASES: dict[tuple[str, ...], str] = {
    tuple(phrase.split()): name
    for phrase, name in {
        "at most": "at most",
        "no more than": "at most",
        "not more than": "at most",
        "up to": "at most",
        "at least": "at least",
        "no less than": "at least",
        "no fewer than": "at least",
        "more than": "more than",
        "greater than": "more than",
        "over than": "more than",
        "less than": "less than",
        "fewer than": "less than",
        "other than": "except",
        "apart from": "except",
        "aside from": "except",
        "but not": "except",
        "as long as": "if",
        "in case": "if",
        "only if": "if",
    }.items()
}
# "check if it rains" asks whether, it sets no condition.
ASKING_WORDS = words_of("check know see ask tell wonder determine verify say decide me us out test confirm")

UNITS: dict[str, str] = {
    word: name
    for name, words in {
        "dollar": "$ dollar dollars buck bucks",
        "usd": "usd",
        "cent": "cent cents ¢",
        "euro": "€ euro euros eur",
        "pound": "£ pound pounds gbp",
        "yen": "¥ yen jpy",
        "rupee": "₹ rupee rupees inr",
        "franc": "chf franc francs",
        "won": "₩ won krw",
        "cad": "cad",
        "aud": "aud",
        "yuan": "yuan cny rmb",
        "bitcoin": "bitcoin bitcoins btc",
        "percent": "% percent pct",
        "microgram": "mcg µg ug microgram micrograms",
        "milligram": "mg milligram milligrams",
        "gram": "g gram grams",
        "kilogram": "kg kgs kilo kilos kilogram kilograms",
        "pound weight": "lb lbs",
        "ounce": "oz ounce ounces",
        "ton": "ton tons tonne tonnes",
        "millimetre": "mm millimeter millimeters millimetre millimetres",
        "centimetre": "cm centimeter centimeters centimetre centimetres",
        "metre": "m meter meters metre metres",
        "kilometre": "km kms kilometer kilometers kilometre kilometres",
        "inch": "inch inches",
        "foot": "ft foot feet",
        "yard": "yd yard yards",
        "mile": "mi mile miles",
        "millilitre": "ml milliliter milliliters millilitre millilitres",
        "litre": "l liter liters litre litres",
        "gallon": "gal gallon gallons",
        "millisecond": "ms millisecond milliseconds",
        "second": "s sec secs second seconds",
        "minute": "min mins minute minutes",
        "hour": "h hr hrs hour hours",
        "day": "d day days",
        "week": "wk week weeks fortnight",
        "month": "month months",
        "year": "yr yrs year years",
        "kilobyte": "kb kilobyte kilobytes",
        "megabyte": "mb megabyte megabytes",
        "gigabyte": "gb gigabyte gigabytes",
        "terabyte": "tb terabyte terabytes",
        "celsius": "celsius c",
        "fahrenheit": "fahrenheit f",
        "kelvin": "kelvin",
        "dozen": "dozen dozens",
        "hundred": "hundred hundreds",
        "thousand": "thousand thousands k",
        "million": "million millions mn",
        "billion": "billion billions bn",
    }.items()
    for word in words.split()
}

# The role of what follows.
DIRECTIONS: dict[str, str] = {
    word: name
    for name, words in {
        "from": "from",
        "to": "to into onto toward towards",
        "before": "before prior until till",
        "after": "after following since",
        "above": "above over exceeding",
        "below": "below under beneath",
        "between": "between",
        "against": "against",
        "instead": "instead",
        "through": "via through",
        "with": "with",
        "without": "without",
        "by": "by",
        "for": "for",
    }.items()
    for word in words.split()
}
CONFLICTING_DIRECTIONS = tuple(
    frozenset(pair.split())
    for pair in (
        "from to",
        "before after",
        "above below",
        "with without",
        "from instead",
        "to instead",
        "for against",
        "by to",
    )
)
COORDINATORS = words_of("and then also plus afterwards ; while")


def stands_as_command(words: Sequence[str], at: int) -> bool:
    """Whether the word at position ``at`` stands where a verb says what to do."""
    before = words[at - 1] if at else ""
    if before == "to":
        return at > 1 and words[at - 2] in INTENT_WORDS
    return at == 0 or before in CLAUSE_STARTS


def base_form(word: str, vocabulary: Collection[str]) -> str | None:
    """The entry of ``vocabulary`` that ``word`` is a form of: itself, or without -s, -ed, -ing and the like."""
    return next((stem for stem in stems(word) if stem in vocabulary), None)


@functools.lru_cache(maxsize=8192)
def stems(word: str) -> tuple[str, ...]:
    """What ``word`` may be a form of, itself first. Two words that share one are taken for forms of one word."""
    found = [word]
    if len(word) <= 3 or len(word) > 40:
        return tuple(found)
    if word.endswith("ies"):
        found.append(word[:-3] + "y")
    elif word.endswith("es"):
        found += (word[:-1], word[:-2])
    elif word.endswith("s") and not word.endswith("ss"):
        found.append(word[:-1])
    for ending in ("ied", "ed", "ing", "ation", "al", "ment"):
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            stem = word.removesuffix(ending)
            found += (stem + "y",) if ending == "ied" else (stem, stem + "e")
            if len(stem) > 2 and stem[-1] == stem[-2]:
                found.append(stem[:-1])
    return tuple(found)
