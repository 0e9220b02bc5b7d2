"""The calls of one draft: a selection, and a question for each input that it leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add

from cache.templates.templates import make_template
from orra.base.strictjson import Json
from orra.base.text import quote, quote_all
from planengine.catalogue.specs import ServiceSpec
from planengine.exceptions import ModelError
from planengine.llm.client import Endpoint, complete
from planengine.llm.completions import Completion
from planengine.planners.composer.oversight import unaccounted_for
from planengine.planners.domain import demanded_services, order_among
from planengine.planners.model import kept, prompt_of, read_draft, warnings_of
from planengine.planners.prompts.schemas import Schema, choice_schema, selection_schema, words_schema
from planengine.planners.prompts.selection import question_messages, selection_messages, words_messages
from planengine.planners.protocol import SELECT, Draft, Job, refusal
from planengine.planners.relevance import Relevance
from planengine.planners.selection.answers import Selection, read_choice, read_selection
from planengine.planners.selection.offers import UNWIRED, Offer
from planengine.planners.selection.references import NEITHER, WORDS, Question, question_about
from planengine.planners.unwrapping import known_name
from planengine.planners.wiring.assembling import assemble
from planengine.planners.wiring.assembly import Assembly, Missing, plan_of
from planengine.planners.wiring.ordering import order_of
from planengine.planners.wiring.workbench import Decided, Workbench
from planengine.validation.problems import Problem

MOST_QUESTIONS = 2
_SAYS_MORE = "selection_cannot_say"


class _Unclear(Exception):
    """The model answered a question with none of its options."""


@dataclass
class Conversation:
    """The calls of one draft: a selection, and a question for each input that it leaves open."""

    endpoint: Endpoint
    job: Job
    deadline: float
    relevance: Relevance
    output_tokens: int | None = None
    prompts: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    completions: list[Completion] = field(default_factory=list)

    def draft(self, offer: Offer) -> Draft:
        shown = offer.services
        names = [spec.name for spec in shown]
        messages = selection_messages(self.job, shown, hint=offer.hint)
        completion = self._ask(messages, selection_schema(names, may_refuse=offer.may_refuse))
        chosen = read_selection(completion)
        if isinstance(chosen, Problem):
            whole = read_draft(completion, prompt=prompt_of(messages))
            if whole.plan is not None:  # more than was asked for
                return replace(whole, services_shown=len(names))
            return self._told(shown, problems=(chosen,) if whole.answer.strip() else whole.problems)
        if chosen.refusal:
            return self._told(shown, plan=refusal(chosen.refusal))
        chosen = Selection(tuple(known_name(name, self._is_known) for name in chosen.services))
        services = tuple(dict.fromkeys(chosen.services))
        problem = self._problem_of(chosen)
        found = self._wired(services, offer) if problem is None else problem
        if isinstance(found, Problem):
            return self._told(shown, problems=(found,), chosen=services)
        return self._told(shown, plan=found, chosen=services)

    def _is_known(self, name: str) -> bool:
        return self.job.catalogue.get(name) is not None

    def _problem_of(self, chosen: Selection) -> Problem | None:
        """What keeps these names from being wired at all."""
        unknown = [name for name in chosen.services if not self._is_known(name)]
        if unknown:
            return Problem("unknown_service", f"There is no service {quote_all(unknown)}", hint="Copy the names.")
        if len(set(chosen.services)) < len(chosen.services):
            return Problem(_SAYS_MORE, "A service is to be called more than once, which names alone cannot say")
        return None

    def _wired(self, chosen: Sequence[str], offer: Offer) -> Json | Problem:
        """The plan of these services. Where the model says that nothing gives what one of them needs, it may
        choose another once; then that is a refusal."""
        template = make_template(self.job.action, self.job.params)
        decided: dict[tuple[str, str], Decided] = {}
        for _ in range(MOST_QUESTIONS + 1):
            bench = Workbench(self.job.catalogue, params=self.job.params, action=self.job.action, decided=decided)
            assembly = assemble(bench, chosen)
            if not assembly.missing:
                return self._plan(bench, chosen, assembly)
            missing = assembly.missing[0]
            wanted = (missing.goal, missing.goal_field)
            question = question_about(missing, bench, chosen, template)
            if question is None or len(decided) == MOST_QUESTIONS or wanted in decided:
                break
            try:
                source = self._decide(question)
            except _Unclear:  # which is not to say that nothing gives it
                break
            if source is None and offer.is_first and len(offer.services) > 1:
                break
            if source is None:
                name = missing.goal_field
                return refusal(
                    f"{missing.goal} needs {name}, and nothing of the request gives it. Send {name} as a param."
                )
            decided[wanted] = source
        return _incomplete(missing)

    def _plan(self, bench: Workbench, chosen: Sequence[str], assembly: Assembly) -> Json:
        """Without a look-up that gives nothing to the others, if every word is accounted for without it."""

        def ordered(assembly: Assembly, chosen: Sequence[str]) -> Json:
            place = {name: number for number, name in enumerate(chosen)}
            before = order_among(assembly.services, self.job)
            return plan_of(assembly, self.job.params, after=order_of(assembly, bench, place, before=before))

        for idle in self._idle(bench, chosen, assembly):
            others = [name for name in chosen if name != idle]
            fewer = assemble(bench, others)
            if not fewer.missing and fewer.consumed == assembly.consumed:
                plan = ordered(fewer, others)
                if not unaccounted_for(plan, self.job, self.relevance):
                    return plan
        return ordered(assembly, chosen)

    def _idle(self, bench: Workbench, chosen: Sequence[str], assembly: Assembly) -> list[str]:
        """What was chosen beside others, only reads, gives nothing to them, and is not demanded by the domain."""
        giving = {source.service for wired in assembly.inputs.values() for source in wired.values()}
        needed = giving.union(spec.name for spec in demanded_services(self.job))
        return [name for name in chosen if len(chosen) > 1 and name not in needed and bench.may_help(name)]

    def _decide(self, question: Question) -> Decided | None:
        """What the model says gives an input; ``None``: nothing does. Raises :class:`_Unclear`."""
        texts = [*question.options, *([WORDS] if question.takes_words else []), NEITHER]
        chosen = self._choice(question_messages(self.job, question.text, texts), choice_schema(texts))
        if chosen not in texts:
            raise _Unclear
        if chosen != WORDS:
            return question.options.get(chosen)
        words = self._choice(words_messages(self.job, question.text), words_schema())
        return Decided(value=words) if words and words in self.job.action else None

    def _choice(self, messages: list[dict[str, str]], schema: Schema) -> str:
        chosen = read_choice(self._ask(messages, schema))
        if chosen is None:
            raise _Unclear
        return chosen

    def _ask(self, messages: list[dict[str, str]], schema: Schema) -> Completion:
        try:
            completion = complete(
                self.endpoint,
                messages,
                deadline=self.deadline,
                schema=schema,
                output_tokens=self.output_tokens,
                on_progress=self.job.on_progress if self.endpoint.streams else None,
            )
        except ModelError as error:
            # What was answered until then was written, and paid for.
            error.answer = "\n".join(filter(None, [*self.answers, error.answer]))
            raise
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
            usage=reduce(add, (each.usage for each in self.completions)),
            services_shown=len(shown),
            way=SELECT,
            chosen=chosen,
        )


def _incomplete(missing: Missing) -> Problem:
    return Problem(
        UNWIRED,
        f"Service {quote(missing.service)} needs {quote(missing.field)}: {missing.reason}",
        field=missing.field,
        hint="Choose what gives it, or another service that needs it not.",
    )
