"""Words and names that look like slips of others and are none: "hostel" is not "hotel", nor "Brian" "brain"."""

from __future__ import annotations

from cache.language.forms import words_of

LOOKALIKES = words_of(
    """
    abbot abbott abel ached aching acton addiction adored adorned advisers advises aground agustin alam albert
    alexander alexandra alexandre alexandria alfonso alison allison alma alonso americans americas analyses
    anders anderson andersson andes andreas andres andrews anthony antony arched archers arches archie arching
    ardent areas arenas argent asserts assets astor astro auction austin axel axle bail bali ballad ballard
    barbed bard bared barely barked barking barley barn barnet barnett baron baronet barron barrow bart based
    basics basins basis bat batman batsman batted batting battled battling beast beasts beats bedside believers
    believes bending berger bergman berman bernard bernhard bert bets beverley beverly biased binding binds
    bitten blending blinding blinds boasts boats boeing boer bonded bono books boon boone booth boots bore
    boring bother bounded boxers boxes boyd brad braking bran brat breach breadth breaking breasts brest bret
    brian bride britten broke brooke brooks browns brows burying buying calder cameron cameroon campaign camped
    campos camps campus cannon cannons canon canons capped cared cares caress caring carleton carlo carlson
    carlton carol carp carriers carries carson carter carved carving cary cases cast castes castile castle
    castles casts cats cellar cement champaign champs chancel chaplain chaplin chargers charges charlton
    charter chases chess chests chopper christian christie christina christine cites cities clamped clapped
    clemens clement clements clint closet clover cluster coarse coasts coats coil cola coli colin collin comes
    comet comets commandos commune compete competed competes competing compiled completed completes completing
    compliant complied comte comune conform connor conor contacted contacts continent contingent contracted
    contracts convent cooke cooked coroner corp corps countess countless coupe courses covent covert cramped
    crap crate crater craters crates craved craving created creates crema cremated crete cries crises cristina
    croats crooked crops crouch crowds crows cruisers cruises cured curled curse curses curtis curtiss custer
    dail dairy dali dancers dances danes daring darryl darting daryl dating debts debuts deceased decent decker
    decreased deleted denies denis denise dennis denny depleted deprivation deprived derivation derive derived
    derives descent dial dimitri dino dion dipped dipping discreet discrete discus diver divers dmitri doin
    domed domingo domino donors doomed doors doping dose douglas douglass downed downing dragons dragoons
    dripped dripping drivers drives drowned drowning drying dying earnest ears edouard eduard elector electro
    elias eliot elisa elise elliot elliott elsie emanuel emmanuel ensued ensuing ensured ensuring eras ernest
    eternal ether excerpt excited exciting exited exiting expansive explorers explores faction faculty famed
    fathers feather feathers fellow ferries ferris fiance fiancee fiction filing finance finely finer finley
    finnish fires fischer fisher fist fits flats fleeing fleeting fling floats floods flying foods forms
    forrest forums foster founded fraction framed francis friction fried fries fright funded funding gael gale
    gallery galley gaped gaping gaps garde gardener gardiner gardner garner gary gasp gasped gasping gazing
    george georgia georgian georgie georgina gerard gerhard germain gilded giles gilles glided gods goran
    gorman graders grades grains grande grasped grasping graves gray grazing greaves greta grins groan groove
    grooves grove groves growing growling growls grows guests gunter gunther gust guts handel hannover hanover
    hans hardness hari harley harness hartley hasan hassan hated hatred haunted haunting hearst heath heaving
    heritage herman hermann hermitage hilary hillary hitter hoarse hoffman hoffmann hoisted holes holly holmes
    homes homme honestly honesty hosted hostel hungary hunted hunting hurst hurts ideals incline indeed indexed
    indicated indices indicted indies indira induced inducted inline insect jaime jain jamie jean jena jian
    joanna johan johann johanna johnson johnston kahn kevin khan kicks kimberley kimberly knicks laced lacked
    lair lakers lakes landon langdon laying lean leaned leaning leans learned learns lena lesser lest liam liar
    licked licking lighting lightning liked lima linger lister litter lively lovers loves lying lyman macdonald
    macintosh mackenzie maclean macleod macmillan macro madeleine madeline madison magna mahmoud mahmud maison
    makers mali manga mani manly manny mansion manson manuel manufacturers manufactures marco marian mariana
    mariano marina mariners marines marino marion marks markus marshal marshall martian martin martina mary
    massage mast mateo mater mathew mathews mathias mats matteo matthew matthews matthias mcdonald mcintosh
    mckenzie mclean mcleod mcmillan medial mediation medication medina meditation mellon mental messing meta
    meteor michael michel michele michelle middleton middletown miners mines mister moan moaning moines mona
    mono mons monterey monterrey moons moore moors moral morality morally morals mortal mortality mortally
    mortals moths motors mourning mueller muller muster mutter naive neural neutral newton newtown nicholas
    nicholls nichols nicolas nobel noble norte notion notre observers observes oliver olivier opined ordinance
    ordnance organizers organizes outrage overhead overheard owing owning paced paces pacing packed packet
    packing painted painting pairs palms panted panting paris parma patent patents paterson patrol patterson
    patting peaking pearce pearson peasant peeking peer peking pere pest pets petty philip philipp philips
    phillip phillips piazza picket pierce pitchers pitches placed places placing planted planting pleas polo
    ponder poole popped porto posed poses posing posse posted posting potion pounder preach prefect premise
    prices prince princes princess producers produces prof programmers programmes promoters promotes propped
    proto provence providers provides psalms publishers publishes pursed pursued rabbis rabbits racers races
    radial radical raged raging raiders raiding raids raked rally ranged rangers ranges ranging rani ranked
    rapids rations ratios reactor rector reflex refuge refugee refused reign reigned reigning reilly relied
    reliefs relies remainder renal replay replied replies researchers researches reside resides residue
    residues resigned resigning resin reused revered reverend reverted ribs richer richie richter riders rides
    ridges riding ripped rippled ritchie roam robber rodgers rogers rogue roland roma rooster roster rotating
    rotting rouge rowland rulers rules runaway runway sabah sabha sacked sacks sails salle salman salon salvage
    sampson samson sandals sanders sanford satin saunders savage saved saves saying scandals scarlet scarlett
    scarred schwartz schwarz sealing seals searing seater seattle seized selling settlers settles sevens severn
    sewing sharpe shaved shelley shelly shepard sheppard shrine siam siena sienna sighed sighing sighs sighted
    sighting sights sima simulate simulated simulation singing sings sipped sipping sitting sized slamming
    slashed slaves slender slight slits sloan smacked snacks snails snorted somme sorted spared sparked
    sparkled sparse sped spices spies spines spitting splashed splits splitting sprang sprung squire stacked
    stained stains stalin stanford stared starr started startled startling starved starving stats statue
    statues status stealing steals steep stephane stephanie steven stevens stil stimulate stimulated
    stimulation sting stinging stokes storey strain strained strains strand strands streak strikers strikes
    strokes struck stuart stuck sturdy super suppliers supplies suriname surname swaying swearing sweater
    sweating swelling swing swinging swings tables tablets tailed tainted teresa theresa thirsty thirty
    thompson thomson thorne thorough thrash threat threats throne thrust thrusting thrusts tian ticked tide
    tied tier tiled tiles tilted tina tinted titled titles topical topped toppled tory traders trades trains
    trance trans transit tread treaties treatise treats tribal tribes tricked tries tropical trough troy truss
    trusting trusts turing tying unarmed unharmed vaughan vaughn verses vial vila villagers villages violent
    violet volley voters votes waist waiter waits waived wallis walls walter walters wander wandering warp
    waters waved waving weakly weaving webber weber welding widow widows wielding wien wight willis wills wolff
    woolf writers writes writhing
    """
)
