"""Words that hold an English sentence together, and where in it a verb says what to do."""

from __future__ import annotations

from collections.abc import Sequence

from cache.language.forms import words_of

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

ASKING_WORDS = words_of("check know see ask tell wonder determine verify say decide me us out test confirm")
COORDINATORS = words_of("and then also plus afterwards ; while")

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


def stands_as_command(words: Sequence[str], at: int) -> bool:
    """Whether the word at position ``at`` stands where a verb says what to do."""
    before = words[at - 1] if at else ""
    if before == "to":
        return at > 1 and words[at - 2] in INTENT_WORDS
    return at == 0 or before in CLAUSE_STARTS
