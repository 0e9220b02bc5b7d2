"""English verbs by what they do."""

from __future__ import annotations

from cache.language.forms import words_of

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
        "play": "play listen hear",
        "rate": "rate",
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
# Words that say what is to be done without being its verb: "a table for two", "five stars for this book".
IMPLYING: dict[str, str] = {
    word: effect
    for effect, words in {
        "book": "table reservation reservations booking seat seats spot eat dine dinner lunch restaurant",
        "play": "music song songs tune tunes",
        "rate": "star stars rating points deserves deserve gets score",
    }.items()
    for word in words.split()
}
# What a wrong plan would at worst do in vain. A text that names no effect may mean one of these.
HARMLESS_EFFECTS = words_of(
    "read add book open create move assign save load track schedule start calculate estimate connect follow "
    "validate copy translate summarize play rate"
)
# What keeps from being what is, or from happening what would.
UNDOING_EFFECTS = words_of("reject disable stop delete cancel remove undo lock block unsubscribe hide")
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
