"""The planner that has a model choose services and wires them itself; a whole plan is asked for where that is not
enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cache.templates.templates import Template, make_template
from orra.base.strictjson import Json
from orra.base.text import quote, quote_all
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.grounding.checks import CURED_BY_CHOOSING
from planengine.llm.client import Endpoint, complete
from planengine.llm.completions import Completion, Usage
from planengine.planners.domain import order_among
from planengine.planners.model import kept, prompt_of, read_draft, warnings_of
from planengine.planners.prompts import PROMPT_VERSION
from planengine.planners.prompts.schemas import Schema, choice_schema, selection_schema
from planengine.planners.prompts.selection import Hint, question_messages, selection_messages
from planengine.planners.protocol import SELECT, Draft, Feedback, Job, Planner, refusal
from planengine.planners.relevance import TextEmbedder, relevance_by
from planengine.planners.selection.answers import Selection, read_choice, read_selection
from planengine.planners.selection.references import NEITHER, Option, options_for, question_about
from planengine.planners.selection.shortlist import shortlist
from planengine.planners.wiring.assembling import assemble
from planengine.planners.wiring.assembly import Missing, plan_of
from planengine.planners.wiring.ordering import order_of
from planengine.planners.wiring.workbench import Decided, Workbench
from planengine.validation.problems import Problem

MOST_QUESTIONS = 2
# What another choice of services may put right. The rest needs a plan that says more than names.
_CURED_BY_CHOOSING = CURED_BY_CHOOSING.union(
    ("unused_param", "unknown_service", "no_selection", "selection_incomplete")
)
_SAYS_MORE = "selection_cannot_say"


class Selecting:
    """Implements :class:`planengine.planners.protocol.Planner`. ``full`` is the planner that asks the same model
    for whole plans, ``None`` where it is never to be asked for one. Safe to share between threads."""

    source = "model"

    def __init__(self, endpoint: Endpoint, embedder: TextEmbedder, *, full: Planner | None) -> None:
        self.endpoint = endpoint
        self.model = endpoint.model
        self.name = f"model:{endpoint.model}:{PROMPT_VERSION}" + ("" if full else ":select")
        self._full = full
        self._relevance = relevance_by(embedder)

    def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
        able = shortlist(job, self._relevance)
        if self._full is not None and _needs_whole_plan(able, feedback):
            return self._full.draft(_over(able, job), feedback=_of_whole_plan(feedback), deadline=deadline)
        if able:
            return _Conversation(self.endpoint, job, deadline).draft(able, hint=_hint(feedback))
        message = "No service can be called with the params of the request"
        return Draft(plan=None, problems=(Problem("nothing_to_choose", message),), way=SELECT)

    def prompt(self, job: Job, *, feedback: Feedback | None) -> str:
        able = shortlist(job, self._relevance)
        if self._full is not None and _needs_whole_plan(able, feedback):
            return self._full.prompt(_over(able, job), feedback=_of_whole_plan(feedback))
        return prompt_of(selection_messages(job, able, hint=_hint(feedback)))

    def asks_again(self, feedback: Feedback) -> bool:
        if _chooses_again(feedback):
            return True
        if self._full is None:
            return False
        return feedback.way == SELECT or self._full.asks_again(feedback)


def _chooses_again(feedback: Feedback) -> bool:
    """Whether a selection is asked for once more: when it can differ, and that may be enough."""
    codes = {problem.code for problem in feedback.problems}
    return feedback.way == SELECT and not feedback.repeated and bool(codes) and codes <= _CURED_BY_CHOOSING


def _needs_whole_plan(able: Sequence[ServiceSpec], feedback: Feedback | None) -> bool:
    """Whether names cannot say it, or there are none to choose from."""
    return not able or (feedback is not None and not _chooses_again(feedback))


def _over(able: Sequence[ServiceSpec], job: Job) -> Job:
    """With the services only that can be called: a whole catalogue takes a small model minutes to read."""
    return replace(job, catalogue=Catalogue(able)) if able else job


def _of_whole_plan(feedback: Feedback | None) -> Feedback | None:
    """What is told of a whole plan; of names that were chosen nothing would be understood."""
    return feedback if feedback is not None and feedback.way != SELECT else None


def _hint(feedback: Feedback | None) -> Hint | None:
    if feedback is None:
        return None
    told = ". ".join(f"{problem.message.rstrip('.')}. {problem.hint}".strip() for problem in feedback.problems[:3])
    return Hint(feedback.chosen, told)


@dataclass
class _Conversation:
    """The calls of one draft: a selection, and a question for each input that it leaves open."""

    endpoint: Endpoint
    job: Job
    deadline: float
    prompts: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    completions: list[Completion] = field(default_factory=list)

    def draft(self, shown: Sequence[ServiceSpec], *, hint: Hint | None) -> Draft:
        names = [spec.name for spec in shown]
        messages = selection_messages(self.job, shown, hint=hint)
        completion = self._ask(messages, selection_schema(names))
        chosen = read_selection(completion.content or completion.reasoning)
        if isinstance(chosen, Problem):
            whole = read_draft(completion, prompt=prompt_of(messages))
            if whole.plan is not None:  # more than was asked for
                return replace(whole, services_shown=len(names))
            return self._told(shown, problems=(chosen,) if whole.answer.strip() else whole.problems)
        if chosen.refusal:
            return self._told(shown, plan=refusal(chosen.refusal))
        services = tuple(dict.fromkeys(chosen.services))
        problem = self._problem_of(chosen)
        found = self._wired(services) if problem is None else problem
        if isinstance(found, Problem):
            return self._told(shown, problems=(found,), chosen=services)
        return self._told(shown, plan=found, chosen=services)

    def _problem_of(self, chosen: Selection) -> Problem | None:
        """What keeps these names from being wired at all."""
        unknown = [name for name in chosen.services if self.job.catalogue.get(name) is None]
        if unknown:
            return Problem("unknown_service", f"There is no service {quote_all(unknown)}", hint="Copy the names.")
        if len(set(chosen.services)) < len(chosen.services):
            return Problem(_SAYS_MORE, "A service is to be called more than once, which names alone cannot say")
        return None

    def _wired(self, chosen: Sequence[str]) -> Json | Problem:
        template = make_template(self.job.action, self.job.params)
        decided: dict[tuple[str, str], Decided] = {}
        for _ in range(MOST_QUESTIONS + 1):
            bench = Workbench(self.job.catalogue, params=self.job.params, action=self.job.action, decided=decided)
            assembly = assemble(bench, chosen)
            if not assembly.missing:
                place = {name: number for number, name in enumerate(chosen)}
                before = order_among(assembly.services, self.job)
                return plan_of(assembly, self.job.params, after=order_of(assembly, bench, place, before=before))
            missing = assembly.missing[0]
            source = self._decide(missing, bench, chosen, template) if len(decided) < MOST_QUESTIONS else None
            if source is None or (missing.service, missing.field) in decided:
                break
            decided[missing.service, missing.field] = source
        return _incomplete(missing)

    def _decide(
        self, missing: Missing, bench: Workbench, chosen: Sequence[str], template: Template
    ) -> Decided | None:
        options = options_for(missing, bench, chosen, template)
        if not options:
            return None
        told = {option.told: option for option in options}
        texts = [*told, NEITHER]
        completion = self._ask(question_messages(self.job, question_about(missing), texts), choice_schema(texts))
        option: Option | None = told.get(read_choice(completion.content or completion.reasoning) or NEITHER)
        return None if option is None else option.source

    def _ask(self, messages: list[dict[str, str]], schema: Schema) -> Completion:
        completion = complete(
            self.endpoint,
            messages,
            deadline=self.deadline,
            schema=schema,
            on_progress=self.job.on_progress if self.endpoint.streams else None,
        )
        self.prompts.append(prompt_of(messages))
        self.answers.append(completion.content or completion.reasoning)
        self.completions.append(completion)
        return completion

    def _told(
        self,
        shown: Sequence[ServiceSpec],
        *,
        plan: Json = None,
        problems: tuple[Problem, ...] = (),
        chosen: tuple[str, ...] = (),
    ) -> Draft:
        first = self.completions[0]
        return Draft(
            plan=plan,
            problems=problems,
            warnings=warnings_of(first, self.prompts[0]),
            prompt="\n\n".join(self.prompts),
            answer=kept("\n".join(self.answers)),
            reasoning=kept("\n".join(each.reasoning for each in self.completions if each.reasoning)),
            model=first.model,
            usage=_sum([each.usage for each in self.completions]),
            services_shown=len(shown),
            way=SELECT,
            chosen=chosen,
        )


def _incomplete(missing: Missing) -> Problem:
    return Problem(
        "selection_incomplete",
        f"Service {quote(missing.service)} needs {quote(missing.field)}: {missing.reason}",
        field=missing.field,
        hint="Choose what gives it, or another service that needs it not.",
    )


def _sum(usages: Sequence[Usage]) -> Usage:
    def total(name: str) -> int | None:
        counts = [getattr(usage, name) for usage in usages]
        return None if None in counts else sum(counts)

    return Usage(total("prompt_tokens"), total("completion_tokens"))
