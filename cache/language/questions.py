"""Ways to ask a question, as :func:`cache.language.phrases.read_phrases` reads them."""

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
what is|are the|a? GOOD? MEANS to|of|for|i can? > how
what is the GOOD way i can > how
what are|is the STEPS to|for|of|involved|needed|required in|to|for? > how
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
the GOOD way|method to|of|for > how
best|good|proper|right|correct|easiest|recommended way|practice|method to|of|for > how
the way to > how
a|any good|easy|simple? way to > how
is there a|any good|easy|simple|proper|built-in? way|method to|of|for > how
is there a|any good|easy|simple|proper? way|method for me|us? to > how
are there any? ways to? > how
tell|show|teach|explain|advise|instruct|describe to? me|us? exactly? how to|i|we|you|one|do MAY|to|i|we? > how
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
i|we? need|want|would to know if|whether > check whether
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
