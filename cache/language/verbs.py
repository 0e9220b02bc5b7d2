"""Verbs that say what to do and have no effect in :mod:`cache.language.effects`."""

from __future__ import annotations

from cache.language.forms import words_of

VERBS = words_of(
    """
    accelerate access achieve acquire adapt address advise align analyze announce answer appear apply appoint
    arrange ask assemble assess assume attend audit avoid bake balance become begin believe bind blend boil boot
    brew bring broadcast brush build burn bypass call capture carry catch center change charge chat check choose
    chop claim clean clear click climb code collect come comment commit communicate compare compile complain
    complete compute concatenate concern conclude conduct configure connect consider construct consume contact
    contain continue contribute control convert convince cook cool correct count cover cure customize debug
    decide declare decode dedupe define deliver deny depend derive describe design detect determine develop
    diagnose differ discuss display distinguish distribute dive draft draw drink drive drop dry dump earn eat
    edit elect eliminate embed empty encode end enforce engage enjoy ensure enter erase establish evaluate evict
    examine execute exit expect expire explain explore express extract fail fall fasten feed feel fetch fight
    figure fill filter find finish fit fix flatten flip flush fold fly focus forget fork form format forward
    free freeze fry gain gather generate get give go grab grate grill grind grow guard guess guide handle hang
    happen heal hear heat help hire hit hold host identify ignore implement import improve include indent index
    infer inform inherit initialize inject insert inspect install integrate interpret intersect introduce invert
    invest invite invoke iterate jump justify keep kill knead know label launch lay lead learn leave let lift
    limit list listen live localize locate log look loop maintain make manage manipulate map mark match mean
    measure meet melt mention migrate minify mix mock modify monitor move multiply name navigate need negotiate
    normalize observe obtain offer open operate optimize order organize override owe own pack parse partition
    pass paste patch peel perform persist pick place plan plant play plot poach point populate post pour
    practice predict prefer prepare preserve press prevent print prioritize process produce profile program
    protect prove provide prune pull push put qualify query quit quote rank rate reach read rebase rebuild
    recall recharge recognize recommend recover recycle redirect reduce refactor refer reformat refresh reheat
    reinstall relate release rely remain remember render repair repeat replicate reply report represent
    reproduce require reset resize resolve respond rest restart retain retry return reuse reverse revert review
    rewrite rinse roast roll rotate round route run sail sanitize save scale scan scrape scroll seal search
    season secure seed seek select sell separate serialize serve set settle sew shake share sharpen shave shift
    shoot show shut sign simmer simplify simulate sing sit skip sleep slice smooth soak solve sort speak specify
    spell spend spin spread squash stage stand start state stay steam steer stir stop store stretch strip study
    style submit subtract suggest sum supply support suppose surround swap sweep swim switch synchronize tag
    tail take talk tap taste teach tell test thaw thicken think throttle throw tie toast toggle touch trace
    train transcode transform transpose travel traverse treat trigger trim truncate try tune turn type uncommit
    understand undo unlock unpack unwrap update upgrade upload use validate verify version view visit visualize
    vote wait wake walk want warm wash watch water wear weigh win wipe work wrap write yield
    """
)
