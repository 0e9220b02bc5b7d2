"""The codes that a plan's error and the problems of its drafts may have, with what they mean and what to do."""

from __future__ import annotations

from collections.abc import Mapping

from cache.reasons import GUARDS, REASONS

Codes = Mapping[str, str]

# `error.code` of a plan that is `failed` or `not_actionable`.
OF_PLANS: Codes = {
    "budget_exceeded": "The project's `tokens_per_day` is used up. Raise it, or wait for midnight UTC.",
    "cache_miss": "The request asked for `cache: only`, and the cache has no plan for it.",
    "embedding_unavailable": "Whether a strict grounding holds cannot be told without an embedding. Try it again.",
    "internal_error": "The plan engine itself failed; the log has the details under the plan's id.",
    "model_auth": "The model's server refuses the key. Check `LLM_API_KEY`.",
    "model_bad_answer": "The model's server answered with something that is no answer.",
    "model_content_filtered": "The model's server withheld the answer. Word the action otherwise.",
    "model_context_overflow": "The prompt is longer than the model takes. Set `LLM_CONTEXT_TOKENS` lower.",
    "model_failed": "The model's server failed.",
    "model_not_found": "The server does not know the model. Check `LLM_MODEL`.",
    "model_overloaded": "The server has no time. It was asked again until the deadline.",
    "model_quota_exhausted": "The account at the model's server has no quota left.",
    "model_rate_limited": "The server was asked too often. It was asked again until the deadline.",
    "model_refused_request": "The server does not take the request; the message has its words.",
    "model_timeout": "No answer within `PLANNING_DEADLINE_SECONDS`.",
    "model_unreachable": "The server cannot be reached. Check `LLM_API_BASE_URL`.",
    "not_accounted": "Nothing accounts for words that `message` names, and the model is not trusted.",
    "not_actionable": "No services do what is asked for; `message` says what is missing.",
    "not_grounded": "No grounding covers the request, and the project demands one (`grounding_required`).",
    "plan_rejected": "No draft was valid: `problems` tells what was wrong, `how_to_fix` what to change.",
    "planner_failed": "No draft could be made.",
    "replay_impossible": "The entry's plan cannot be filled with this request's values.",
    "replay_invalid": "The entry's plan is not valid for today's services.",
    "reported_wrong": "The plan that was made was reported as wrong for this request.",
    "worker_lost": "Several workers ended while they made this plan. Look at their logs.",
}

# `code` of a problem of a draft: in a plan's `error.problems`, and in an attempt's `problems`.
OF_DRAFTS: Codes = {
    "ambiguous_literal": "A number or a date can be read in several ways. Send it as a param.",
    "ambiguous_value": "A value of the action can be read in several ways. Send it as a param.",
    "answer_too_large": "The model's answer is larger than is read.",
    "composite_reference": "A reference stands inside a text; it must be the whole value.",
    "crossed_reference": "An input takes a value that is another's, although there is one of its own.",
    "cycle": "Tasks wait for each other.",
    "duplicate_task": "Two tasks have one id.",
    "fan_out": "A list is given where one value is taken.",
    "grounding_capability_missing": "The plan does not do what the use case asks for.",
    "grounding_forbidden": "The plan does what the use case forbids.",
    "grounding_order": "The plan does what the use case asks for, in another order.",
    "grounding_param_missing": "The plan has no value for a variable of the use case.",
    "grounding_rule_at_most": "The plan does something more often than a rule allows.",
    "grounding_rule_never": "The plan does two things that a rule keeps apart.",
    "grounding_rule_only_if": "The plan does what a rule allows only in requests with a param that is not there.",
    "grounding_rule_requires": "The plan does something without what a rule requires before it.",
    "input_rule_broken": "The inputs together break a rule of the service's schema.",
    "invalid_json": "The answer is not JSON.",
    "invented_literal": "A value stands neither in the action nor in the params. Send it as a param.",
    "malformed_reference": "A reference is not written as `$task1.field`.",
    "missing_input": "A required input has no value.",
    "no_plan_found": "The answer holds no plan.",
    "no_selection": "The answer names no services.",
    "no_service_task": "The plan calls no service.",
    "not_actionable": "The planner says that the services cannot do it.",
    "not_repairable": "What is wrong cannot be put right without a new draft.",
    "nothing_to_choose": "The catalogue is empty. Register services.",
    "only_reasoning": "The model thought and gave no answer.",
    "output_truncated": "The answer was cut off. Give more output tokens.",
    "param_missing": "A param of the request is not in `task0`.",
    "param_value_changed": "A param's value was changed in `task0`.",
    "plan_not_an_object": "The plan is not an object.",
    "prompt_cut": "The server cut the prompt. Give the model a longer context.",
    "selection_cannot_say": "A service has to be called twice, which names of services alone cannot say.",
    "selection_incomplete": "The services that the model chose lack an input that nothing gives.",
    "self_reference": "A task refers to itself.",
    "service_missing": "A task has no service.",
    "task0_has_service": "`task0` holds the params and calls no service.",
    "task0_missing": "The plan has no `task0`.",
    "task_malformed": "A task has not the form of one.",
    "tasks_missing": "The plan has no `tasks`.",
    "too_large": "The plan is larger than is taken.",
    "type_mismatch": "An input gets a value of another JSON type.",
    "unknown_output_field": "A reference names a field that the task does not give.",
    "unknown_service": "The catalogue has no service of this name.",
    "unknown_task0_field": "A reference names a param that the request does not have.",
    "unknown_task_reference": "A reference names a task that the plan does not have.",
    "unreachable_task": "What a task gives is used by nobody.",
    "unreadable": "The plan cannot be read.",
    "unsupported_input": "The service does not take this input.",
    "unused_param": "A param of the request is used nowhere.",
    "value_not_accepted": "The schema of an input does not accept its value.",
}

# The same, with those of a planner that gave no draft at all.
OF_PROBLEMS: Codes = {
    **{code: OF_PLANS[code] for code in ("budget_exceeded", "planner_failed")},
    **{code: meaning for code, meaning in OF_PLANS.items() if code.startswith("model_")},
    **OF_DRAFTS,
}

# `cache.reason` of a plan: why the cache decided as it did, or was not asked.
OF_DECISIONS: Codes = {
    "bypass": "The request asked for `cache: bypass`, so nothing was looked up.",
    "refresh": "The request asked for `cache: refresh`, so nothing was looked up.",
    "replay": "An entry's plan was made with these values because somebody asked for that.",
    **REASONS,
}

# `guard` in a decision's `guards`: why an entry or example was not served.
OF_GUARDS: Codes = GUARDS

# `code` in the `problems` of a grounding that is refused.
OF_GROUNDINGS: Codes = {
    "ambiguous_rule": "A rule can be read in several ways. Put its names in quotes.",
    "contradiction": "It names one thing as wanted and as not wanted, or twice where two are needed.",
    "duplicate": "It stands there twice.",
    "invalid_variable": "A `{variable}` is no name of a param.",
    "invalid_version": "The version is not made of letters, digits and `_`, `.`, `+`, `-`.",
    "missing": "A member is missing.",
    "no_words": "A wording has variables only.",
    "other_name": "The name in the document is not the one in the address.",
    "out_of_range": "A number is too small or too large.",
    "stray_brace": "A brace belongs to no `{variable}`.",
    "too_long": "A text is too long.",
    "too_many": "A list is too long.",
    "unknown_capability": "`order` names what is not among the use case's capabilities.",
    "unknown_rule": "A constraint names no rule that is known.",
    "unreadable_rule": "A rule is not written as its short form is.",
}
