"""English phrasings that say the same in other words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from cache.language.abbreviations import ABBREVIATIONS

Phrase = tuple[str, ...]


def read_phrases(text: str) -> dict[Phrase, Phrase]:
    """``a b > c`` on each line: the words ``a b`` say what ``c`` says; of ``a|b`` each does, and ``a?`` may be left
    out."""
    found: dict[Phrase, Phrase] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        said, _, means = line.partition(">")
        choices = [
            (*word.removesuffix("?").split("|"), "") if word.endswith("?") else word.split("|")
            for word in said.split()
        ]
        for variant in product(*choices):
            found.setdefault(tuple(filter(None, variant)), tuple(means.split()))
    return found


# Around a request: they ask for nothing themselves.
FRAMES = """
would|do you mind >
if you do|would not mind >
if you would|could|can|will|please >
if possible >
if that|it is possible|ok|okay|alright >
if you have a moment|minute|second|chance >
when you have|get a moment|minute|second|chance >
when you can >
would|will|is it be? possible to|for >
be so kind as to >
be so kind and >
be kind enough to >
go ahead and >
go on and >
i|we just? want|need|wish|like|wanna you? to >
i|we would|should really? like|love you? to >
i|we really? want|need|would to >
i|we would? really? appreciate it if you could|would|can? >
i|we would be grateful|glad|happy if you could|would|can? >
it would be great|nice|good|helpful if you could|would|can? >
i|we am|was|are|were just? wondering if you|i|we can|could|would|might? >
i|we am|was|are|were just? wondering >
i|we am|was hoping you|to|i|we can|could|would? >
i|we am|are looking|trying to >
i|we am? looking for > find
i|we am? trying to >
i|we am|are going to >
i|we have|got to >
i|we have to|a task >
i|we have a quick? question about|on|regarding >
i|we have a quick? question >
quick question >
why do not you|we >
not you >
do not forget to >
be sure to >
make sure to >
remember to >
do not hesitate to >
many thanks in advance >
many? thanks|thank you? very|so much? in advance >
many thanks >
thanks|thank you? a lot|bunch|million|ton >
thanks|thank you? so|very much >
thank you for your help|time|support >
thanks for your|the help|time|support >
thank you >
thanks >
cheers >
good morning|afternoon|evening|day >
hi|hello|hey|dear there|all|team|everyone|folks >
hope you are well|fine >
i hope you are doing? well|fine >
i hope this helps >
for me|us please? >
right away|now >
as soon as possible >
at your earliest convenience >
a favour|favor and >
do me a favour|favor and? >
is there any|a chance you|i|we could|can? >
any chance you could|can? >
i do not know|understand how to > how
by the way >
to be honest >
in your opinion >
do you know|happen to? know >
do you have any idea >
any idea >
any ideas|suggestions|tips on|for >
can|could|would|will you please? help me|us understand > explain
help me|us understand > explain
help me|us out? with >
help me|us to? >
and how do|can i|we do that|this|it|so >
how do|can i|we do that|this|it|so > how
what do|should i|we do > how
"""
# A question for the way to do something.
WAYS = """
how do|can|could|should|would|might|shall|did|does i|we|you|one|people|someone > how
how do|can|could|should|would i|we|you go about > how
how does one|someone go? about? > how
how would i|we|you go? about? > how
how about? to > how
how i|we|you can|could|should|would|might|do > how
how i|we > how
how is it possible to > how
what is|are the|a? best|right|proper|correct|easiest|simplest|recommended|usual|standard|preferred|good? way|ways|method|methods|procedure|process|approach to|of|for|i can? > how
what is the best|right|proper|correct|easiest|simplest|recommended|usual|standard|preferred way i can > how
what are|is the steps|step|instructions|procedure|process|commands|command to|for|of|involved|needed|required in|to|for? > how
what way can|do i|we > how
what do|should|must|would i|we|you need|have|do to do? to > how
what do|should|must|would i|we|you need|have|do in order to > how
what can|could|should|must|do i|we|you do in? order? to > how
what steps|step do|should|must|can i|we|you need? to? take|follow|do|perform in? order? to > how
what command|commands do|should|can|could i|we|you use|run|type to|for > how
which command|commands do|should|can|could i|we|you use|run|type to|for > how
what do i|we type|run|use to > how
the? steps|instructions|directions|guide|tutorial|procedure on|for|to how? to? > how
the steps|process|procedure of|for|to > how
a? guide|tutorial|howto on|to|for how? to? > how
the best|right|proper|correct|easiest|simplest|recommended|usual|standard|preferred way|method to|of|for > how
best|good|proper|right|correct|easiest|recommended way|practice|method to|of|for > how
the way to > how
a|any good|easy|simple? way to > how
is there a|any good|easy|simple|proper|built-in? way|method to|of|for > how
is there a|any good|easy|simple|proper? way|method for me|us? to > how
are there ways|any to? > how
tell|show|teach|explain|advise|instruct|describe to? me|us? exactly? how to|i|we|you|one|do can|could|should|would|might|do|to|i|we? > how
show|tell|teach|explain|describe to? me|us? how > how
tell|show|teach|give|explain to? me|us? the? steps|way|instructions|procedure to|of|for|on how? to? > how
walk|guide|talk|take|lead me|us through the? steps|process|procedure? of|to|for|involved? in? how? to? > how
teach me|us to > how
help me|us figure|work|find out how to|i|we? can? > how
i|we need|want|would like? to know|learn|understand|see how to|i|we can|could|should|would|do|to? > how
need|want|trying to know|learn|understand|figure out? how to > how
learn how to > how
know how to > how
figure|find|work out how to|i|we can|could|should? > how
wondering|wonder how to|i|we can|could|would|should|might|do? > how
see how to|i|we can? > how
ways|way to|of > how
in what way|ways > how
by what means > how
how exactly|best|easily > how
"""
# Other questions.
QUESTIONS = """
what|which time is|are|does|do|will|at > when
what|which time > when
at what|which time > when
on what|which day|date is|are|does|do|will? > when
since when > since
what day|date is|are|does|do|will > when
when exactly > when
what|which is the reason|reasons|cause|causes for|of|behind|why|that > why
what are the reasons|causes for|of|behind|why|that > why
what is|was causing > why
what causes|caused|makes|made|cause|make > why
what could|would|might|can cause|causes|be causing > why
what is making > why
what leads|led to > why
for what reason|reasons > why
how come > why
the? reason|reasons why|behind > why
what is the reason|cause > why
explaining|describing what|how|why > explain
would|do you mind explaining|describing > explain
explain|tell me? why > why
by whom > who
which|what person|people > who
in|at what|which place|location|city|country|state|town > where
where exactly|abouts? > where
where can|could|do|should i|we|you find|get|see|locate > find
where can|could|do|should i|we|you > where
how many > count
what number of > count
the? number|total|count of > count of
the total number of > count of
how much does|do|will|would it? cost? > price
how much money does|do|is|are|will|would > price
how much is|are|was|were > amount
how much > amount
what is the amount of > amount
what amount of > amount
how often > frequency
what is the frequency of > frequency
how long does it take to > duration to
how much time does it take|need to > duration to
how much time > duration
how long > duration
what length of time > duration
how far > distance
how far away > distance
how big|large > size
how tall|high > height
how old > age
how heavy > weight
how deep > depth
how wide > width
how fast > speed
how hot|warm|cold > temperature
how expensive > price
how likely > probability
how frequently > frequency
what|which kind|sort|type of > which
what|which kinds|sorts|types of > which
what does|do stand for >
stand|stands for > mean
what is meant by > explain
what do you mean by > explain
what is the meaning|definition|purpose? of > explain
the? meaning|definition of > explain
tell me|us a? bit|little? more? about > explain
give me|us an explanation|overview of|on|for > explain
tell|show|give me|us? what > what
tell|show me|us who > who
tell|show me|us where > where
tell|show me|us when > when
tell|show me|us which > which
tell|show me|us how much > amount
tell|show me|us how many > count
walk|guide|take|talk me|us through > how
near|close to me|us|here > nearby
near|around by|here > nearby
i|we want|need|would like? to know|understand|learn what is|are? > explain
i|we want|need|would like? to know|understand|learn > know
can|could you explain > explain
what the difference is > difference
the? difference|differences|distinction between > difference
how is|are different > difference
one another >
each other >
in comparison to|with > vs
compared to|with > vs
as opposed to > vs
as against > vs
versus > vs
tell|let me|us know? if|whether > check whether
check|see|verify|confirm|determine|find out? if|whether > check whether
could|can you tell me|us if|whether > check whether
could|can you check if|whether > check whether
let me|us know > show
let me|us see|have > show
give|get|show|find|bring|fetch|hand|send|provide|list me|us > show
tell me|us about? > show
look|search|check|hunt|scan|shop|browse for > find
look|search up > find
pull|bring|call up > show
what do you have on|for > show
list|listing of > of
a list of > of
take|have a look at > show
look at > show
"""
# What several words say that one word says too.
WORDINGS = """
in detail|depth|details > detailed
in more|greater|full detail|depth > detailed
in place > inplace
in short|brief|summary > briefly
in full > entirely
in simple|plain|easy|layman|simpler terms|words|language|english > simplified
step by step > stepwise
line by line > linewise
year by year > yearwise
one|single line > oneline
one|single sentence > onesentence
e mail|mails > email
e mailed > emailed
wi fi > wifi
web site|page > website
web site|page > website
home page > homepage
file name > filename
time zone > timezone
data base > database
user name > username
health care > healthcare
work flow > workflow
work out > calculate
figure out > determine
find out > determine
send a|the reminder to|of|about|for > remind
send|give out? a|an|the notification|notice|alert to|of|about > notify
send a|an|the message to > message
send a|an|the email|mail to > email
drop a|an email|line|note to > email
make|place|give a|an phone? call to > call
make a|the payment of|for|to|on? > pay
make a|the change|changes|modification|adjustment to|in|of > change
make|perform|do a|the copy of > copy
make|take a note of > note
make|place|put in? an|the order for|of > order
make|place an|the order > order
make a|the reservation|booking for|of|at > book
make a|the reservation|booking > book
make|take|reach a|the decision on|about > decide
give|write|make|create|provide|prepare me|us? a|the short|brief|quick? summary of|for > summarize
give|write|make|provide a|the description of > describe
do|perform|make|run|give a|an|the review of > review
do|perform|make|run a|an|the analysis of > analyze
do|perform|run a|an|the search for|of > find
do|perform|run a|an|the calculation of > calculate
do|perform|run a|an|the check of|on > check
do|perform|run a|an|the comparison of|between > compare
do|perform|run a|an|the test of|on > test
do|perform|make an|the update of|to|on > update
do|perform a|the backup of > backup
take|make|create a|the backup of > backup
take|make a|the screenshot of > screenshot
issue|process|give|grant|initiate|make a|the full? refund of|for|to|on > refund
issue|process|give|grant|initiate a|the refund > refund
give money back to > refund
give back the money > refund
pay money? back > refund
send|issue an|the invoice to|for > invoice
get in touch|contact with > contact
reach out to > contact
get hold of > contact
as well as > and
along with > and
together with > and
in addition to > and
and also > and
no longer > stop
free of > without
do away with > remove
with no > without
lacking any? > without
any|many of|more > of
some kind|sort of >
a kind|sort|type of >
kinds|sorts|types of >
a lot|bunch|couple|few of > some
lots of > some
weather forecast|report|conditions|prediction > forecast
at once >
all at once >
in one go >
in bulk > bulk
prior to > before
ahead of > before
in front of > before
subsequent to > after
later than > after
earlier than > before
on top of > above
instead of > instead
in place of > instead
rather than > instead
in lieu of > instead
because of > due
due to > due
on account of > due
owing to > due
by means of > using
with the help|aid of > using
with the use of > using
making use of > using
make use of > use
make|making use > use
by using > using
by way of > via
with regard|respect|regards to > about
in regard|respect|relation to > about
with reference to > about
regarding > about
concerning > about
in terms of > about
for the purpose|sake of > for
in order to > to
so as to > to
in the event that|of > if
in case of > if
on condition that > if
provided that > if
given that > because
due to the fact that > because
in the course of > during
in the middle of > during
at the same time as > while
at the same time > while
at the moment|present > currently
as of now > currently
right now > currently
at present|this time > currently
these days > currently
nowadays > currently
most recent > latest
most up to date > latest
up to date > current
each|every day > daily
a|per day > daily
day by day > daily
on a daily basis > daily
each|every week > weekly
per week > weekly
on a weekly basis > weekly
each|every month > monthly
per month > monthly
on a monthly basis > monthly
each|every hour > hourly
per hour > hourly
each|every year > yearly
per year|annum > yearly
on a regular basis > regularly
set a|an|the meeting|appointment|call up > schedule meeting
set up a|an|the meeting > schedule a meeting
set up a|an|the call > schedule a call
set up a|an|the appointment > schedule a appointment
set|setting|sets up > setup
put|putting together > create
come|coming up with > create
draw|drawing up > create
write|writing up > write
sign|signed|signing up > register
get|getting rid of > remove
take|taking out|away > remove
throw|throwing away|out > discard
take|taking care of > handle
deal|dealing with > handle
make|making sure that? > ensure
carry|carrying out > run
fill|filling in|out > complete
look|looking into > investigate
look|looking after > manage
go|going through|over > review
find|finding out > determine
point|pointing out > identify
break|breaking down into? > split
cut|cutting down on? > reduce
slim|slimming down > reduce size
bring|bringing down > reduce
get|getting back > retrieve
give|giving back > return
hand|handing over > transfer
put|putting off > postpone
call|calling off > cancel
set|setting aside > reserve
speed|speeding up > accelerate
slow|slowing down > decelerate
start|starting over > restart
keep|keep on|keeps trying|retrying > retry
leave|leaving out > exclude
switch|switching over? from > migrate from
convert|converting|turn|turning|change|changing|transform|transforming into|to > convert to
get|getting|be able to > can
is|are able to > can
is|are unable to > can not
is|are not able to > can not
has|have|had failed to > fail
a hundred percent|% > fully
have|has|had not yet? been? paid > unpaid
have|has|had|is|are|was|were not yet? been? paid > unpaid
have|has|had|is|are|was|were not yet? been? read|opened > unread
have|has|had|is|are|was|were not yet? been? answered > unanswered
have|has|had|is|are|was|were not yet? been? resolved > unresolved
have|has|had|is|are|was|were not yet? been? assigned > unassigned
have|has|had|is|are|was|were not yet? been? used > unused
have|has|had|is|are|was|were not yet? been? verified > unverified
have|has|had|is|are|was|were not yet? been? confirmed > unconfirmed
have|has|had|is|are|was|were not yet? been? published > unpublished
have|has|had|is|are|was|were not yet? been? shipped > unshipped
is|are not available > unavailable
is|are not active > inactive
is|are not valid > invalid
lift the lock on|from > unlock
lift the ban on|from > unban
lift the block on|from > unblock
"""


# Verbs and what may stand some words behind them, and what both together say.
GAPPED: dict[str, dict[str, str]] = {
    verb: {end: means for end, means in (pair.split(":") for pair in ends.split())}
    for verb, ends in {
        "let": "know:notify",
        "keep": "informed:notify posted:notify updated:notify",
        "make": "aware:notify",
        "send": "reminder:remind notification:notify",
        "give": "reminder:remind refund:refund call:call back:return notice:notify ring:call heads-up:notify",
        "issue": "refund:refund invoice:invoice",
        "process": "refund:refund",
        "put": "off:postpone together:create",
        "get": "back:retrieve rid:remove",
        "take": "off:remove",
        "cut": "down:reduce",
        "bring": "down:reduce",
        "work": "out:calculate",
        "figure": "out:determine",
        "find": "out:determine",
        "throw": "away:discard out:discard",
        "add": "up:total",
    }.items()
}


class _Node:
    """What may follow in a phrase; ``means`` when one ends here."""

    __slots__ = ("means", "next")

    def __init__(self) -> None:
        self.next: dict[str, _Node] = {}
        self.means: Phrase | None = None


def _tree(*texts: str) -> _Node:
    """Of two texts with the same phrase the first counts."""
    root = _Node()
    for text in texts:
        for phrase, means in read_phrases(text).items():
            node = root
            for word in phrase:
                node = node.next.setdefault(word, _Node())
            if node.means is None:
                node.means = means
    return root


_PHRASES = _tree(FRAMES, WAYS, QUESTIONS, WORDINGS, ABBREVIATIONS)


def rewrite(words: Sequence[str]) -> Iterator[tuple[int, int, Phrase]]:
    """The phrases in ``words``, the longest at each place, and what they say in other words, from left to right:
    ``(start, end, means)``."""
    at = 0
    while at < len(words):
        node, found = _PHRASES, None
        for end, word in enumerate(words[at:], at + 1):
            following = node.next.get(word)
            if following is None:
                break
            node = following
            if node.means is not None:
                found = (at, end, node.means)
        if found is not None:
            yield found
        at = found[1] if found is not None else at + 1
