"""Frames around a request, and wordings of several words, as :func:`cache.language.phrases.read_phrases` reads
them."""

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
kind|best|warm? regards >
best|kind wishes >
yours sincerely|faithfully|truly >
would be great|nice|good|helpful|appreciated|lovely >
many thanks in advance >
excuse|pardon me >
may|can|could i ask >
out of curiosity >
just curious >
i|we am|are just? curious >
i|we was|were just? wondering >
i|we just? wanted to know|ask >
would|do you mind telling me|us? >
please? help me|us out >
so? tell me >
thanks in advance >
thank you in advance >
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
# What several words say that one word says too.
WORDINGS = """
r the > are the
r my > are my
r you > are you
tel me > tell me
tel us > tell us
in detail|depth|details > detailed
in more|greater|full detail|depth > detailed
in place > inplace
off of > from
see to a|the|my|our > arrange
cut|kill the? lights|light|lamps|lamp > turn off lights
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
set|create|make|add|schedule|give|put me? up|on? a|the reminder for|about|of|to > remind me of
i|we need|want a|the reminder for|about|of|to > remind me of
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
i|we need|want a|my|the refund for|of|on > refund
i|we would like a|my|the refund for|of|on > refund
wake me|us up > wake me
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
current|latest status > status
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
unable to > not
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
