"""The codes that a plan's error and the problems of its drafts may have, with what they mean and what to do."""

from __future__ import annotations

from collections.abc import Mapping

Codes = Mapping[str, str]

# `error.code` of a plan that is `failed` or `not_actionable`.
OF_PLANS: Codes = {
    "budget_exceeded": "The project's `tokens_per_day` is used up. Raise it, or wait for midnight UTC.",
    "cache_miss": "The request asked for `cache: only`, and the cache has no plan for it.",
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
    "not_actionable": "No services do what is asked for; `message` says what is missing.",
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
    "cycle": "Tasks wait for each other.",
    "duplicate_task": "Two tasks have one id.",
    "fan_out": "A list is given where one value is taken.",
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
    "self_reference": "A task refers to itself.",
    "service_missing": "A task has no service.",
    "task0_has_service": "`task0` holds the params and calls no service.",
    "task0_missing": "The plan has no `task0`.",
    "task_malformed": "A task has not the form of one.",
    "tasks_missing": "The plan has no `tasks`.",
    "too_large": "The plan is larger than is taken.",
    "unknown_service": "The catalogue has no service of this name.",
    "unknown_task0_field": "A reference names a param that the request does not have.",
    "unknown_task_reference": "A reference names a task that the plan does not have.",
    "unreachable_task": "What a task gives is used by nobody.",
    "unreadable": "The plan cannot be read.",
    "unsupported_input": "The service does not take this input.",
    "unused_param": "A param of the request is used nowhere.",
}
