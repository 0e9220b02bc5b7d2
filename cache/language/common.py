"""Common English words that no other list holds: a text that says one of them has hardly made a slip."""

from __future__ import annotations

from cache.language.forms import words_of

COMMON_WORDS = words_of(
    """
    able about above accept across act action active actor actual add afraid african after again age ago agree
    air all allow almost alone along already also always american among amount android angel angle angry angular
    animal another answer any apache appear apple area arm army around arrive art asian ask attack attempt audio
    august aunt australia austria author autumn award away baby back bad bag ball band bank bar base bash basket
    bath battle beach bean bear beat beautiful bed bee before begin behind believe bell below belt beside best
    better beyond big bill bird birth bit bitbucket black blade blank blind block blood blow blue board body
    bone book border born both bottle bottom bow bowl box boy brain branch brand brave brazil bread break
    breakfast breast breath brick bridge bright bring broad brother brown brush bug burn bus bush butter button
    buy cable cake calm camera camp can canada candle cap card care carry cart cash casual cat catch causal
    cause ceiling cell center central century chain chair chalk channel chapter character charge cheap cheese
    chef chemical chest chicken chief child china chinese choice chrome church circle claim clause clay clear
    clever click climb clock cloth cloud club coach coal coast coat coffee coin cold collar color column comb
    come common cool copper copy corner cost cotton cough course court cousin cow cream credit crime crop cross
    crowd cry cup curve custom customs cycle damage damages dance dark data daughter deaf deal death debt deep
    deer delay demand denmark deno dentist desert desire desk dessert dice die diet diner dinner dirt dirty dive
    divide docker dog door dot double doubt dragon draw dream dress drink drive drop dry duck dust duty ear
    early earth ease east eat edge effect effort egg egypt eight either elbow electric empty end enemy energy
    engine england english enjoy enough enter equal error european even event ever every exam except expert
    extra eye face fact fair faith fall false family famous fan far farm farmer fast fat father fault favor fear
    feature feel female fence few field fight figure file fill film final find finger finish finland fire firm
    first fish five flag flash flat flavor flight floor flour flow flower fly fog fold food foot force foreign
    forest fork form formal former forward frame france french fresh friend frog from front fruit full fun
    function funny fur future gain game garage garden garlic gas gate gender general gentle german germany get
    gift girl github gitlab give glass globe glue goal goat gold good goods grade grain grand grape grass great
    greece green grey ground group grow guard guess guide guitar gun habit hair half hall hammer hand handle
    hang happy hard hat hate head health hear heart heat heavy height hello help hen hero hidden high hill
    history hit hobby hold hole holy home honest honey hook hope hoping hopping horse hospital host hot hotel
    hour house human humor hundred hungry hunt hurry husband ice idea image inch index india ink inner input
    inside ios iphone iran iraq ireland iron island israel italian italy item jail jam japan japanese jar java
    jaw jeans jelly jet jewel job join joint joke judge juice jump just kafka keep kenya kettle key kick kid
    kill kind king kiss kitchen knee knife knock knot know kotlin label lack ladder lady lake lamb lamp land
    lane large laser last later latter laugh laundry law lawn lay layer lazy lead leader leaf learn leather
    leave left leg legal lemon lend length less lesson letter level lid lie life lift light like limit line
    linux lion lip liquid list listen liter little live liver load loan local lock log lonely long look loop
    loose lose loser loss lot loud love low luck lunch lung machine mad magic mail main make male man manager
    map marble march marital mark market martial mask mass master match math matter may meal mean meat medal
    media medical meet melon melt member memory menu mercy merge metal meter method mexico middle might mild
    mile milk mill mind mine minor mint minus mirror miss mistake mix mode model modern moment money mongodb
    monkey month mood moon more morning most mother motion motor mount mountain mouse mouth move movie much mud
    muscle museum mushroom music mysql nail name narrow nation native nature near neck need needle nerve nest
    net network never new news next nginx nice night nine node noise none noodle normal north norway nose note
    nothing notice now number nurse nut oak oat object ocean odd off offer office officer often oil old olive
    one onion only open opinion option oracle orange orbit order organ other out oven over owl own owner ox
    oxygen pack page pain paint pair palace palm pan paper parent park part partner party pass past pasta paste
    patch path patient pattern pause paw pay peace peach pear pen pencil people pepper percent perfect period
    perl person pet phone photo phrase piano pick picture pie piece pig pilot pin pink pipe pitch pizza place
    plain plan plane planet planned plant plate play please plenty plot plug plus pocket podman poem poet point
    poison poland pole police polite pond pool poor pop pork port portugal post postgresql pot potato pound
    powder power practice praise pray present press pretty price pride priest print prior prison private prize
    problem process produce profit program project promise proof proper proud prove public pull pump pure purple
    purpose push puzzle python quality quarter queen query question queue quick quiet quit quite quiz quote
    rabbit race radio rail rain range rank rare rat rate raw reach react read ready real rear reason recent
    recipe record red redis refund regex region regular relief remain remote rent repair repeat reply report
    rescue rest result return reward rib rice rich ride right ring ripe rise risk river road rob robot rock role
    roll roof room root rope rose rough round route row royal rub rubber ruby rude rug rule run rural rush
    russia rust sacred sad safe sail salad sale salmon salt same sand sauce save scala scale scared scene school
    science score scotland screen script sea search season seat second secret seed seek seem sell send sense
    series serve set seven severe sew shade shadow shake shallow shame shape share shark sharp sheep sheet shelf
    shell shift shine ship shirt shock shoe shoot shop shore short shot shoulder shout show shower shut shy sick
    side sign silent silk silver similar simple since sing single sink sister sit site six size skill skin skirt
    sky sleep slice slide slow small smart smell smile smoke smooth snack snake snow soap social sock soda soft
    soil solid some son song sonnet soon sore sort soul sound soup sour source south space spain spanish spare
    speak special speech speed spell spend spice spider spin spirit split spoon sport spot spring sqlite square
    staff stage stain stair stamp stand star staring starring start state station stay steak steal steam steel
    stem step stick still stomach stone stool stop store storm story stove straight strange straw stream street
    strength stress strict string strong student study style such sudden suffer sugar suit sum summer sun sure
    surface sweden sweet swift swim switzerland sword symbol symptom system table tail talk tall tank tap tape
    target task taste tax taxes tea teach team tear tell ten tennis tent term test text than thank that theory
    thick thief thin thing think third thirst this thorn though thread three throat through throw thumb thunder
    ticket tie tiger tight time tin tiny tip tire title toast today toe together token tomato tone tongue tool
    tooth top topic total touch tough tour towel tower town toy track trade trail train trap travel tray treat
    tree trial trick trip truck true trust truth try tube tune turkey turn twice twin two type ugly uncle under
    unit united untied until up upper use usual valley value van vein verb very video view village violin virus
    visa visit vital voice volume vote vue wage wait wake wales walk wall want war warm warn wash waste watch
    water wave wax way weak wealth weapon wear weather wedding week weight well west wet whale wheat wheel when
    where while white whole wide wife wild will win wind window windows wine wing winner winter wire wise wish
    with without wolf woman wonder wood wool word work world worm worry worse worth wound wrap write wrong yard
    year yeast yellow yes yet young youth zebra zero zone
    """
)
