"""The English words that requests and services are made of, sorted by what they do there."""

from __future__ import annotations

from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# One line per kind of change. A word may be in several; two words do the same when they share a kind.
CHANGES: Mapping[str, str] = {
    "refund": "refund reimburse reimbursement repay",
    "cancel": "cancel cancellation abort revoke annul void withdraw",
    "create": "create creation add addition make generate register registration open insert setup onboard enroll "
    "enrol provision establish build draft raise submit log record post publish compose write file schedule",
    "delete": "delete deletion remove removal drop erase destroy purge wipe clear dispose disposal discard "
    "deprovision offboard decommission terminate",
    "update": "update change edit modify set adjust rename replace amend alter correct increase decrease raise "
    "lower configure patch",
    "notify": "notify notification tell inform email mail message alert text sms announce remind reminder send "
    "ping contact call share report post",
    "book": "book reserve reservation booking schedule arrange rent hire",
    "ship": "ship shipment dispatch deliver send",
    "pay": "pay payment charge bill debit capture settle",
    "invoice": "invoice bill",
    "buy": "buy purchase order reorder checkout",
    "transfer": "transfer move wire migrate migration send",
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
    "restock": "restock replenish refill reorder fill",
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
# The kinds that take something away; for these a word of their own kind must have been said.
DESTRUCTIVE = _words(
    "delete cancel block stop reject close dismiss detach uninstall unassign unsubscribe downgrade"
)
# Things of which to create one is to do it: a reservation books, a reminder reminds.
CREATED = _words(
    "refund reimbursement reservation booking reminder notification shipment registration backup snapshot order "
    "invoice"
)
# Two words that are one verb.
PHRASES: Mapping[str, str] = {
    "roll back": "rollback",
    "roll out": "rollout",
    "shut down": "shutdown",
    "set up": "setup",
    "call off": "cancel",
    "back up": "backup",
    "sign up": "register",
    "turn off": "stop",
    "turn on": "start",
    "switch off": "stop",
    "switch on": "start",
    "look up": "lookup",
    "find out": "find",
    "pay back": "repay",
    "send back": "return",
    "get rid": "delete",
    "opt out": "unsubscribe",
    "spin up": "create",
    "tear down": "decommission",
    "take down": "stop",
    "give back": "return",
    "work out": "calculate",
    "figure out": "determine",
    "check in": "checkin",
    "check out": "checkout",
    "take off": "remove",
    "cross off": "remove",
    "throw away": "dispose",
    "throw out": "dispose",
    "cut off": "disconnect",
    "put off": "postpone",
    "hand over": "assign",
    "write down": "record",
    "write to": "message",
    "note down": "record",
    "send out": "send",
    "pull up": "show",
    "bring up": "show",
    "drop off": "deliver",
    "start up": "start",
    "power on": "start",
    "power off": "stop",
    "power down": "stop",
    "top up": "refill",
    "fill up": "refill",
}
# The second words of phrases that may stand apart ("switch the lights off"), and what may come after them there.
PARTICLES = _words("off on out up down back over away")
AFTER_PARTICLES = _words("in at for to by please now again today tonight tomorrow")
# "This function allows users to …": what introduces a service and does not tell what it does.
PREAMBLE = _words(
    "this the a an it function service tool api endpoint method agent module is are be used can will for to that "
    "which allows allow lets let enables enable helps help you user users"
)
# Reading and computing: nothing is different afterwards.
HARMLESS = _words(
    "get find show list search look lookup fetch retrieve read check see view display query know browse track "
    "monitor describe explain inspect identify locate discover load provide verify validate confirm return tell "
    "give determine calculate compute estimate convert translate summarize summarise analyze analyse extract "
    "parse render generate draw plot classify predict forecast simulate solve evaluate assess measure compare "
    "sort filter format transcribe detect run count rank recommend suggest optimize optimise plan design compose "
    "write draft score lookup collect quote review report diagnose scan audit examine learn train build "
    "download export categorize print"
)
# Of these, the verbs that say exactly what is wanted: to transcribe a video is not to download it.
EXACT = _words(
    "convert translate summarize summarise extract parse render draw plot classify categorize predict forecast "
    "simulate sort transcribe detect rank compare optimize optimise audit scan diagnose"
)
# Verbs that leave it to their object to say what is done: "issue a refund", "place an order".
LIGHT = _words("issue place process handle perform do conduct initiate make request arrange apply carry")
# Nouns as often as verbs: at the end of a service's name, or before "of", they name a thing.
NOUNS_TOO = _words(
    "email mail check schedule charge return call contact rank sort design change update transfer review set run "
    "start end stop hand rent hire log post share ping move scale release draft build store save block lock drop "
    "ban alert search query display view quote format count measure estimate forecast track monitor request "
    "process place filter scan audit train backup archive snapshot upload patch reset mount reload ship payment "
    "reservation booking shipment notification reminder registration cancellation removal deletion deployment"
)
# Nouns more often than verbs: they ask for something only before what verbs alone take ("order the …").
NOUNS = _words(
    "order book invoice record file report message list plan rate score text issue bill payment reservation "
    "booking shipment notification reminder registration cancellation removal deletion deployment light"
)
# What only follows a verb.
OBJECTS = _words(
    "the a an this that these those my our your his her its their all any each every both me us him them it you"
)
DETERMINERS = _words("a an the my your our his her its their this these those")
# Before an article and yet no verbs.
LITTLE_WORDS = _words(
    "all any both each every some such what which who whose when where why how also only even just not nor for "
    "from with without within into onto over under about above after before between against along among around "
    "across near than then that there because while until since though although whether more less most least "
    "once per via plus minus but yet still like unlike have has had can could may might will would shall must "
    "does did are was were been being during through toward towards upon despite except inside outside behind "
    "beyond below beside amid off out down half twice quite rather many given"
)
# "A refund for …" asks for the refund.
NOMINAL_CHANGES = _words(
    "refund reimbursement cancellation deletion removal reservation booking registration replacement"
)
# What follows a noun rather than a verb.
AFTER_NOUNS = _words("of in on at by is are was were has have and or with between per as than")
# How questions begin.
QUESTIONS = _words("what what's whats which who who's whose whom when where where's why how how's is are was")
# How questions begin that ask for yes or no; only at the head of a sentence are they sure to be one.
AUXILIARIES = _words("is are was were am do does did has had")
# "The order status" is about the order, and asks for no order.
ASPECTS = _words("status detail details history info information state progress list number price cost")
# "The order must be cancelled": the verb comes later.
MODALS = _words("must needs need should is has was shall")
