"""The figures for people: a table with a column for each planner, a verdict, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from orra.base.strictjson import Json
from planengine.evaluation.planners.measuring import Figures, Result

_SHOWN = 20
_WIDTH = 18
# Below any of these somebody would have to look at each plan: a tenth of wrong services is a wrong plan every
# tenth request, and what is not valid within the attempts fails after having cost all of them.
GOOD_ENOUGH: Mapping[str, float] = {"valid": 0.95, "services_exact": 0.90, "wiring_exact": 0.85}
_TITLES = {"valid": "valid plans", "services_exact": "right services", "wiring_exact": "right wiring"}


def report(by_planner: Mapping[str, Figures], *, verdicts: bool = True, drafts: bool = False) -> Iterator[str]:
    """Lines of text. ``by_planner``: by the name that each is to be shown under, all for the same rows.
    ``drafts``: with what a planner wrote last where it was not as expected."""
    told = {name: figures.as_dict() for name, figures in by_planner.items()}
    n = next(iter(told.values()))["n"]
    if len(told) == 1:
        yield f"{n:,} requests, planned by {next(iter(told))}"
    else:
        yield f"{n:,} requests, planned by each"
    yield ""
    if len(told) > 1:
        yield " " * 24 + "".join(f"{_fitted(name):>{_WIDTH}}" for name in told)
    for title, tell in _LINES:
        cells = [tell(figures) for figures in told.values()]
        if any(cells):
            yield f"{title:24}" + "".join(f"{cell or '–':>{_WIDTH}}" for cell in cells)
    if len(told) == 1:
        (figures,) = by_planner.values()
        yield from _what_went_wrong(figures, drafts=drafts)
    if verdicts:
        yield ""
        yield from (f"{name}: {verdict(figures)}" for name, figures in by_planner.items())


def shortfalls(figures: Figures) -> list[str]:
    """What keeps a planner from being good enough, in words; nothing when it is."""
    told = figures.as_dict()
    reached = {"valid": told["valid_at_attempt"][-1]} | told
    return [
        f"{_TITLES[name]} {reached[name]:.1%}, below {least:.0%}"
        for name, least in GOOD_ENOUGH.items()
        if reached[name] < least
    ]


def verdict(figures: Figures) -> str:
    missed = shortfalls(figures)
    return f"not good enough ({'; '.join(missed)})" if missed else "good enough"


def _share_of(name: str) -> Callable[[Mapping[str, Json]], str]:
    return lambda told: f"{told[name]:.1%}" if name in told else ""


def _valid_by(number: int) -> Callable[[Mapping[str, Json]], str]:
    return lambda told: (
        f"{told['valid_at_attempt'][number - 1]:.1%}" if number <= len(told["valid_at_attempt"]) else ""
    )


def _count_of(name: str) -> Callable[[Mapping[str, Json]], str]:
    return lambda told: f"{told[name]:,}" if name in told else ""


def _seconds_of(name: str) -> Callable[[Mapping[str, Json]], str]:
    return lambda told: _duration(told[name])


_LINES: tuple[tuple[str, Callable[[Mapping[str, Json]], str]], ...] = (
    ("right plans", _count_of("right")),
    ("wrong plans", _count_of("wrong")),
    ("  with side effects", _count_of("wrong_side_effects")),
    ("refused", _count_of("refused")),
    ("right services", _share_of("services_exact")),
    ("right wiring", _share_of("wiring_exact")),
    ("not actionable", _share_of("not_actionable")),
    ("rightly refused", _share_of("refused_right_rate")),
    ("failed", _share_of("failed")),
    *((f"valid by attempt {number}", _valid_by(number)) for number in range(1, 11)),
    ("attempts, mean", lambda told: f"{told['attempts_mean']:.2f}"),
    ("time, median", _seconds_of("seconds_p50")),
    ("time, 95th percentile", _seconds_of("seconds_p95")),
    ("prompt tokens", _count_of("prompt_tokens")),
    ("completion tokens", _count_of("completion_tokens")),
    ("cost", lambda told: f"{told['cost']:,.4f}" if "cost" in told else ""),
    ("cost per 1,000 requests", lambda told: f"{told['cost'] / told['n'] * 1000:,.2f}" if "cost" in told else ""),
)


def _what_went_wrong(figures: Figures, *, drafts: bool) -> Iterator[str]:
    wrong = [result for result in figures.results if not result.wiring_exact]
    wrong.sort(key=lambda result: (not (result.wrong and result.side_effects), not result.wrong))
    if not wrong:
        return
    yield ""
    yield "Not as expected"
    for result in wrong[:_SHOWN]:
        yield from _told(result)
        answers = [trial.draft.answer for trial in result.outcome.trials if trial.draft.answer]
        if drafts and answers:
            yield f"    wrote {' '.join(answers[-1].split())}"
    if len(wrong) > _SHOWN:
        yield f"  … and {len(wrong) - _SHOWN:,} more"


def _told(result: Result) -> Iterator[str]:
    wanted = ", ".join(call.service for call in result.row.expected) or "a refusal"
    yield f"  line {result.row.line}: {_short(repr(result.row.job.action))}"
    if result.outcome.plan is not None:
        got = ", ".join(call.service for call in result.calls)
        otherwise = " wired otherwise" if result.services_exact else ""
        yield f"    wanted {wanted}, got {got}{otherwise}{_risk(result)}"
    else:
        reason = _reason(result.outcome.failure.message if result.outcome.failure else "")
        yield f"    wanted {wanted}, {result.outcome.status.replace('_', ' ')}: {reason}"


def _reason(message: str) -> str:
    """On one line; of a diagnosis what it found, which stands after its general part."""
    _, found, details = message.partition("DETAILS:")
    told = details.partition("HOW TO FIX:")[0] if found else message
    return _short(" ".join(told.split()))


def _risk(result: Result) -> str:
    return ", with side effects" if result.wrong and result.side_effects else ""


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"


def _fitted(name: str) -> str:
    """The end of a name tells more than its beginning: of models it is the size."""
    return name if len(name) < _WIDTH else "…" + name[-(_WIDTH - 2) :]
