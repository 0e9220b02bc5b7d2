"""The words and slots of a template in order, with what may be said in several ways said in one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cache.imperatives import find_order
from cache.language.forms import words_of
from cache.language.grammar import ARTICLES, COORDINATORS, FUNCTION_WORDS, stands_as_command
from cache.language.phrases import GAPPED, rewrite
from cache.language.slips import mend
from cache.templates.slots import Slot
from cache.templates.templates import Template, texts_between
from cache.templates.tokens import tokenize

# Words that are others when they are written in capitals, or begin with one inside a sentence.
ACRONYMS = {"US": "usa", "REST": "restful", "IT": "it-department", "WHO": "world-health-organization", "AM": "am"}
CAPITALISED = {"Go": "golang", "Swift": "swiftlang", "Word": "msword", "Access": "msaccess", "Teams": "msteams"}
# What may stand, with a slot, before a question.
LEADING = words_of("at in on for from by during , and") | {""}
CLITICS = frozenset({"'s", "'re", "'ve", "'ll", "'d", "'m"})
CLIPPED = words_of("whats hows wheres whos whens whys")
SENTENCE_ENDS = frozenset(".?!:;")
# How many words may stand inside "let … know".
WORDS_IN_GAP = 6
QUESTION_STARTS = words_of(
    "how why what which when where who whom whose explain difference vs count amount price duration distance size "
    "height age weight depth width speed temperature frequency probability define"
)
QUESTION_VERBS = words_of("is are was were do does did has have had can could should would will may might must am")
OWNING = re.compile(r"['’]s\b")
# What is known of words is remembered, so longer ones are shortened, each to a word of its own.
LONGEST_WORD = 64
_AS_LETTERS = str.maketrans("0123456789", "ghijklmnop")


@dataclass(frozen=True, slots=True)
class Word:
    """A word or sign of the text outside slots, or a slot. ``owner``: "'s" stands behind it."""

    text: str
    slot: Slot | None = None
    capital: bool = False
    owner: bool = False


def words_of_template(template: Template) -> tuple[Word, ...]:
    """The words as guards compare them: slips mended, phrases said in one way, questions and orders in theirs."""
    words = tuple(_reworded(_question_first(tuple(_read(template)))))
    return _as_order(tuple(_without_gaps(tuple(_reworded(words)))))


def texts_of(words: Sequence[Word]) -> tuple[str, ...]:
    """The words outside slots; a slot is an empty word."""
    return tuple("" if word.slot else word.text for word in words)


def _reworded(words: Sequence[Word]) -> Iterator[Word]:
    """The words with each phrase that says the same as others in their stead. What a phrase says may be part of
    another, so it takes two rounds."""
    at = 0
    for start, end, means in rewrite(texts_of(words)):
        yield from words[at:start]
        yield from (Word(text) for text in means)
        at = end
    yield from words[at:]


def _question_first(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """ "At {time}, what is on" as "what is on at {time}"."""
    plain = texts_of(words)
    at = 0
    while at < len(plain) and (plain[at] in LEADING or plain[at] in ARTICLES):
        at += 1
    following = plain[at] if at < len(plain) else ""
    asks = following in QUESTION_STARTS or (at > 1 and following in QUESTION_VERBS)
    if not asks or "" not in plain[:at]:
        return words
    end = next((end for end in range(at, len(plain)) if plain[end] in SENTENCE_ENDS), len(plain))
    first = tuple(word for word in words[:at] if word.text != ",")
    return words[at:end] + first + words[end:]


def _as_order(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The words with the verb first where they give an order in another form."""
    found = find_order(texts_of(words))
    if found is None:
        return words
    verb, gone = found
    return Word(verb), *(word for at, word in enumerate(words) if at not in gone)


def _without_gaps(words: Sequence[Word]) -> Iterator[Word]:
    """The words with "let … know" and the like as one."""
    plain = texts_of(words)
    closed: set[int] = set()
    for at, word in enumerate(words):
        ends = GAPPED.get(plain[at])
        if at in closed:
            continue
        if ends is None or not stands_as_command(plain, at):
            yield word
            continue
        for near in range(at + 2, min(at + 2 + WORDS_IN_GAP, len(plain))):
            if plain[near] in SENTENCE_ENDS or plain[near] in COORDINATORS:
                yield word
                break
            if plain[near] in ends:
                closed |= {near} | ({near - 1} if plain[near - 1] in ARTICLES else set())
                yield Word(ends[plain[near]], capital=word.capital)
                break
        else:
            yield word


def _read(template: Template) -> Iterator[Word]:
    texts = texts_between(template.action, template.slots)
    for at, text in enumerate(texts):
        yield from _read_text(text)
        if at < len(template.slots):
            owner = bool(OWNING.match(texts[at + 1]))
            yield Word(template.slots[at].name, template.slots[at], owner=owner)


def _read_text(text: str) -> Iterator[Word]:
    """The words of ``text``, with "don't" read as "do not" and without the rest of "it's" and "Ann's"."""
    tokens = tokenize(text)
    shouted = text.isupper()
    skip = 0
    for at, token in enumerate(tokens):
        if token.folded == "-" and 0 < at < len(tokens) - 1 and tokens[at - 1].end == token.start:
            continue  # "air-conditioning" is "air conditioning"
        if skip:
            skip -= 1
            continue
        tail = "".join(other.folded for other in tokens[at : at + 2]) if token.folded == "'" else ""
        if tail in CLITICS:
            skip = 1
            if tail == "'d":
                yield Word("would")
            continue
        tail = "".join(other.folded for other in tokens[at + 1 : at + 3])
        capital = text[token.start].isupper()
        if not shouted and capital and (name := _name_of(text[token.start : token.end], at)) is not None:
            yield Word(name, capital=True)
            continue
        if tail == "'t" and token.folded.endswith("n"):
            skip = 2
            if token.folded[:-1] not in ("ca", "wo", "sha"):
                yield Word(_in_short(token.folded[:-1]), capital=capital)
            yield Word("not")
        elif token.folded in CLIPPED:
            yield from (Word(token.folded[:-1], capital=capital), Word("is"))
        elif token.folded == "cannot":
            yield from (Word("can", capital=capital), Word("not"))
        else:
            is_name = capital and not shouted and at > 0
            said = _in_short(token.folded if is_name else mend(token.folded))
            yield Word(said, capital=capital, owner=tail == "'s" and token.folded not in FUNCTION_WORDS)


def _name_of(written: str, at: int) -> str | None:
    """What a capitalised word names that is another word in lower case: "US", "REST", "Go"."""
    if len(written) > 1 and written.isupper():
        return ACRONYMS.get(written)
    return CAPITALISED.get(written) if at else None


def _in_short(word: str) -> str:
    if len(word) <= LONGEST_WORD:
        return word
    return hashlib.sha256(word.encode(errors="surrogatepass")).hexdigest().translate(_AS_LETTERS)
