"""Forms of English words: plurals, tenses and the like."""

from __future__ import annotations

from collections.abc import Collection

from orra.base.remembering import remembered

# What is longer is no English word, and not kept in memory.
LONGEST_WORD = 40


def words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


def base_form(word: str, vocabulary: Collection[str]) -> str | None:
    """The entry of ``vocabulary`` that ``word`` is a form of: itself, or without -s, -ed, -ing and the like."""
    return next((stem for stem in stems(word) if stem in vocabulary), None)


# Verbs and their forms that endings do not tell, without those that are more often other words ("left", "saw").
_IRREGULAR = {
    form: forms.split()[0]
    for forms in """
        be been|become became|begin began begun|bend bent|bind bound|bite bit bitten|blow blew blown
        break broke broken
        bring brought|build built|burn burnt|buy bought|catch caught|choose chose chosen|come came|deal dealt
        do did done|draw drew drawn|drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|feed fed
        feel felt|fight fought|find found|fly flew flown|forbid forbade forbidden|forget forgot forgotten
        forgive forgave forgiven|freeze froze frozen|get got gotten|give gave given|go went gone|grow grew grown
        hang hung|have had|hear heard|hide hid hidden|hold held|keep kept|know knew known|lead led|learn learnt
        lend lent|lose lost|make made|mean meant|meet met|pay paid|prove proven|ride rode ridden|ring rang rung
        rise rose risen|run ran|say said|see seen|seek sought|sell sold|send sent|shake shook shaken|shoot shot
        show shown|sing sang sung|sink sank sunk|sleep slept|speak spoke spoken|spend spent|spin spun|stand stood
        steal stole stolen|stick stuck|swear swore sworn|sweep swept|swim swam swum|take took taken|teach taught
        tear torn|tell told|think thought|throw threw thrown|understand understood|wake woke woken|wear wore worn
        weave wove woven|win won|withdraw withdrew withdrawn|write wrote written|overwrite overwritten
        undo undid undone|redo redone|rebuild rebuilt|resend resent|repay repaid|reset resetting
    """.replace("\n", "|").split("|")
    for form in forms.split()[1:]
}


@remembered(8192, longest=LONGEST_WORD)
def stems(word: str) -> tuple[str, ...]:
    """What ``word`` may be a form of, itself first. Two words that share one are taken for forms of one word."""
    found = [word]
    if word in _IRREGULAR:
        found.append(_IRREGULAR[word])
    if len(word) <= 3 or len(word) > LONGEST_WORD:
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
