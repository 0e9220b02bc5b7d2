"""What a request or a service *does*, as far as its words tell: the guard between "cancel" and "create".

Embeddings put opposites side by side, so that "cancel the order" is nearly "create an order". What changes the
world must therefore be asked for by a word of its own kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from planengine.planners.naming import stem, words_of

# One line per kind of change. A word may be in several; two words do the same when they share a kind.
_changes = {
    "refund": "refund reimburse reimbursement repay",
    "cancel": "cancel cancellation abort revoke annul void withdraw",
    "create": "create creation add make generate register registration open insert setup onboard enroll enrol "
    "provision establish build draft raise submit log record post publish compose write file",
    "delete": "delete deletion remove removal drop erase destroy purge wipe clear deprovision offboard "
    "decommission terminate",
    "update": "update change edit modify set adjust rename replace amend alter correct increase decrease raise lower "
    "configure patch",
    "notify": "notify notification tell inform email mail message alert text sms announce remind reminder send ping "
    "contact call share report",
    "book": "book reserve reservation booking schedule arrange rent hire",
    "ship": "ship shipment dispatch deliver",
    "pay": "pay payment charge bill debit capture settle invoice",
    "buy": "buy purchase order",
    "transfer": "transfer move wire migrate migration",
    "approve": "approve approval accept grant authorize authorise allow",
    "reject": "reject rejection deny decline refuse",
    "block": "block ban suspend disable deactivate lock freeze",
    "unblock": "unblock unban unlock enable activate reactivate unfreeze",
    "assign": "assign assignment allocate delegate give hand",
    "unassign": "unassign deallocate release",
    "start": "start launch run deploy deployment boot begin trigger execute release rollout",
    "restart": "restart reboot reload",
    "stop": "stop halt shutdown shut pause kill terminate end",
    "resume": "resume continue",
    "scale": "scale resize",
    "restore": "restore rollback revert undo recover",
    "save": "backup archive snapshot save store upload",
    "subscribe": "subscribe",
    "unsubscribe": "unsubscribe",
    "attach": "attach connect mount",
    "detach": "detach disconnect unmount",
    "restock": "restock replenish refill reorder",
    "redeem": "redeem",
    "close": "close resolve",
    "reopen": "reopen",
    "escalate": "escalate",
    "reset": "reset rotate renew",
    "merge": "merge",
    "return": "return",
    "postpone": "postpone delay defer reschedule",
    "promote": "promote",
    "demote": "demote",
    "dismiss": "dismiss fire",
    "invite": "invite",
    "extend": "extend prolong",
    "split": "split",
    "copy": "copy duplicate clone",
    "print": "print",
    "upgrade": "upgrade",
    "downgrade": "downgrade",
    "install": "install",
    "uninstall": "uninstall",
    "encrypt": "encrypt",
    "decrypt": "decrypt",
    "repair": "repair fix",
    "sell": "sell",
    "sign": "sign",
    "donate": "donate",
    "follow": "follow",
    "unfollow": "unfollow",
    "page": "page",
}
# Two words that are one verb.
_phrases = {
    "roll back": "rollback", "roll out": "rollout", "shut down": "shutdown", "set up": "setup", "call off": "cancel",
    "back up": "backup", "sign up": "register", "turn off": "stop", "turn on": "start", "switch off": "stop",
    "switch on": "start", "look up": "lookup", "find out": "find", "pay back": "repay", "send back": "return",
    "get rid": "delete", "opt out": "unsubscribe", "spin up": "create", "tear down": "decommission", "take down": "stop",
    "give back": "return", "work out": "calculate", "figure out": "determine", "check in": "checkin",
}
_harmless = (
    "get find show list search look lookup fetch retrieve read check see view display query know browse track monitor "
    "describe explain inspect identify locate discover load provide verify validate confirm return tell give determine "
    "calculate compute estimate convert translate summarize summarise analyze analyse extract parse render generate "
    "draw plot classify predict forecast simulate solve evaluate assess measure compare sort filter format transcribe "
    "detect run count rank recommend suggest optimize optimise plan design compose write draft score lookup collect "
    "quote review report diagnose scan audit examine learn train build"
)
# Verbs that leave it to their object to say what is done: "issue a refund", "place an order".
_light = frozenset("issue place process handle perform do conduct initiate make request arrange apply carry".split())
# Nouns as often as verbs: at the end of a service's name, or before "of", they name a thing.
_nouns_too = frozenset(
    "email mail check schedule charge return call contact rank sort design change update transfer review set run start "
    "end stop hand rent hire log post share ping move scale release draft build store save block lock drop ban alert "
    "search query display view quote format count measure estimate forecast track monitor request process place filter "
    "scan audit train backup archive snapshot upload patch reset mount reload ship payment reservation booking shipment "
    "notification reminder registration cancellation removal deletion deployment".split()
)
# Nouns more often than verbs: they ask for something only before what verbs alone take ("order the …").
_nouns = frozenset(
    "order book invoice record file report message list plan rate score text issue bill payment reservation booking "
    "shipment notification reminder registration cancellation removal deletion deployment light".split()
)
_objects_follow = frozenset(
    "the a an this that these those my our your his her its their all any each every both me us him them it you".split()
)
_determiners = frozenset("a an the my your our his her its their this these those".split())
_little = frozenset(
    "all any both each every some such what which who whose when where why how also only even just not nor for from "
    "with without within into onto over under about above after before between against along among around across near "
    "than then that there because while until since though although whether more less most least once per via plus "
    "minus but yet still like unlike have has had can could may might will would shall must does did are was were been "
    "being during through toward towards upon despite except inside outside behind beyond below beside amid off out "
    "down half twice quite rather many given".split()
)
_nominal_changes = frozenset(
    "refund reimbursement cancellation deletion removal reservation booking registration replacement".split()
)
_noun_follows = frozenset("of in on at by is are was were has have and or with between per as than".split())
_questions = frozenset("what what's whats which who who's whose whom when where where's why how how's is are was".split())
_about = frozenset("status detail details history info information state progress list number price cost".split())
_modals = frozenset("must needs need should is has was shall".split())

_groups: dict[str, frozenset[str]] = {}
for _group, _words in _changes.items():
    for _word in _words.split():
        _groups[stem(_word)] = _groups.get(stem(_word), frozenset()) | {_group}
_harmless_stems = frozenset(stem(word) for word in _harmless.split())
_light_stems = frozenset(stem(word) for word in _light)
_noun_stems = frozenset(stem(word) for word in _nouns_too | _nouns)
_tokens = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


@dataclass(frozen=True)
class Act:
    """``changes``: the kinds of change; ``harmless``: may also be reading or computing; ``verb``: the stem of a verb
    that is none of the known ones. Nothing of it: unknown."""

    changes: frozenset[str] = frozenset()
    harmless: bool = False
    verb: str = ""

    @property
    def known(self) -> bool:
        return self.harmless or bool(self.changes)

    @property
    def only_changes(self) -> bool:
        return bool(self.changes) and not self.harmless

    def suits(self, other: Act) -> bool:
        """Whether one may stand for the other; what is unknown may be anything."""
        if not (self.known and other.known):
            return True
        return bool(self.changes & other.changes) or (self.harmless and other.harmless)


READING = Act(harmless=True)


def act_of_request(text: str) -> Act:
    """What the imperative or the question ``text`` (politeness already cut off) asks for."""
    words = _joined_phrase([word.lower().replace("’", "'") for word in _tokens.findall(text)])
    if not words:
        return Act()
    head, rest = words[0], words[1:]
    if head in _questions:
        return READING
    if head == "give" and rest and rest[0] not in {"me", "us"}:
        return Act(_groups[stem("give")] | _acts_in(rest).changes)
    if head in _determiners and rest and rest[0] in _nominal_changes and not _about & set(rest[1:2]):
        return _acts_in(rest[:1])
    if head in {"tell", "give", "send", "show", "bring", "let"} and rest[:1] and rest[0] in {"me", "us"}:
        return READING
    if (head == "let" and "know" in rest[:4]) or (head == "tell" and rest and rest[0] not in _questions | {"whether"}):
        return Act(_groups[stem("notify")])
    if stem(head) in _noun_stems and rest and rest[0] in _about:
        return READING
    if head in _nouns and _modals & set(rest):
        return _acts_in(rest)
    act = act_of_word(head)
    if stem(head) in _light_stems:
        objects = _acts_in(rest[:4])
        return Act(objects.changes) if objects.changes else act
    if act.known:
        return act
    if rest and rest[0] in _objects_follow and head.isalpha():
        return Act(verb=stem(head))
    return Act(_acts_in(rest).changes, harmless=True)


def _looks_like_verb(head: str, following: str) -> bool:
    """ "… and bake a cake": what stands before an article and is no little word of its own is a verb."""
    inflected = head.endswith(("s", "ing", "ed", "ly"))
    return head.isalpha() and len(head) > 2 and not inflected and head not in _little and following in _determiners


def _joined_phrase(words: list[str]) -> list[str]:
    """Phrases as the one verb that they mean; of "money back", which stands at the end, wherever it is."""
    for place in range(len(words) - 1):
        if words[place : place + 2] == ["money", "back"]:
            words = [*words[:place], "refund", *words[place + 2 :]]
            break
    phrase = _phrases.get(" ".join(words[:2]))
    return [phrase, *words[2:]] if phrase else words


def act_of_service(name: str, description: str) -> Act:
    """What a service does: by a verb at either end of its name, else by the words its description begins with."""
    words = words_of(name)
    described = _leading_act(_tokens.findall(description.split(". ")[0]))
    ends = tuple(word for word in (*words[:1], *words[-1:]) if word in _base_forms or not word.endswith("ed"))
    for word in ends:
        act = act_of_word(word)
        if stem(word) in _light_stems:
            return _joined(described, _acts_in([other for other in words if other != word]))
        if act.known and stem(word) not in _noun_stems:
            return act if act.harmless and not act.changes else _joined(act, described)
    if words and act_of_word(words[0]) == READING:
        return READING
    return described if described.known else next((act for act in map(act_of_word, ends) if act.known), Act())


def opens_sentence(words: list[str]) -> bool:
    """Whether a sentence that begins so is an imperative or a question: nouns count as verbs where verbs stand."""
    head = words[0].lower() if words else ""
    about = len(words) > 1 and words[1].lower() in _about
    named = head in _nouns and bool(_modals & {word.lower() for word in words})
    return begins_request(words) or ((head in _base_forms or head in _light) and not about and not named)


def begins_request(words: list[str]) -> bool:
    """Whether the words after "and" ask for something of their own, rather than going on with a list of things."""
    words = _joined_phrase([word.lower().replace("’", "'") for word in words])
    if not words:
        return False
    head = words[0]
    following = words[1] if len(words) > 1 else ""
    if head in _questions - {"is", "are", "was"} or head == "let":
        return True
    if head not in _base_forms and head not in _light:
        return _looks_like_verb(head, following)
    if head in _nouns:
        return following in _objects_follow or following.isdigit()
    if stem(head) in _noun_stems:
        return bool(following) and following not in _noun_follows and following not in _about
    return True


def asks_a_question(text: str) -> bool:
    words = _tokens.findall(text)
    return bool(words) and words[0].lower().replace("’", "'") in _questions


def is_gerund(word: str) -> bool:
    word = word.lower()
    return word.endswith("ing") and act_of_word(word).known


def is_verb(word: str) -> bool:
    return act_of_word(word).known or stem(word) in _light_stems


def act_of_word(word: str) -> Act:
    return Act(_groups.get(stem(word), frozenset()), harmless=stem(word) in _harmless_stems)


def _acts_in(words: list[str]) -> Act:
    acts = [act_of_word(word) for word in words]
    return Act(frozenset().union(*(act.changes for act in acts)))


def _joined(act: Act, more: Act) -> Act:
    """A change that is told in two ways; what only reads adds nothing to it."""
    changes = more.changes if not more.harmless else frozenset()
    return Act(act.changes | changes, act.harmless and not changes)


def _leading_act(words: list[str]) -> Act:
    """The first verb of a description and the one joined to it: "Creates or updates …"."""
    if not words:
        return Act()
    if words[0].lower() in {"tells", "reports", "gives", "shares"}:
        return READING
    act = act_of_word(words[0])
    if stem(words[0]) in _light_stems:
        return Act(act.changes | _acts_in(words[1:6]).changes, act.harmless)
    for joint, word in zip(words[1:], words[2:], strict=False):
        if joint.lower() in {"and", "or"} and act.known and act_of_word(word).known:
            return Act(act.changes | act_of_word(word).changes, act.harmless or act_of_word(word).harmless)
    return act


_base_forms = frozenset(_harmless.split()).union(*(words.split() for words in _changes.values()))
