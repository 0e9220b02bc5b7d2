"""Verbs that stand for one another, a group on each line.

No group holds the general and the special: a plan for "notify" does not do "mail". A verb may be in several
groups, and what two groups share makes them no synonyms of one another.
"""

ACTIONS = """
delete erase
remove delete
remove drop
remove strip
delete purge wipe
clear empty flush purge
cancel annul void
abort cancel
revoke rescind withdraw
create make generate
create setup
make set
create build
create produce
create define
generate produce
setup configure
setup prepare
write compose draft
write author
draft prepare
change update modify edit alter adjust
revise edit amend
correct fix
rename relabel
replace substitute
replace swap exchange
replace switch
convert transform change
convert turn
migrate move switch
buy purchase acquire
order purchase buy
reserve book
rent hire lease
begin start launch commence initiate
start run
run execute
run launch
launch open
stop end halt cease
stop kill terminate
pause suspend
continue resume proceed
restart reboot
restart relaunch
rerun retry repeat
choose pick select
fix repair
fix mend
fix resolve solve
calculate compute
calculate work
calculate determine
determine establish identify
estimate approximate
estimate predict forecast
predict forecast
count tally
measure gauge
verify validate
verify check confirm
check inspect
check examine
check see
audit inspect review
review examine
review check
investigate examine probe
diagnose troubleshoot
monitor watch track
monitor observe
observe watch
track trace follow
arrange schedule
schedule plan
plan organize arrange
organize arrange
organize sort
sort order
sort arrange
allow permit let
allow enable
grant give
block ban
forbid prohibit disallow
prevent avoid
prevent stop
protect secure
protect guard
reject decline refuse
deny refuse
approve authorize
approve accept
accept agree
sanction authorize
enable activate
disable deactivate
mute silence
lock freeze
unlock unfreeze
transfer wire
transfer move
move relocate shift
move reschedule postpone
postpone defer delay
reschedule rebook
reschedule postpone
copy duplicate clone replicate
backup save
save store
save keep
store keep
retain keep
merge combine
join merge combine
join concatenate
combine mix
combine unite
consolidate merge combine
aggregate combine
divide split
split separate
split break
link connect
connect attach
attach append
attach add
append add
insert add
include add
insert put
place put
add put
sign register
join enroll
register enroll
subscribe register
unsubscribe unenroll
show display
show present
show list
show view
view see
display view
display print
list enumerate
list itemize
fetch retrieve get
retrieve recover
obtain get
acquire obtain
gather collect
find locate
find search
find discover
find identify
find get
search seek
lookup find
query search
access reach
read parse
load read
extract get
extract parse
notify inform alert
notify tell
inform tell advise
notify advise
remind reminder
warn alert
warn caution
tell say
mention state
announce declare
share distribute
send dispatch
submit file
submit hand
send deliver
ship dispatch
ship deliver
mail post
call phone ring telephone
contact reach
talk speak
speak communicate
discuss talk
ask request
ask inquire query
request demand
answer reply respond
reply respond
refund reimburse repay
compensate reimburse
charge bill
invoice bill
pay settle
pay remit
earn make
earn gain
save economize
lend loan
raise increase boost
increase grow
decrease reduce lower
reduce shrink
reduce minimize
reduce cut
lower drop
lower cut
expand extend
expand enlarge
extend lengthen
extend prolong
enlarge grow
shorten shrink
shorten abbreviate
compress shrink
limit cap restrict
improve enhance
improve better
improve optimize
optimize tune
speed accelerate
accelerate quicken
recommend suggest
recommend advise
propose suggest
evaluate assess
evaluate judge
assess rate
rate grade
grade score mark
review rate
analyze examine
analyze study
study learn
compare contrast
distinguish differentiate
differ vary
translate render
summarize condense
summarize recap
summarize outline
describe explain
explain clarify
explain define
illustrate explain
demonstrate show
teach explain
understand know
mean signify
use utilize employ
use apply
apply implement
deploy release
deploy launch
host run
rollback revert undo
revert undo
restore recover
reset restore
refresh reload
refresh update
synchronize sync
validate check
encrypt encode
assign allocate
assign give
assign delegate
delegate hand
appoint assign
hire recruit
hire employ
fire dismiss
dismiss close
close shut
complete finish
finish end
complete fill
finalize complete
conclude end
handle manage
handle process
manage administer
manage control
control operate
operate run
supervise oversee
lead head
deal handle
help assist
support help
need require
want need
want desire
like enjoy
happen occur
occur appear
cause trigger
cause produce
trigger fire
trigger start
become turn
remain stay
keep stay
set configure
set assign
set define
define specify
specify state
specify set
name call
mark flag
mark label tag
label tag
highlight mark
escalate raise
flag report
log record
record capture
capture take
listen hear play
play listen
play show
watch see
watch view
eat dine
eat consume
drink consume
cook prepare
cook make
prepare ready
heat warm
chill cool
melt thaw
thaw defrost
clean wash
wash rinse
cut chop
mix blend stir
grow cultivate
plant grow
water irrigate
treat cure
treat heal
ease relieve
relieve soothe
hurt ache
travel go
visit see
arrive come
arrive reach
depart leave
enter input
type enter
enter go
build assemble
build construct
assemble put
construct assemble
attend join
invite ask
win earn
fail crash
crash break
hang freeze
fail break
iterate loop
loop cycle
catch handle
render display
instantiate create
initialize init
concatenate append
remap map
reverse invert
invert flip
rotate turn
resize scale
center align
align justify
wrap enclose
flatten squash
terminate kill
kill end
spawn start
persist permanent
mutate change modify
override overwrite
overwrite replace
rate score
rate rank
drop remove
receive get
exit leave
scale resize
terminate kill
resolve settle
call invoke
"""
