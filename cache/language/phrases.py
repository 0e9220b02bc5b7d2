"""English phrasings that say the same in other words."""

from __future__ import annotations

from collections.abc import Sequence


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
