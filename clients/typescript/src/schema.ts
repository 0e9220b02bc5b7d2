// Generated from the engine's OpenAPI document by `npm run generate`: changes are lost.

export interface paths {
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Does the process answer? */
        get: operations["livez"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Can it take requests?
         * @description The database is there and migrated: requests can be accepted. A broker that is down delays planning, loses
         *     nothing, so it is told but does not make the process unready.
         */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The project's API keys, revoked ones too */
        get: operations["list_api_keys"];
        put?: never;
        /**
         * Make another API key
         * @description For everything, unless its `scopes` are told; for as long as nobody revokes it, unless it is told when it expires.
         */
        post: operations["create_api_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke an API key
         * @description It stays in the list. The last active key of a project with the scope `admin` cannot be revoked.
         */
        delete: operations["revoke_api_key"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/{key_id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replace an API key
         * @description Answers with a new key of the same name and scopes. The old one opens everything that it opened for `overlap_seconds` more, or less if it expires before.
         */
        post: operations["rotate_api_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/cache/entries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the cache holds, newest first */
        get: operations["list_cache_entries"];
        put?: never;
        post?: never;
        /**
         * Evict every entry that uses a service
         * @description Counter-examples stay: what was found wrong is remembered. Each can be evicted by its id.
         */
        delete: operations["purge_cache_entries"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/cache/entries/{entry_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One cache entry */
        get: operations["get_cache_entry"];
        put?: never;
        post?: never;
        /** Evict a cache entry */
        delete: operations["evict_cache_entry"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/cache/entries/{entry_id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A new plan from a cache entry
         * @description With the values of this request, validated against today's services. Refusals and counter-examples hold no plan to serve: 409.
         */
        post: operations["replay_cache_entry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/cache/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What the cache would do with a request, and why
         * @description A dry run: nothing is served, counted, planned or changed. A plan's request can be sent as it is; `cache` and `wait_seconds` make no difference.
         */
        post: operations["explain_cache"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/cache/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the cache did for the project
         * @description Of finished plans: since the project began, or from the full hour of `since`, or of so many `hours` ago, on. `would_be_hits` are misses whose best candidate was refused; `misses_refused_by` says what by, and `guards` counts hits too that were served by a later candidate.
         */
        get: operations["get_cache_stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/groundings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The project's groundings, by name
         * @description Of each the version that holds, without what it says.
         */
        get: operations["list_groundings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/groundings/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One grounding
         * @description The version that holds, or another one. As YAML it is the document alone, as its author writes it: change it, give it another version, and send it back.
         */
        get: operations["get_grounding"];
        /**
         * Apply a grounding
         * @description From now on this version holds. 201: it is new; 200: it was applied before, and holds again or still. A version that says something else already is a conflict (409): what differs is told. It is taken as YAML too, with `Content-Type: application/yaml`. A grounding's name is 1 to 100 letters, digits, `_`, `-` and `.`, the first a letter or digit.
         */
        put: operations["put_grounding"];
        post?: never;
        /**
         * Remove a grounding
         * @description All its versions. Plans that it had a say in stay, and are not served for requests that no grounding covers.
         */
        delete: operations["delete_grounding"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/groundings/{name}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A grounding's versions, newest first
         * @description `GET /v1/groundings/{name}?version=…` has what one says; applied again, it holds again.
         */
        get: operations["list_grounding_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The project's plans, newest first
         * @description The plans' attempts are left out here.
         */
        get: operations["list_plans"];
        put?: never;
        /**
         * Ask for a plan
         * @description Served from the cache where it can be, planned where it must. 201 with a finished plan, 202 with its `Location` when it is not finished within `wait_seconds`. A key that was used before gives the plan of then, whatever became of it, with 200 and the header `Idempotency-Replayed: true`: to ask again after a failure takes a new key.
         */
        post: operations["create_plan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans/{plan_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One plan */
        get: operations["get_plan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans/{plan_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens to a plan, as server-sent events
         * @description From the beginning, or after `Last-Event-ID`; ends when the plan is finished. A finished plan's events are told again. They are `queued`, `cache` (the decision and its votes), `attempt_started`, `answered` or `attempt_failed`, `problems_found`, `retry`, and at last `ready`, `not_actionable` or `failed`. Two have no id, because they tell how things are now: `progress` (characters of reasoning and answer so far) and `following` (the plan that is made for both, whose attempts are told here too). Each event's data is a JSON object. In a project with `event_contents`, `progress` also tells what the model has thought and written since the `progress` before it, and `answered` (or `attempt_failed`, as far as it came) all of it: `reasoning` and `answer` are `{"from": 120, "text": "…"}`, the text that begins with this character.
         */
        get: operations["listen_to_plan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans/{plan_id}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say that a plan is wrong, or right after all
         * @description Of any plan that is ready, wherever it came from. A wrong one does not come back for such a request: not from its cache entry, which serves nobody any more, nor from another, nor from a planner. A right one votes on what similar requests mean; it takes back an earlier `wrong_plan`. Without a body: `wrong_plan`.
         */
        post: operations["report_plan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/project": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's project */
        get: operations["get_project"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change the project's settings */
        patch: operations["update_project"];
        trace?: never;
    };
    "/v1/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a project
         * @description Answers with its first API key, which is shown this once. Takes the operator's token, unless the installation lets everybody register.
         */
        post: operations["create_project"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/services": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The project's services, by name
         * @description The list of services, and many of them put at once.
         */
        get: operations["list_services"];
        /**
         * Register or change many services
         * @description Each as `PUT /v1/services/{name}` would, in one transaction: none is seen without others. In the mode `atomic` one that is refused keeps all from being stored: 400 with the code `services_refused`, where `services` tells of each. A dry run is always answered with 200.
         */
        put: operations["put_services"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/services/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One service */
        get: operations["get_service"];
        /**
         * Register or change a service
         * @description Upsert by name. The version rises only when something changed; never by annotations, examples and capabilities, which no cached plan depends on.
         */
        put: operations["put_service"];
        post?: never;
        /** Remove a service */
        delete: operations["delete_service"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/services/{name}/dry-run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What registering or changing a service would do
         * @description The body as `PUT /v1/services/{name}` takes it, checked alike. Nothing is stored: the answer tells what would differ, the version then, and how many cached plans would go.
         */
        post: operations["dry_run_service"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tokens, money and calls, and what the cache saved */
        get: operations["get_usage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description How the project's own requests moved the shipped prior: by a shift of its log odds. */
        Acceptance: {
            /** @description How many observations it is worked out from. */
            labels: number;
            /**
             * Format: double
             * @description Above 0: more of what is proposed was wrong than the prior says.
             */
            shift: number;
        };
        /** @description An API key without its secret. */
        ApiKey: {
            /** Format: date-time */
            readonly created_at: string;
            /**
             * Format: date-time
             * @description From when on it opens nothing. Empty: it stays good.
             */
            expires_at: string | null;
            readonly id: string;
            /**
             * Format: date-time
             * @description To some minutes; null: not yet.
             */
            readonly last_used_at: string | null;
            name: string;
            readonly prefix: string;
            /** Format: date-time */
            readonly revoked_at: string | null;
            /** @description What it may be used for; everything unless it is told. */
            scopes: components["schemas"]["Scopes"][];
        };
        /** @description An API key without its secret. */
        ApiKeyRequest: {
            /**
             * Format: date-time
             * @description From when on it opens nothing. Empty: it stays good.
             */
            expires_at?: string | null;
            name?: string;
            /** @description What it may be used for; everything unless it is told. */
            scopes?: components["schemas"]["Scopes"][];
        };
        Attempt: {
            /**
             * Format: double
             * @description By the operator's prices; null when unknown.
             */
            cost: number | null;
            /** @description Empty where the planner was asked and answered. Later versions may have more. */
            error_code: components["schemas"]["PlanErrorCode"] | string;
            model: string;
            number: number;
            planner: string;
            problems: components["schemas"]["PlanProblem"][];
            /**
             * Format: double
             * @description null while it lasts, or for good if it was lost
             */
            seconds: number | null;
            /** @description How many services the prompt held. */
            services_shown: number | null;
            usage: components["schemas"]["Usage"];
            /** @description For the operator. */
            warnings: components["schemas"]["PlanProblem"][];
            /** @description How the model was asked: for services (`select`) or for a whole plan (`full`). Empty for a planner that asks no model. */
            way: string;
        };
        Budget: {
            /** Format: date-time */
            resets_at: string;
            /** @description Used today or reserved for calls in flight. */
            tokens: number;
            /** @description The budget; null when there is none. */
            tokens_per_day: number | null;
        };
        CacheDecision: {
            decision: components["schemas"]["CacheDecisionKind"];
            entry_id: string | null;
            /** @description What was looked at and not served, and why. */
            guards: components["schemas"]["Candidate"][];
            /** @description Stable; meant for programs. Later versions may have more. */
            reason: components["schemas"]["CacheReason"] | string;
            /** Format: double */
            similarity: number | null;
            /** @description null where no examples were asked. */
            votes: components["schemas"]["Votes"] | null;
        };
        /** @enum {string} */
        CacheDecisionKind: "exact" | "semantic" | "example" | "miss" | "bypass" | "refresh" | "replay";
        /** @enum {string} */
        CacheMode: "use" | "bypass" | "refresh" | "only";
        /**
         * @description * `bypass`: The request asked for `cache: bypass`, so nothing was looked up.
         *     * `made_by_example`: Votes of examples said which services; they were wired for this request's params.
         *     * `model_check`: Only wording was against the entry, and the model said that it means the same.
         *     * `no_embedding`: The embedding model was not to be had, so only templates could be compared.
         *     * `not_grounded`: The project demands a grounding, and none covers the request.
         *     * `nothing_cached`: There is no entry, example or refusal yet for these services and settings.
         *     * `nothing_similar`: The nearest example that votes is less similar than the similarity floor.
         *     * `only_exact_templates`: No entry has this template, and hits by meaning are closed.
         *     * `refresh`: The request asked for `cache: refresh`, so nothing was looked up.
         *     * `refused`: Something near was found, and not served: `guards` says why.
         *     * `replay`: An entry's plan was made with these values because somebody asked for that.
         *     * `same_flight`: Another request of this template was being planned, and its plan serves this one.
         *     * `same_meaning`: Votes of examples accepted the entry's plan for this wording.
         *     * `same_template`: An entry has this template.
         * @enum {string}
         */
        CacheReason: "bypass" | "made_by_example" | "model_check" | "no_embedding" | "not_grounded" | "nothing_cached" | "nothing_similar" | "only_exact_templates" | "refresh" | "refused" | "replay" | "same_flight" | "same_meaning" | "same_template";
        CacheStats: {
            acceptance: components["schemas"]["Acceptance"];
            /** @description For each tenth of the latest labels by predicted risk, the least first. Labels are misses that were planned, hits that were planned again, and reports. */
            calibration: components["schemas"]["Tenth"][];
            calls_saved: number;
            /** @description Plans that were found wrong, and do not come back. */
            counter_examples: number;
            /** @description Plans in the cache now, those in quarantine not counted. */
            entries: number;
            /** @description What refused best candidates, of hits too. */
            guards: {
                [key: string]: number;
            };
            /** Format: double */
            hit_rate: number | null;
            hits: components["schemas"]["Hits"];
            hits_by_meaning: components["schemas"]["HitsByMeaning"];
            misses: number;
            misses_by_reason: {
                [key: string]: number;
            };
            /** @description What refused the best candidates of misses: risk, words, contested, reported, fields … */
            misses_refused_by: {
                [key: string]: number;
            };
            model_check: components["schemas"]["ModelCheck"];
            observed_wrong_hit_rate: components["schemas"]["Observed"];
            quarantined_entries: number;
            /** @description Requests kept as examples that no plan could be made of. */
            refusals: number;
            /** @description Hits that clients or operators say were wrong. */
            reported_wrong_hits: number;
            /** @description Finished plans that the cache was asked about. */
            requests: number;
            similarity_floor: components["schemas"]["SimilarityFloor"];
            /**
             * Format: date-time
             * @description The full hour that counting begins with.
             */
            since: string | null;
            /** @description What planning the serving entries had cost, where known. */
            tokens_saved: number;
            /** @description Misses whose best candidate was refused. */
            would_be_hits: number;
        };
        Candidate: {
            /** @description Empty for what was proposed without an entry. */
            entry_id: string;
            /** @description What objected; null for the one that would serve. Later versions may have more. */
            guard: components["schemas"]["GuardCode"] | (string | null);
            /**
             * @description Where only wording is against it: what a model said when asked whether it means the same. After a yes it serves in spite of the objection; open is not asked yet.
             *
             *     * `yes` - yes
             *     * `no` - no
             *     * `unclear` - unclear
             *     * `open` - open
             */
            model_check?: components["schemas"]["CandidateModelCheck"];
            reason: string | null;
            /** Format: double */
            similarity: number;
            template: string;
        };
        /** @enum {string} */
        CandidateModelCheck: "yes" | "no" | "unclear" | "open";
        /**
         * @description * `dependencies` - drop entries whose own services changed
         *     * `strict` - drop every entry when any service changes
         * @enum {string}
         */
        CataloguePolicy: "dependencies" | "strict";
        /** @description A cache entry as the API shows it. */
        Entry: {
            /** @description The action it was planned for. */
            action: string;
            /** @description Whether a nearly identical template led to something else: then examples vote on its template, too. */
            contested: boolean;
            /** @description What planning it cost. */
            cost: components["schemas"]["PlanningCost"];
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description null for a pinned entry or a counter-example: neither expires.
             */
            expires_at: string | null;
            /** @description The places of the plan that a request's values fill. */
            readonly filled: components["schemas"]["Filled"][];
            hits: number;
            readonly id: string;
            kind: components["schemas"]["EntryKind"];
            /** Format: date-time */
            last_used_at: string;
            /** @description The params it was planned for. */
            params: components["schemas"]["Param"][];
            /** @description Kept whatever its age and the project's cap. */
            pinned: boolean;
            /** @description The validated execution plan; a refusal has none. */
            plan: components["schemas"]["ExecutionPlan"] | null;
            /** @description model, repaired, composer or example */
            planned_by: string;
            quarantine_reason: string;
            /** Format: date-time */
            quarantined_at: string | null;
            reusable: boolean;
            scope: {
                [key: string]: string;
            };
            /** @description The services it uses, by name, with their versions. */
            services: {
                [key: string]: number;
            };
            /** @description The places of the action that a request's values fill. */
            readonly slots: components["schemas"]["Slot"][];
            /** @description The action with its slots as {name}. */
            template: string;
        };
        /**
         * @description * `plan` - a validated plan, reusable
         *     * `refusal` - a refusal, which votes against plans
         *     * `counter` - a plan that was found wrong for its template
         * @enum {string}
         */
        EntryKind: "plan" | "refusal" | "counter";
        Evicted: {
            /** @description How many entries there were. */
            evicted: number;
        };
        Evictions: {
            /** @description Cached plans and refusals that would be evicted. */
            entries: number;
            /** @description Of these, pinned ones. */
            pinned: number;
            /** @description Of these, examples that vote. */
            voting: number;
        };
        Evidence: {
            /**
             * @description How it is known; null where no service of the plan does it.
             *
             *     * `declared` - declared
             *     * `meaning` - meaning
             */
            by: components["schemas"]["EvidenceBy"] | null;
            capability: string;
            /** @description Which service of the plan does it. */
            service: string | null;
            /**
             * Format: double
             * @description To that service, where meaning says so.
             */
            similarity: number | null;
        };
        /** @enum {string} */
        EvidenceBy: "declared" | "meaning";
        ExecutionPlan: {
            parallel_groups: string[][];
            tasks: components["schemas"]["Task"][];
        };
        /** @description Which use case applies and why, and which came close. */
        ExplainedGrounding: {
            /**
             * @description `unknown`: no embedding was to be had, and a strict grounding might apply.
             *
             *     * `exact` - exact
             *     * `same_words` - same_words
             *     * `same_meaning` - same_meaning
             *     * `none` - none
             *     * `unknown` - unknown
             */
            match: components["schemas"]["ExplainedGroundingMatch"];
            mode: string | null;
            name: string | null;
            /** @description The closest of what does not apply, nearest first. */
            near: components["schemas"]["NearUseCase"][];
            /** Format: double */
            risk: number | null;
            /** Format: double */
            similarity: number | null;
            /** @description Entries that were made under other versions, and serve nobody while this one holds. */
            unused_entries: components["schemas"]["UnusedEntries"][];
            use_case: string | null;
            version: string | null;
            wording: string | null;
        };
        /** @enum {string} */
        ExplainedGroundingMatch: "exact" | "same_words" | "same_meaning" | "none" | "unknown";
        /** @description The votes with what is internal. */
        ExplainedVotes: {
            /** @description How many of the 32 nearest led to that plan. */
            examples: number;
            /**
             * Format: double
             * @description The risk as the shipped prior has it, as log odds. Internal.
             */
            log_odds: number;
            /**
             * Format: double
             * @description How much nearer the nearest is than its rival, at most 0.3.
             */
            margin: number;
            /**
             * Format: double
             * @description The most that a single hit may have, by the project's `wrong_hit_tolerance`.
             */
            most_risk: number;
            /** @description The nearest of these. */
            nearest: components["schemas"]["VotingExample"];
            /** @description Words, signs and values of the request that nothing accounts for. Asked before a side effect, and of plans with few examples. */
            not_accounted_for: string[];
            /** @description What the risk is worked out from. Internal: it may change. */
            numbers: {
                [key: string]: number;
            };
            /** @description Services that could take these params as well, and that no example has led to. */
            other_services: string[];
            /**
             * Format: double
             * @description Predicted probability, 0 to 1, that another plan is wanted.
             */
            risk: number;
            /** @description The nearest example of anything else; null when there is none. */
            rival: components["schemas"]["VotingExample"] | null;
            /** @description The services of the plan that they propose. */
            services: string[];
        };
        Explanation: {
            /** @description The entries looked at, best first. */
            candidates: components["schemas"]["Candidate"][];
            decision: components["schemas"]["ExplanationDecision"];
            entry_id: string | null;
            /**
             * Format: double
             * @description Lowest similarity for a hit by meaning.
             */
            floor: number;
            floor_from: components["schemas"]["SimilarityFloorOrigin"];
            /** @description null for a project without groundings. */
            grounding: components["schemas"]["ExplainedGrounding"] | null;
            /** @description What would be served. */
            plan: components["schemas"]["ExecutionPlan"] | null;
            reason: string;
            /** Format: double */
            similarity: number | null;
            /** @description The request's own template. */
            template: string;
            timings_ms: {
                [key: string]: number;
            };
            /** @description null where no examples were asked. */
            votes: components["schemas"]["ExplainedVotes"] | null;
            /** @description Of a miss, what makes the next such request a hit, in sentences. */
            what_to_do: string[];
        };
        /** @enum {string} */
        ExplanationDecision: "exact" | "semantic" | "example" | "miss";
        /** @description One thing wrong with a body. */
        Fault: {
            code: string;
            /** @description Where in the body: `input_schema`, `use_cases[2].action` … */
            field: string;
            message: string;
        };
        Filled: {
            /** @description The param or literal that goes there. */
            by: string[];
            input: string;
            task: string;
        };
        /** @description A version of a grounding. In YAML it is the document alone, without `id`, `current` and `created_at`. */
        Grounding: {
            /** @description Sentences, which guide the model, and rules, which are checked. */
            constraints: (string | {
                before: string;
                first: string;
                /** @constant */
                rule: "requires";
            } | {
                /** @constant */
                rule: "never";
                this: string;
                with: string;
            } | {
                most: number;
                of: string;
                /** @constant */
                rule: "at_most";
            } | {
                param: string;
                /** @constant */
                rule: "only_if";
                this: string;
            } | {
                /** @description `at_most: N of A` */
                at_most?: string;
                /** @description `never: A with B` */
                never?: string;
                /** @description `only_if: A if param P` */
                only_if?: string;
                /** @description `requires: A before B` */
                requires?: string;
            })[];
            /** Format: date-time */
            readonly created_at: string;
            /** @description Whether this is the version that holds. */
            readonly current: boolean;
            /** @description What it is about. */
            domain: string;
            readonly id: string;
            /**
             * @description `strict`: a plan that does not keep to it fails. `advisory`: it guides, and is reported.
             *
             *     * `advisory` - guides the model, and is reported
             *     * `strict` - a plan that does not keep to it fails
             * @default advisory
             */
            mode: components["schemas"]["GroundingMode"];
            /** @description As in the path; it may be left out when sent. */
            name: string;
            use_cases: components["schemas"]["UseCase"][];
            /** @description What a version says does not change any more. */
            version: string;
        };
        /**
         * @description * `advisory` - guides the model, and is reported
         *     * `strict` - a plan that does not keep to it fails
         * @enum {string}
         */
        GroundingMode: "advisory" | "strict";
        /** @description A version of a grounding. In YAML it is the document alone, without `id`, `current` and `created_at`. */
        GroundingRequest: {
            /** @description Sentences, which guide the model, and rules, which are checked. */
            constraints?: (string | {
                before: string;
                first: string;
                /** @constant */
                rule: "requires";
            } | {
                /** @constant */
                rule: "never";
                this: string;
                with: string;
            } | {
                most: number;
                of: string;
                /** @constant */
                rule: "at_most";
            } | {
                param: string;
                /** @constant */
                rule: "only_if";
                this: string;
            } | {
                /** @description `at_most: N of A` */
                at_most?: string;
                /** @description `never: A with B` */
                never?: string;
                /** @description `only_if: A if param P` */
                only_if?: string;
                /** @description `requires: A before B` */
                requires?: string;
            })[];
            /** @description What it is about. */
            domain: string;
            /**
             * @description `strict`: a plan that does not keep to it fails. `advisory`: it guides, and is reported.
             *
             *     * `advisory` - guides the model, and is reported
             *     * `strict` - a plan that does not keep to it fails
             * @default advisory
             */
            mode?: components["schemas"]["GroundingMode"];
            /** @description As in the path; it may be left out when sent. */
            name?: string;
            use_cases: components["schemas"]["UseCaseRequest"][];
            /** @description What a version says does not change any more. */
            version: string;
        };
        /** @description A version of a grounding in a list, without what it says. */
        GroundingSummary: {
            constraint_count: number;
            /** Format: date-time */
            created_at: string;
            /** @description Whether this is the version that holds. */
            current: boolean;
            domain: string;
            id: string;
            mode: components["schemas"]["GroundingMode"];
            name: string;
            use_case_count: number;
            version: string;
        };
        /**
         * @description * `choices`: A param's value that may decide what is done is another.
         *     * `contested`: Nearly the same template led to something else, so examples vote.
         *     * `dependency`: A service that its plan uses has changed or is gone.
         *     * `entry_unreadable`: The stored entry cannot be read; it is in quarantine.
         *     * `fields`: The params have other names or types.
         *     * `identical_request_only`: A value of its plan could not be traced, so it serves only its own request.
         *     * `literal_differs`: A value in the text that no task takes is another.
         *     * `literals`: The values in the text differ in kind, or stand between other words.
         *     * `literals_differ`: The values in the text differ in kind from those that its plan takes.
         *     * `name_taken`: A constant of its plan has the name of a param.
         *     * `not_text`: Part of a text is no longer a text or a number.
         *     * `param_missing`: Its plan takes a param that the request lacks.
         *     * `param_unknown`: Its plan has no place for a param of the request.
         *     * `replan`: It is to be planned anew: a newer service seems to suit its request better.
         *     * `reported`: Its plan was found wrong for such a request.
         *     * `risk`: The predicted risk that another plan is wanted is above what the project allows.
         *     * `slots`: Values that were one are two here, or the other way round.
         *     * `spelling_unknown`: A value cannot be written as its plan writes it.
         *     * `text`: Its plan holds words of its action that the request does not have.
         *     * `unsaid`: A word of the request may mean a param whose value is another than the plan was made with.
         *     * `validation`: Filled with the request's values, its plan is not valid.
         *     * `words`: Nothing accounts for words of the request that the reason names.
         * @enum {string}
         */
        GuardCode: "choices" | "contested" | "dependency" | "entry_unreadable" | "fields" | "identical_request_only" | "literal_differs" | "literals" | "literals_differ" | "name_taken" | "not_text" | "param_missing" | "param_unknown" | "replan" | "reported" | "risk" | "slots" | "spelling_unknown" | "text" | "unsaid" | "validation" | "words";
        Hits: {
            exact: number;
            /** @description Plans wired anew for other params, as the examples vote. */
            example: number;
            semantic: number;
            total: number;
        };
        /** @enum {string} */
        HitsByMeaning: "open" | "closed";
        /** @enum {string} */
        ManyServicesMode: "atomic" | "each";
        /** @description Services to register or change, each as it would be alone. */
        ManyServicesRequest: {
            /**
             * @description Store nothing, and tell what would happen.
             * @default false
             */
            dry_run?: boolean;
            /**
             * @description `atomic`: all are stored, or none where one is refused. `each`: the others are.
             *
             *     * `atomic` - atomic
             *     * `each` - each
             * @default atomic
             */
            mode?: components["schemas"]["ManyServicesMode"];
            /** @description At most 500. Services that are not named stay as they are. */
            services: components["schemas"]["NamedServiceRequest"][];
        };
        ModelCheck: {
            setting: components["schemas"]["ModelCheckSetting"];
            /** @description By answer, those that still count. */
            verdicts: {
                [key: string]: number;
            };
        };
        ModelChecks: {
            calls: number;
            /** Format: double */
            cost: number | null;
            /** @description Estimated ones included. */
            tokens: number;
        };
        /** @enum {string} */
        ModelCheckSetting: "off" | "on";
        /** @description A service with its name, as one of many. */
        NamedServiceRequest: {
            /** @description What it says of its effects, as MCP's tool annotations do. Not given: it has side effects and may be destructive. A change raises no version. */
            annotations?: {
                /** @description false: it only adds, nothing is lost. Not given: it may be destructive, unless it is read-only. */
                destructiveHint?: boolean;
                /** @description true: doing it again with the same input changes nothing more. */
                idempotentHint?: boolean;
                /** @description true: it reaches beyond a closed set of things, as a web search does. */
                openWorldHint?: boolean;
                /** @description true: it changes nothing. Not given: it has side effects. */
                readOnlyHint?: boolean;
                /** @description A name for people. */
                title?: string;
            };
            /**
             * @description What it can do, in the words of groundings: a capability that a grounding requires is covered by the services that name it, and only if there is none by those whose description is similar. A change raises no version.
             * @example [
             *       "verify refund eligibility"
             *     ]
             */
            capabilities?: string[];
            /** @description What it does: planners choose by this. */
            description: string;
            /** @description Requests that it was made for: texts with `{field}` places (`Cancel order {order_id}`) or `{action, params}`. A change raises no version. */
            examples?: (string | {
                action: string;
                /** @description A list of {field, value}, or an object of values by field. */
                params?: {
                    field: string;
                    value: unknown;
                }[] | {
                    [key: string]: unknown;
                } | null;
            })[];
            input_schema: {
                /** @constant */
                type: "object";
            } & {
                [key: string]: unknown;
            };
            /** @description What it is registered under. */
            name: string;
            output_schema: {
                /** @constant */
                type: "object";
            } & {
                [key: string]: unknown;
            };
            /** @default false */
            revertible?: boolean;
            /** @default service */
            type?: components["schemas"]["ServiceType"];
        };
        NearUseCase: {
            /** @description Name and version. */
            grounding: string;
            /**
             * Format: double
             * @description null for one that the votes did not propose.
             */
            risk: number | null;
            /** Format: double */
            similarity: number;
            use_case: string;
            why_not: string;
            wording: string;
        };
        /** @description A key with its secret, which is shown this once. */
        NewApiKey: {
            /** @description Shown once, stored hashed. */
            readonly api_key: string;
            /** Format: date-time */
            readonly created_at: string;
            /**
             * Format: date-time
             * @description From when on it opens nothing. Empty: it stays good.
             */
            expires_at: string | null;
            readonly id: string;
            /**
             * Format: date-time
             * @description To some minutes; null: not yet.
             */
            readonly last_used_at: string | null;
            name: string;
            readonly prefix: string;
            /** Format: date-time */
            readonly revoked_at: string | null;
            /** @description What it may be used for; everything unless it is told. */
            scopes: components["schemas"]["Scopes"][];
        };
        /** @description As it is made: with its first API key, which is shown this once. */
        NewProject: {
            /** @description How the project's own requests moved the risk that the shipped prior predicts. It is learned, not set; `GET /v1/cache/stats` shows how well it fits (`calibration`). */
            readonly acceptance: components["schemas"]["Acceptance"];
            /** @description Shown once, stored hashed. */
            readonly api_key: string;
            /** @description Entries kept at most; beyond it the ones unused for longest go first. */
            cache_max_entries: number;
            /** @description How long a new cache entry lives, in seconds. */
            cache_ttl_seconds: number;
            catalogue_policy: components["schemas"]["CataloguePolicy"];
            /** @description Rises with every change to the project's services. */
            readonly catalogue_revision: number;
            /** Format: date-time */
            readonly created_at: string;
            /** @description Whether a plan's events tell the model's own words too: what it thinks and writes, as it comes and when it is finished. Its reasoning is kept with the attempt then. */
            event_contents: boolean;
            /** @description Whether a request that no grounding covers is refused. */
            grounding_required: boolean;
            /** @description Rises with every change to the project's groundings; 0 as long as it never had one. */
            readonly groundings_revision: number;
            readonly id: string;
            /**
             * @description Whether a model is asked if a near entry means the same, where only wording is against it.
             *
             *     * `off` - Off
             *     * `on` - On
             */
            model_check: components["schemas"]["ModelCheckSetting"];
            name: string;
            /**
             * Format: double
             * @description Share of hits that are planned again in the background and compared, 0 to 1.
             */
            recheck_share: number;
            /** @description When all of a model's drafts were rejected, wire its choice of services anew, by names and types. */
            repair: boolean;
            /**
             * Format: date-time
             * @description Since when hits by meaning are closed, because too many were found wrong.
             */
            readonly semantic_closed_at: string | null;
            /**
             * Format: double
             * @description Lowest cosine similarity for a hit by meaning, 0 to 1. Empty: the embedding model's own floor, as measured or built in. 1 leaves exact templates only.
             */
            similarity_threshold: number | null;
            /**
             * Format: int64
             * @description Tokens that planning may use per day (UTC). Empty: as many as it takes; 0: none, so that only the cache answers.
             */
            tokens_per_day: number | null;
            /**
             * Format: double
             * @description Share of hits that may be observed wrong before hits by meaning are closed.
             */
            wrong_hit_tolerance: number;
        };
        Observed: {
            checked: number;
            /** Format: double */
            high: number;
            /**
             * Format: double
             * @description Lower end of the 95 % interval.
             */
            low: number;
            /** Format: double */
            rate: number | null;
            wrong: number;
        };
        PaginatedApiKeyList: {
            /** Format: uri */
            next: string | null;
            /** Format: uri */
            previous: string | null;
            results: components["schemas"]["ApiKey"][];
        };
        PaginatedEntryList: {
            /** Format: uri */
            next: string | null;
            /** Format: uri */
            previous: string | null;
            results: components["schemas"]["Entry"][];
        };
        PaginatedGroundingSummaryList: {
            /** Format: uri */
            next: string | null;
            /** Format: uri */
            previous: string | null;
            results: components["schemas"]["GroundingSummary"][];
        };
        PaginatedPlanList: {
            /** Format: uri */
            next: string | null;
            /** Format: uri */
            previous: string | null;
            results: components["schemas"]["Plan"][];
        };
        PaginatedServiceList: {
            /** Format: uri */
            next: string | null;
            /** Format: uri */
            previous: string | null;
            results: components["schemas"]["Service"][];
        };
        Param: {
            field: string;
            value: unknown;
        };
        /** @description A project and its settings. */
        PatchedProjectRequest: {
            /** @description Entries kept at most; beyond it the ones unused for longest go first. */
            cache_max_entries?: number;
            /** @description How long a new cache entry lives, in seconds. */
            cache_ttl_seconds?: number;
            catalogue_policy?: components["schemas"]["CataloguePolicy"];
            /** @description Whether a plan's events tell the model's own words too: what it thinks and writes, as it comes and when it is finished. Its reasoning is kept with the attempt then. */
            event_contents?: boolean;
            /** @description Whether a request that no grounding covers is refused. */
            grounding_required?: boolean;
            /**
             * @description Whether a model is asked if a near entry means the same, where only wording is against it.
             *
             *     * `off` - Off
             *     * `on` - On
             */
            model_check?: components["schemas"]["ModelCheckSetting"];
            name?: string;
            /**
             * Format: double
             * @description Share of hits that are planned again in the background and compared, 0 to 1.
             */
            recheck_share?: number;
            /** @description When all of a model's drafts were rejected, wire its choice of services anew, by names and types. */
            repair?: boolean;
            /**
             * Format: double
             * @description Lowest cosine similarity for a hit by meaning, 0 to 1. Empty: the embedding model's own floor, as measured or built in. 1 leaves exact templates only.
             */
            similarity_threshold?: number | null;
            /**
             * Format: int64
             * @description Tokens that planning may use per day (UTC). Empty: as many as it takes; 0: none, so that only the cache answers.
             */
            tokens_per_day?: number | null;
            /**
             * Format: double
             * @description Share of hits that may be observed wrong before hits by meaning are closed.
             */
            wrong_hit_tolerance?: number;
        };
        /** @description A request, and what became of it. */
        Plan: {
            action: string;
            attempts: components["schemas"]["Attempt"][];
            cache: components["schemas"]["CacheDecision"];
            /** Format: date-time */
            created_at: string;
            error: components["schemas"]["PlanError"] | null;
            /** Format: date-time */
            finished_at: string | null;
            /** @description null where none covers the request. */
            grounding: components["schemas"]["PlanGrounding"] | null;
            id: string;
            params: components["schemas"]["Param"][];
            plan: components["schemas"]["ExecutionPlan"] | null;
            /** @description The model chose the services, the engine wired them. */
            repaired: boolean;
            source: components["schemas"]["PlanSource"] | null;
            status: components["schemas"]["PlanStatus"];
            /** @description Until the plan was about to be stored: `total` since the request arrived; of it `accepting`, `cache` (the `embedding` is a part of it), `waiting` for a worker or another request's plan, `planner`. */
            timings_ms: {
                [key: string]: number;
            };
            usage: components["schemas"]["Usage"];
        };
        PlanError: {
            /** @description Stable; meant for programs. Later versions may have more. */
            code: components["schemas"]["PlanErrorCode"] | string;
            how_to_fix: string[];
            message: string;
            problems: components["schemas"]["PlanProblem"][];
            /** @description Whether the same request, sent again, may succeed; with an Idempotency-Key, under a new one. */
            retryable: boolean;
        };
        /**
         * @description * `budget_exceeded`: The project's `tokens_per_day` is used up. Raise it, or wait for midnight UTC.
         *     * `cache_miss`: The request asked for `cache: only`, and the cache has no plan for it.
         *     * `embedding_unavailable`: Whether a strict grounding holds cannot be told without an embedding. Try it again.
         *     * `internal_error`: The plan engine itself failed; the log has the details under the plan's id.
         *     * `model_auth`: The model's server refuses the key. Check `LLM_API_KEY`.
         *     * `model_bad_answer`: The model's server answered with something that is no answer.
         *     * `model_content_filtered`: The model's server withheld the answer. Word the action otherwise.
         *     * `model_context_overflow`: The prompt is longer than the model takes. Set `LLM_CONTEXT_TOKENS` lower.
         *     * `model_failed`: The model's server failed.
         *     * `model_not_found`: The server does not know the model. Check `LLM_MODEL`.
         *     * `model_overloaded`: The server has no time. It was asked again until the deadline.
         *     * `model_quota_exhausted`: The account at the model's server has no quota left.
         *     * `model_rate_limited`: The server was asked too often. It was asked again until the deadline.
         *     * `model_refused_request`: The server does not take the request; the message has its words.
         *     * `model_timeout`: No answer within `PLANNING_DEADLINE_SECONDS`.
         *     * `model_unreachable`: The server cannot be reached. Check `LLM_API_BASE_URL`.
         *     * `not_accounted`: Nothing accounts for words that `message` names, and the model is not trusted.
         *     * `not_actionable`: No services do what is asked for; `message` says what is missing.
         *     * `not_grounded`: No grounding covers the request, and the project demands one (`grounding_required`).
         *     * `plan_rejected`: No draft was valid: `problems` tells what was wrong, `how_to_fix` what to change.
         *     * `planner_failed`: No draft could be made.
         *     * `replay_impossible`: The entry's plan cannot be filled with this request's values.
         *     * `replay_invalid`: The entry's plan is not valid for today's services.
         *     * `reported_wrong`: The plan that was made was reported as wrong for this request.
         *     * `worker_lost`: Several workers ended while they made this plan. Look at their logs.
         * @enum {string}
         */
        PlanErrorCode: "budget_exceeded" | "cache_miss" | "embedding_unavailable" | "internal_error" | "model_auth" | "model_bad_answer" | "model_content_filtered" | "model_context_overflow" | "model_failed" | "model_not_found" | "model_overloaded" | "model_quota_exhausted" | "model_rate_limited" | "model_refused_request" | "model_timeout" | "model_unreachable" | "not_accounted" | "not_actionable" | "not_grounded" | "plan_rejected" | "planner_failed" | "replay_impossible" | "replay_invalid" | "reported_wrong" | "worker_lost";
        /** @description The use case that applies to the request, and how the plan keeps to it. */
        PlanGrounding: {
            capabilities: components["schemas"]["Evidence"][];
            domain: string;
            /** @description Tells apart what a version said before it was deleted and applied anew. */
            mark: string;
            /**
             * @description How it was found to apply.
             *
             *     * `exact` - exact
             *     * `same_words` - same_words
             *     * `same_meaning` - same_meaning
             */
            match: components["schemas"]["PlanGroundingMatch"];
            mode: components["schemas"]["GroundingMode"];
            name: string;
            /** @description What the plan does not keep to. A strict plan has none. */
            problems: components["schemas"]["PlanProblem"][];
            /**
             * Format: double
             * @description Predicted probability that another one is meant, where the votes decided.
             */
            risk: number | null;
            /**
             * Format: double
             * @description Of the request to its nearest wording.
             */
            similarity: number | null;
            /** @description Its action pattern. */
            use_case: string;
            version: string;
        };
        /** @enum {string} */
        PlanGroundingMatch: "exact" | "same_words" | "same_meaning";
        /** @description Empty where nothing was planned for it. */
        PlanningCost: {
            attempts?: number;
            completion_tokens?: number | null;
            /**
             * Format: double
             * @description By the operator's prices.
             */
            cost?: number | null;
            /** Format: double */
            milliseconds?: number;
            prompt_tokens?: number | null;
        };
        /** @description One thing wrong with a draft. */
        PlanProblem: {
            /** @description Stable; meant for programs. Later versions may have more. */
            code: components["schemas"]["PlanProblemCode"] | string;
            field: string | null;
            /** @description What would be right; empty where nobody knows. */
            hint: string;
            message: string;
            task: string | null;
        };
        /**
         * @description * `ambiguous_literal`: A number or a date can be read in several ways. Send it as a param.
         *     * `ambiguous_value`: A value of the action can be read in several ways. Send it as a param.
         *     * `answer_too_large`: The model's answer is larger than is read.
         *     * `budget_exceeded`: The project's `tokens_per_day` is used up. Raise it, or wait for midnight UTC.
         *     * `composite_reference`: A reference stands inside a text; it must be the whole value.
         *     * `crossed_reference`: An input takes a value that is another's, although there is one of its own.
         *     * `cycle`: Tasks wait for each other.
         *     * `duplicate_task`: Two tasks have one id.
         *     * `fan_out`: A list is given where one value is taken.
         *     * `grounding_capability_missing`: The plan does not do what the use case asks for.
         *     * `grounding_forbidden`: The plan does what the use case forbids.
         *     * `grounding_order`: The plan does what the use case asks for, in another order.
         *     * `grounding_param_missing`: The plan has no value for a variable of the use case.
         *     * `grounding_rule_at_most`: The plan does something more often than a rule allows.
         *     * `grounding_rule_never`: The plan does two things that a rule keeps apart.
         *     * `grounding_rule_only_if`: The plan does what a rule allows only in requests with a param that is not there.
         *     * `grounding_rule_requires`: The plan does something without what a rule requires before it.
         *     * `input_rule_broken`: The inputs together break a rule of the service's schema.
         *     * `invalid_json`: The answer is not JSON.
         *     * `invented_literal`: A value stands neither in the action nor in the params. Send it as a param.
         *     * `malformed_reference`: A reference is not written as `$task1.field`.
         *     * `missing_input`: A required input has no value.
         *     * `model_auth`: The model's server refuses the key. Check `LLM_API_KEY`.
         *     * `model_bad_answer`: The model's server answered with something that is no answer.
         *     * `model_content_filtered`: The model's server withheld the answer. Word the action otherwise.
         *     * `model_context_overflow`: The prompt is longer than the model takes. Set `LLM_CONTEXT_TOKENS` lower.
         *     * `model_failed`: The model's server failed.
         *     * `model_not_found`: The server does not know the model. Check `LLM_MODEL`.
         *     * `model_overloaded`: The server has no time. It was asked again until the deadline.
         *     * `model_quota_exhausted`: The account at the model's server has no quota left.
         *     * `model_rate_limited`: The server was asked too often. It was asked again until the deadline.
         *     * `model_refused_request`: The server does not take the request; the message has its words.
         *     * `model_timeout`: No answer within `PLANNING_DEADLINE_SECONDS`.
         *     * `model_unreachable`: The server cannot be reached. Check `LLM_API_BASE_URL`.
         *     * `no_plan_found`: The answer holds no plan.
         *     * `no_selection`: The answer names no services.
         *     * `no_service_task`: The plan calls no service.
         *     * `not_actionable`: The planner says that the services cannot do it.
         *     * `not_repairable`: What is wrong cannot be put right without a new draft.
         *     * `nothing_to_choose`: The catalogue is empty. Register services.
         *     * `only_reasoning`: The model thought and gave no answer.
         *     * `output_truncated`: The answer was cut off. Give more output tokens.
         *     * `param_missing`: A param of the request is not in `task0`.
         *     * `param_value_changed`: A param's value was changed in `task0`.
         *     * `plan_not_an_object`: The plan is not an object.
         *     * `planner_failed`: No draft could be made.
         *     * `prompt_cut`: The server cut the prompt. Give the model a longer context.
         *     * `selection_cannot_say`: A service has to be called twice, which names of services alone cannot say.
         *     * `selection_incomplete`: The services that the model chose lack an input that nothing gives.
         *     * `self_reference`: A task refers to itself.
         *     * `service_missing`: A task has no service.
         *     * `task0_has_service`: `task0` holds the params and calls no service.
         *     * `task0_missing`: The plan has no `task0`.
         *     * `task_malformed`: A task has not the form of one.
         *     * `tasks_missing`: The plan has no `tasks`.
         *     * `too_large`: The plan is larger than is taken.
         *     * `type_mismatch`: An input gets a value of another JSON type.
         *     * `unknown_output_field`: A reference names a field that the task does not give.
         *     * `unknown_service`: The catalogue has no service of this name.
         *     * `unknown_task0_field`: A reference names a param that the request does not have.
         *     * `unknown_task_reference`: A reference names a task that the plan does not have.
         *     * `unreachable_task`: What a task gives is used by nobody.
         *     * `unreadable`: The plan cannot be read.
         *     * `unsupported_input`: The service does not take this input.
         *     * `unused_param`: A param of the request is used nowhere.
         *     * `value_not_accepted`: The schema of an input does not accept its value.
         * @enum {string}
         */
        PlanProblemCode: "ambiguous_literal" | "ambiguous_value" | "answer_too_large" | "budget_exceeded" | "composite_reference" | "crossed_reference" | "cycle" | "duplicate_task" | "fan_out" | "grounding_capability_missing" | "grounding_forbidden" | "grounding_order" | "grounding_param_missing" | "grounding_rule_at_most" | "grounding_rule_never" | "grounding_rule_only_if" | "grounding_rule_requires" | "input_rule_broken" | "invalid_json" | "invented_literal" | "malformed_reference" | "missing_input" | "model_auth" | "model_bad_answer" | "model_content_filtered" | "model_context_overflow" | "model_failed" | "model_not_found" | "model_overloaded" | "model_quota_exhausted" | "model_rate_limited" | "model_refused_request" | "model_timeout" | "model_unreachable" | "no_plan_found" | "no_selection" | "no_service_task" | "not_actionable" | "not_repairable" | "nothing_to_choose" | "only_reasoning" | "output_truncated" | "param_missing" | "param_value_changed" | "plan_not_an_object" | "planner_failed" | "prompt_cut" | "selection_cannot_say" | "selection_incomplete" | "self_reference" | "service_missing" | "task0_has_service" | "task0_missing" | "task_malformed" | "tasks_missing" | "too_large" | "type_mismatch" | "unknown_output_field" | "unknown_service" | "unknown_task0_field" | "unknown_task_reference" | "unreachable_task" | "unreadable" | "unsupported_input" | "unused_param" | "value_not_accepted";
        /** @description What is to be planned. */
        PlanRequest: {
            /** @description What is to be done, in words. */
            action: string;
            /** @default use */
            cache?: components["schemas"]["CacheMode"];
            /** @description A list of {field, value}, or an object of values by field. */
            params?: {
                field: string;
                value: unknown;
            }[] | {
                [key: string]: unknown;
            } | null;
            /**
             * Format: double
             * @default 0
             */
            wait_seconds?: number;
        };
        /**
         * @description * `exact` - cache, exact template
         *     * `semantic` - cache, by meaning
         *     * `example` - cache, made by example
         *     * `model` - model
         *     * `composer` - composer
         *     * `replay` - replay of a cache entry
         * @enum {string}
         */
        PlanSource: "exact" | "semantic" | "example" | "model" | "composer" | "replay";
        /** @enum {string} */
        PlanStatus: "pending" | "planning" | "ready" | "not_actionable" | "failed";
        /** @description RFC 9457: what went wrong, with a stable code. */
        Problem: {
            /** @description Stable; meant for programs. Later versions may have more. */
            code: components["schemas"]["ProblemCode"] | string;
            /** @description What is wrong and what to do. */
            detail: string;
            how_to_fix?: string[];
            /** @description JSON pointer of the faulty part of the request. */
            pointer?: string;
            /** @description All that is wrong, where it was found out at once. */
            problems?: components["schemas"]["Fault"][];
            status: number;
            title: string;
            type: string;
        };
        /**
         * @description * `action_empty` (400): The `action` is empty.
         *     * `action_missing` (400): There is no `action`.
         *     * `action_not_text` (400): The `action` is not text.
         *     * `action_too_long` (413): The `action` is too long: long values belong into `params`.
         *     * `api_key_expired` (401): The API key has expired.
         *     * `api_key_not_active` (409): The API key is revoked or has expired: make a new one.
         *     * `api_key_revoked` (401): The API key was revoked.
         *     * `bad_request` (400): The address or a header cannot be read.
         *     * `blank` (400): A text is empty.
         *     * `body_not_an_object` (400): The body is not a JSON object.
         *     * `body_too_large` (413): The body is larger than is taken.
         *     * `body_too_slow` (408): The body did not arrive in time.
         *     * `cache_mode_unknown` (400): `cache` is none of the modes.
         *     * `database_unreachable` (503): The database cannot be reached now.
         *     * `duplicate_field` (400): A field appears twice in `params`.
         *     * `duplicate_key` (400): A key appears twice in one object.
         *     * `duplicate_service` (400): Two services have the same name.
         *     * `empty` (400): A list is empty.
         *     * `expires_in_the_past` (400): A key cannot expire before now.
         *     * `field_malformed` (400): A param's name is empty, too long or has characters that nobody sees.
         *     * `grounding_too_large` (413): The grounding is too large.
         *     * `grounding_version_conflict` (409): This version says something else already.
         *     * `idempotency_key_reused` (422): The `Idempotency-Key` was used for another request.
         *     * `insufficient_scope` (403): The API key is not for this: the header names the scope that is missing.
         *     * `internal_error` (500): The plan engine itself failed; its log has the details.
         *     * `invalid` (400): A value cannot be read, or members are wrong in several ways: see `problems`.
         *     * `invalid_annotations` (400): The annotations are not MCP's.
         *     * `invalid_api_key` (401): The API key is not known.
         *     * `invalid_capabilities` (400): The capabilities are not a list of short texts.
         *     * `invalid_choice` (400): A value is none of those that are possible.
         *     * `invalid_cursor` (400): The `cursor` is none that a list gave out.
         *     * `invalid_examples` (400): An example does not fit the service's inputs.
         *     * `invalid_filter` (400): A filter is given twice, or is not a value that it takes.
         *     * `invalid_grounding` (400): The grounding is wrong: `problems` tells all that is.
         *     * `invalid_grounding_name` (400): A grounding cannot have this name.
         *     * `invalid_idempotency_key` (400): The `Idempotency-Key` is empty, too long or not printable ASCII.
         *     * `invalid_json` (400): The body is not JSON in UTF-8.
         *     * `invalid_last_event_id` (400): `Last-Event-ID` is no event's id.
         *     * `invalid_limit` (400): `limit` is no number in its range.
         *     * `invalid_schema` (400): A schema is none, or more than is read of one.
         *     * `invalid_service_name` (400): A service cannot have this name.
         *     * `invalid_text` (400): A text holds NUL or half of a character.
         *     * `invalid_yaml` (400): The body is not YAML, or more of it than is read.
         *     * `json_too_deep` (400): The body is nested too deep.
         *     * `last_api_key` (409): It is the project's last active key.
         *     * `max_length` (400): A text or list is too long.
         *     * `max_value` (400): A number is too large.
         *     * `method_not_allowed` (405): The path does not take this method.
         *     * `min_length` (400): A text or list is too short.
         *     * `min_value` (400): A number is too small.
         *     * `missing_api_key` (401): There is no API key.
         *     * `no_check_model` (400): The installation has no model for `model_check`.
         *     * `no_plan_to_replay` (409): The entry is a refusal or a plan that was found wrong.
         *     * `no_plan_to_report` (409): The plan is not ready, so there is nothing to report.
         *     * `no_such_path` (404): There is no such path.
         *     * `not_a_list` (400): A member is not a list.
         *     * `not_found` (404): There is none, or it belongs to another project.
         *     * `null` (400): A member must not be null.
         *     * `number_too_large` (400): A number has too many digits.
         *     * `number_too_precise` (400): A number cannot be kept exactly.
         *     * `operator_token_required` (401): Making a project takes the operator's token here.
         *     * `origin_not_allowed` (403): A page from there may not ask; the operator allows it.
         *     * `overflow` (400): A number is beyond what is read.
         *     * `param_malformed` (400): A param is not an object of `field` and `value`.
         *     * `params_too_large` (413): The `params` are too large.
         *     * `params_wrong_type` (400): The `params` are neither a list nor an object.
         *     * `plan_id_missing` (400): The tool takes a plan's id.
         *     * `required` (400): A member is missing.
         *     * `service_missing` (400): The query does not say of which service.
         *     * `services_refused` (400): Some of the services are refused, so none is stored: `problems` tells which.
         *     * `too_many_groundings` (409): The project has as many groundings as it may have.
         *     * `too_many_params` (400): There are too many `params`.
         *     * `too_many_waiting` (429): Too many of the project's plans are unfinished: see `Retry-After`.
         *     * `unknown_member` (400): A member is not known here; perhaps it is misspelt.
         *     * `unknown_parameter` (400): A parameter of the query is not known here; perhaps it is misspelt.
         *     * `unsupported_content_encoding` (415): The body is compressed.
         *     * `unsupported_media_type` (415): The body's Content-Type is not taken.
         *     * `wait_seconds_invalid` (400): `wait_seconds` is no number in its range.
         *     * `wrong_type` (400): A member is of another JSON type.
         *     * `yaml_too_deep` (400): The YAML is nested too deep.
         * @enum {string}
         */
        ProblemCode: "action_empty" | "action_missing" | "action_not_text" | "action_too_long" | "api_key_expired" | "api_key_not_active" | "api_key_revoked" | "bad_request" | "blank" | "body_not_an_object" | "body_too_large" | "body_too_slow" | "cache_mode_unknown" | "database_unreachable" | "duplicate_field" | "duplicate_key" | "duplicate_service" | "empty" | "expires_in_the_past" | "field_malformed" | "grounding_too_large" | "grounding_version_conflict" | "idempotency_key_reused" | "insufficient_scope" | "internal_error" | "invalid" | "invalid_annotations" | "invalid_api_key" | "invalid_capabilities" | "invalid_choice" | "invalid_cursor" | "invalid_examples" | "invalid_filter" | "invalid_grounding" | "invalid_grounding_name" | "invalid_idempotency_key" | "invalid_json" | "invalid_last_event_id" | "invalid_limit" | "invalid_schema" | "invalid_service_name" | "invalid_text" | "invalid_yaml" | "json_too_deep" | "last_api_key" | "max_length" | "max_value" | "method_not_allowed" | "min_length" | "min_value" | "missing_api_key" | "no_check_model" | "no_plan_to_replay" | "no_plan_to_report" | "no_such_path" | "not_a_list" | "not_found" | "null" | "number_too_large" | "number_too_precise" | "operator_token_required" | "origin_not_allowed" | "overflow" | "param_malformed" | "params_too_large" | "params_wrong_type" | "plan_id_missing" | "required" | "service_missing" | "services_refused" | "too_many_groundings" | "too_many_params" | "too_many_waiting" | "unknown_member" | "unknown_parameter" | "unsupported_content_encoding" | "unsupported_media_type" | "wait_seconds_invalid" | "wrong_type" | "yaml_too_deep";
        /** @description A project and its settings. */
        Project: {
            /** @description How the project's own requests moved the risk that the shipped prior predicts. It is learned, not set; `GET /v1/cache/stats` shows how well it fits (`calibration`). */
            readonly acceptance: components["schemas"]["Acceptance"];
            /** @description Entries kept at most; beyond it the ones unused for longest go first. */
            cache_max_entries: number;
            /** @description How long a new cache entry lives, in seconds. */
            cache_ttl_seconds: number;
            catalogue_policy: components["schemas"]["CataloguePolicy"];
            /** @description Rises with every change to the project's services. */
            readonly catalogue_revision: number;
            /** Format: date-time */
            readonly created_at: string;
            /** @description Whether a plan's events tell the model's own words too: what it thinks and writes, as it comes and when it is finished. Its reasoning is kept with the attempt then. */
            event_contents: boolean;
            /** @description Whether a request that no grounding covers is refused. */
            grounding_required: boolean;
            /** @description Rises with every change to the project's groundings; 0 as long as it never had one. */
            readonly groundings_revision: number;
            readonly id: string;
            /**
             * @description Whether a model is asked if a near entry means the same, where only wording is against it.
             *
             *     * `off` - Off
             *     * `on` - On
             */
            model_check: components["schemas"]["ModelCheckSetting"];
            name: string;
            /**
             * Format: double
             * @description Share of hits that are planned again in the background and compared, 0 to 1.
             */
            recheck_share: number;
            /** @description When all of a model's drafts were rejected, wire its choice of services anew, by names and types. */
            repair: boolean;
            /**
             * Format: date-time
             * @description Since when hits by meaning are closed, because too many were found wrong.
             */
            readonly semantic_closed_at: string | null;
            /**
             * Format: double
             * @description Lowest cosine similarity for a hit by meaning, 0 to 1. Empty: the embedding model's own floor, as measured or built in. 1 leaves exact templates only.
             */
            similarity_threshold: number | null;
            /**
             * Format: int64
             * @description Tokens that planning may use per day (UTC). Empty: as many as it takes; 0: none, so that only the cache answers.
             */
            tokens_per_day: number | null;
            /**
             * Format: double
             * @description Share of hits that may be observed wrong before hits by meaning are closed.
             */
            wrong_hit_tolerance: number;
        };
        /** @description A project and its settings. */
        ProjectRequest: {
            /** @description Entries kept at most; beyond it the ones unused for longest go first. */
            cache_max_entries?: number;
            /** @description How long a new cache entry lives, in seconds. */
            cache_ttl_seconds?: number;
            catalogue_policy?: components["schemas"]["CataloguePolicy"];
            /** @description Whether a plan's events tell the model's own words too: what it thinks and writes, as it comes and when it is finished. Its reasoning is kept with the attempt then. */
            event_contents?: boolean;
            /** @description Whether a request that no grounding covers is refused. */
            grounding_required?: boolean;
            /**
             * @description Whether a model is asked if a near entry means the same, where only wording is against it.
             *
             *     * `off` - Off
             *     * `on` - On
             */
            model_check?: components["schemas"]["ModelCheckSetting"];
            name: string;
            /**
             * Format: double
             * @description Share of hits that are planned again in the background and compared, 0 to 1.
             */
            recheck_share?: number;
            /** @description When all of a model's drafts were rejected, wire its choice of services anew, by names and types. */
            repair?: boolean;
            /**
             * Format: double
             * @description Lowest cosine similarity for a hit by meaning, 0 to 1. Empty: the embedding model's own floor, as measured or built in. 1 leaves exact templates only.
             */
            similarity_threshold?: number | null;
            /**
             * Format: int64
             * @description Tokens that planning may use per day (UTC). Empty: as many as it takes; 0: none, so that only the cache answers.
             */
            tokens_per_day?: number | null;
            /**
             * Format: double
             * @description Share of hits that may be observed wrong before hits by meaning are closed.
             */
            wrong_hit_tolerance?: number;
        };
        /** @description What a replay takes the values from. */
        ReplayRequest: {
            /** @description Left out: the entry's own action. */
            action?: string;
            /** @description Left out: the entry's own params. */
            params?: {
                field: string;
                value: unknown;
            }[] | {
                [key: string]: unknown;
            } | null;
        };
        /** @description What somebody says of a plan. */
        ReportRequest: {
            /**
             * @description What you want to say of it, for people.
             * @default
             */
            note?: string;
            /**
             * @description The last verdict on a plan counts; repeating one changes nothing.
             *
             *     * `wrong_plan` - wrong_plan
             *     * `right_plan` - right_plan
             * @default wrong_plan
             */
            verdict?: components["schemas"]["Verdict"];
        };
        /** @description How a key is replaced. */
        RotationRequest: {
            /**
             * Format: date-time
             * @description Of the new key. Left out: it lives as long as the old one was to, from now on.
             */
            expires_at?: string | null;
            /**
             * @description How long the old key stays good. 0: no longer than this request.
             * @default 86400
             */
            overlap_seconds?: number;
        };
        Saved: {
            calls: number;
            /**
             * Format: double
             * @description At the prices of when the entries were planned; of hits whose cost is known.
             */
            cost: number | null;
            tokens: number;
        };
        /**
         * @description * `plan` - ask for plans, read and report them
         *     * `cache:read` - see what the cache holds, does and saves
         *     * `cache:write` - evict and replay entries
         *     * `admin` - change settings, keys, services and groundings
         * @enum {string}
         */
        Scopes: "plan" | "cache:read" | "cache:write" | "admin";
        /** @description A service: what it takes, what it gives, and what it does to the world. */
        Service: {
            /** @description What it says of its effects, as MCP's tool annotations do. Not given: it has side effects and may be destructive. A change raises no version. */
            annotations: {
                /** @description false: it only adds, nothing is lost. Not given: it may be destructive, unless it is read-only. */
                destructiveHint?: boolean;
                /** @description true: doing it again with the same input changes nothing more. */
                idempotentHint?: boolean;
                /** @description true: it reaches beyond a closed set of things, as a web search does. */
                openWorldHint?: boolean;
                /** @description true: it changes nothing. Not given: it has side effects. */
                readOnlyHint?: boolean;
                /** @description A name for people. */
                title?: string;
            };
            /**
             * @description What it can do, in the words of groundings: a capability that a grounding requires is covered by the services that name it, and only if there is none by those whose description is similar. A change raises no version.
             * @example [
             *       "verify refund eligibility"
             *     ]
             */
            capabilities: string[];
            /** Format: date-time */
            readonly created_at: string;
            /** @description What it does: planners choose by this. */
            description: string;
            /** @description Requests that it was made for: texts with `{field}` places (`Cancel order {order_id}`) or `{action, params}`. A change raises no version. */
            examples: (string | {
                action: string;
                /** @description A list of {field, value}, or an object of values by field. */
                params?: {
                    field: string;
                    value: unknown;
                }[] | {
                    [key: string]: unknown;
                } | null;
            })[];
            readonly id: string;
            input_schema: {
                /** @constant */
                type: "object";
            } & {
                [key: string]: unknown;
            };
            readonly name: string;
            output_schema: {
                /** @constant */
                type: "object";
            } & {
                [key: string]: unknown;
            };
            /** @default false */
            revertible: boolean;
            /** @default service */
            type: components["schemas"]["ServiceType"];
            /** Format: date-time */
            readonly updated_at: string;
            /** @description Rises whenever the service changes, but for its annotations, examples and capabilities. */
            readonly version: number;
        };
        /** @enum {string} */
        ServiceChange: "created" | "changed" | "unchanged" | "refused";
        /** @description What a change of a service would do. */
        ServiceDryRun: {
            /** @description The members that would differ; of a new service all. */
            changed: string[];
            evicts: components["schemas"]["Evictions"];
            /** @description Then; the same where only hints change. */
            next_version: number | null;
            /** @description Of today; null: there is none of this name. */
            version: number | null;
        };
        /** @description What a change of a service would do. */
        ServiceOutcome: {
            /** @description The members that would differ; of a new service all. */
            changed: string[];
            evicts: components["schemas"]["Evictions"];
            /** @description As it was given. */
            name: string;
            /** @description With the change; the same where only hints change. null for what is refused. */
            next_version: number | null;
            outcome: components["schemas"]["ServiceChange"];
            /** @description Why it is refused: as `PUT /v1/services/{name}` would say it. Else null. */
            problem: components["schemas"]["Problem"] | null;
            /** @description Of today; null: there is none of this name. */
            version: number | null;
        };
        /** @description A service: what it takes, what it gives, and what it does to the world. */
        ServiceRequest: {
            /** @description What it says of its effects, as MCP's tool annotations do. Not given: it has side effects and may be destructive. A change raises no version. */
            annotations?: {
                /** @description false: it only adds, nothing is lost. Not given: it may be destructive, unless it is read-only. */
                destructiveHint?: boolean;
                /** @description true: doing it again with the same input changes nothing more. */
                idempotentHint?: boolean;
                /** @description true: it reaches beyond a closed set of things, as a web search does. */
                openWorldHint?: boolean;
                /** @description true: it changes nothing. Not given: it has side effects. */
                readOnlyHint?: boolean;
                /** @description A name for people. */
                title?: string;
            };
            /**
             * @description What it can do, in the words of groundings: a capability that a grounding requires is covered by the services that name it, and only if there is none by those whose description is similar. A change raises no version.
             * @example [
             *       "verify refund eligibility"
             *     ]
             */
            capabilities?: string[];
            /** @description What it does: planners choose by this. */
            description: string;
            /** @description Requests that it was made for: texts with `{field}` places (`Cancel order {order_id}`) or `{action, params}`. A change raises no version. */
            examples?: (string | {
                action: string;
                /** @description A list of {field, value}, or an object of values by field. */
                params?: {
                    field: string;
                    value: unknown;
                }[] | {
                    [key: string]: unknown;
                } | null;
            })[];
            input_schema: {
                /** @constant */
                type: "object";
            } & {
                [key: string]: unknown;
            };
            output_schema: {
                /** @constant */
                type: "object";
            } & {
                [key: string]: unknown;
            };
            /** @default false */
            revertible?: boolean;
            /** @default service */
            type?: components["schemas"]["ServiceType"];
        };
        /** @description What became of many services, in their order; with `stored: false` what would become of them. */
        ServicesOutcome: {
            /** @description By all changes together: one entry may use several services. */
            evicts: components["schemas"]["Evictions"];
            services: components["schemas"]["ServiceOutcome"][];
            /** @description Whether anything may have been changed. */
            stored: boolean;
        };
        /** @enum {string} */
        ServiceType: "agent" | "service";
        SimilarityFloor: {
            from: components["schemas"]["SimilarityFloorOrigin"];
            /**
             * Format: double
             * @description Lowest similarity for a hit by meaning.
             */
            value: number;
        };
        /** @enum {string} */
        SimilarityFloorOrigin: "project" | "closed" | "calibrated" | "built_in";
        Slot: {
            end: number;
            /** @description param, or the kind of a literal found in the action */
            kind: string;
            name: string;
            /** @description Position in the action, in characters. */
            start: number;
        };
        Task: {
            /** @description Tasks that come before it and give it nothing. */
            after?: string[];
            id: string;
            /** @description By name; `$taskN.field` is what that task gives. */
            input: {
                [key: string]: unknown;
            };
            /** @description Absent for task0. */
            service?: string;
        };
        Tenth: {
            n: number;
            /**
             * Format: double
             * @description Share that was wrong.
             */
            observed: number;
            /**
             * Format: double
             * @description Mean predicted risk, by the project's adjustment of today.
             */
            predicted: number;
        };
        UnusedEntries: {
            entries: number;
            version: string;
        };
        Usage: {
            completion_tokens: number | null;
            prompt_tokens: number | null;
        };
        UsageTotals: {
            /** @description Model calls that ended, for re-checks of hits and model checks too. */
            calls: number;
            completion_tokens: number;
            /**
             * Format: double
             * @description Of the calls whose cost is known.
             */
            cost: number | null;
            /** @description Of the unknown calls, by their characters. */
            estimated_tokens: number;
            /** @description Of all these, what asking a model whether near entries mean the same took. */
            model_checks: components["schemas"]["ModelChecks"];
            prompt_tokens: number;
            /** @description By hits: what planning their entries had cost. */
            saved: components["schemas"]["Saved"];
            /** Format: date */
            since: string;
            today: components["schemas"]["Budget"];
            /** @description Of these, those whose tokens the server did not tell. */
            unknown_calls: number;
            /** @description Of these, those whose cost is not known. */
            unpriced_calls: number;
        };
        UseCase: {
            /** @description How people ask, with `{variables}` that name params. */
            action: string;
            /** @description How else they ask. */
            also: string[];
            /** @description What a plan for it does. */
            capabilities: string[];
            /** @description What a plan for it does not do. */
            forbidden: string[];
            /** @description What it is for, in a sentence. */
            intent: string;
            /** @description true: in the order of the capabilities; a list of some of them: these, in its order. */
            order: (boolean | null) | string[];
            /** @description Example values. A plan takes each of these fields. */
            params: {
                field: string;
                value: unknown;
            }[] | {
                [key: string]: unknown;
            } | null;
        };
        UseCaseRequest: {
            /** @description How people ask, with `{variables}` that name params. */
            action: string;
            /** @description How else they ask. */
            also?: string[];
            /** @description What a plan for it does. */
            capabilities?: string[];
            /** @description What a plan for it does not do. */
            forbidden?: string[];
            /** @description What it is for, in a sentence. */
            intent?: string;
            /** @description true: in the order of the capabilities; a list of some of them: these, in its order. */
            order?: (boolean | null) | string[];
            /** @description Example values. A plan takes each of these fields. */
            params?: {
                field: string;
                value: unknown;
            }[] | {
                [key: string]: unknown;
            } | null;
        };
        /** @enum {string} */
        Verdict: "wrong_plan" | "right_plan";
        /** @description What the nearest examples propose, and how sure that is. */
        Votes: {
            /** @description How many of the 32 nearest led to that plan. */
            examples: number;
            /**
             * Format: double
             * @description How much nearer the nearest is than its rival, at most 0.3.
             */
            margin: number;
            /**
             * Format: double
             * @description The most that a single hit may have, by the project's `wrong_hit_tolerance`.
             */
            most_risk: number;
            /** @description The nearest of these. */
            nearest: components["schemas"]["VotingExample"];
            /** @description Words, signs and values of the request that nothing accounts for. Asked before a side effect, and of plans with few examples. */
            not_accounted_for: string[];
            /** @description Services that could take these params as well, and that no example has led to. */
            other_services: string[];
            /**
             * Format: double
             * @description Predicted probability, 0 to 1, that another plan is wanted.
             */
            risk: number;
            /** @description The nearest example of anything else; null when there is none. */
            rival: components["schemas"]["VotingExample"] | null;
            /** @description The services of the plan that they propose. */
            services: string[];
        };
        VotingExample: {
            entry_id: string | null;
            /**
             * @description `refusal`: nothing could be planned; `counter`: found wrong; `sample`: given with a service.
             *
             *     * `plan` - plan
             *     * `refusal` - refusal
             *     * `counter` - counter
             *     * `sample` - sample
             */
            kind: components["schemas"]["VotingExampleKind"];
            /** @description What it led to; none for a refusal. */
            services: string[];
            /**
             * Format: double
             * @description To the request, as a cosine.
             */
            similarity: number;
            template: string;
        };
        /** @enum {string} */
        VotingExampleKind: "plan" | "refusal" | "counter" | "sample";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    livez: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description Bad Request: `bad_request`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description Bad Request: `bad_request`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    list_api_keys: {
        parameters: {
            query?: {
                /** @description From `next` or `previous` of a page. */
                cursor?: string;
                /** @description Number of results to return per page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaginatedApiKeyList"];
                };
            };
            /** @description Bad Request: `bad_request`; `unknown_parameter`; `invalid_filter`; `invalid_text`; `invalid_limit`; `invalid_cursor`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_api_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ApiKeyRequest"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewApiKey"];
                };
            };
            /** @description Bad Request: `bad_request`; `invalid_json`; `duplicate_key`; `invalid_text`; `json_too_deep`; `number_too_large`; `number_too_precise`; `body_not_an_object`; `unknown_member`; `invalid`; `required`; `null`; `blank`; `empty`; `not_a_list`; `overflow`; `wrong_type`; `invalid_choice`; `max_length`; `min_length`; `max_value`; `min_value`; `expires_in_the_past`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: `body_too_slow`. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: `body_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: `unsupported_media_type`; `unsupported_content_encoding`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_api_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request: `bad_request`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: `not_found`; `no_such_path`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: `last_api_key`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotate_api_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RotationRequest"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewApiKey"];
                };
            };
            /** @description Bad Request: `bad_request`; `invalid_json`; `duplicate_key`; `invalid_text`; `json_too_deep`; `number_too_large`; `number_too_precise`; `body_not_an_object`; `unknown_member`; `invalid`; `required`; `null`; `blank`; `empty`; `not_a_list`; `overflow`; `wrong_type`; `invalid_choice`; `max_length`; `min_length`; `max_value`; `min_value`; `expires_in_the_past`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: `not_found`; `no_such_path`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: `body_too_slow`. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: `api_key_not_active`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: `body_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: `unsupported_media_type`; `unsupported_content_encoding`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_cache_entries: {
        parameters: {
            query?: {
                /** @description From `next` or `previous` of a page. */
                cursor?: string;
                /** @description `plan`: what serves. `refusal`: requests that no plan could be made of; they vote against plans. `counter`: plans that were found wrong; they do not come back. */
                kind?: "counter" | "plan" | "refusal";
                /** @description Number of results to return per page. */
                limit?: number;
                /** @description Only entries that use this service. */
                service?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaginatedEntryList"];
                };
            };
            /** @description Bad Request: `bad_request`; `unknown_parameter`; `invalid_filter`; `invalid_text`; `invalid_limit`; `invalid_cursor`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    purge_cache_entries: {
        parameters: {
            query: {
                service: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Evicted"];
                };
            };
            /** @description Bad Request: `bad_request`; `unknown_parameter`; `invalid_filter`; `invalid_text`; `service_missing`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_cache_entry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                entry_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Entry"];
                };
            };
            /** @description Bad Request: `bad_request`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: `not_found`; `no_such_path`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    evict_cache_entry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                entry_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request: `bad_request`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: `not_found`; `no_such_path`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replay_cache_entry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                entry_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ReplayRequest"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Bad Request: `bad_request`; `invalid_json`; `duplicate_key`; `invalid_text`; `json_too_deep`; `number_too_large`; `number_too_precise`; `body_not_an_object`; `unknown_member`; `action_missing`; `action_not_text`; `action_empty`; `params_wrong_type`; `param_malformed`; `field_malformed`; `duplicate_field`; `too_many_params`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: `not_found`; `no_such_path`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: `body_too_slow`. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: `no_plan_to_replay`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: `body_too_large`; `action_too_long`; `params_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: `unsupported_media_type`; `unsupported_content_encoding`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    explain_cache: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlanRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Explanation"];
                };
            };
            /** @description Bad Request: `bad_request`; `invalid_json`; `duplicate_key`; `invalid_text`; `json_too_deep`; `number_too_large`; `number_too_precise`; `body_not_an_object`; `unknown_member`; `action_missing`; `action_not_text`; `action_empty`; `params_wrong_type`; `param_malformed`; `field_malformed`; `duplicate_field`; `too_many_params`; `cache_mode_unknown`; `wait_seconds_invalid`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: `body_too_slow`. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: `body_too_large`; `action_too_long`; `params_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: `unsupported_media_type`; `unsupported_content_encoding`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_cache_stats: {
        parameters: {
            query?: {
                /** @description Instead of `since`. */
                hours?: number;
                since?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CacheStats"];
                };
            };
            /** @description Bad Request: `bad_request`; `unknown_parameter`; `invalid_filter`; `invalid_text`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_groundings: {
        parameters: {
            query?: {
                /** @description From `next` or `previous` of a page. */
                cursor?: string;
                /** @description Those of exactly this domain. */
                domain?: string;
                /** @description Number of results to return per page. */
                limit?: number;
                mode?: "advisory" | "strict";
                /** @description The one of this name. */
                name?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaginatedGroundingSummaryList"];
                    "application/x-yaml": components["schemas"]["PaginatedGroundingSummaryList"];
                    "application/yaml": components["schemas"]["PaginatedGroundingSummaryList"];
                    "text/yaml": components["schemas"]["PaginatedGroundingSummaryList"];
                };
            };
            /** @description Bad Request: `bad_request`; `unknown_parameter`; `invalid_filter`; `invalid_text`; `invalid_limit`; `invalid_cursor`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_grounding: {
        parameters: {
            query?: {
                /** @description Left out: the version that holds. */
                version?: string;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Grounding"];
                    "application/x-yaml": components["schemas"]["Grounding"];
                    "application/yaml": components["schemas"]["Grounding"];
                    "text/yaml": components["schemas"]["Grounding"];
                };
            };
            /** @description Bad Request: `bad_request`; `unknown_parameter`; `invalid_filter`; `invalid_text`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: `not_found`; `no_such_path`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_grounding: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GroundingRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Grounding"];
                    "application/x-yaml": components["schemas"]["Grounding"];
                    "application/yaml": components["schemas"]["Grounding"];
                    "text/yaml": components["schemas"]["Grounding"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Grounding"];
                    "application/x-yaml": components["schemas"]["Grounding"];
                    "application/yaml": components["schemas"]["Grounding"];
                    "text/yaml": components["schemas"]["Grounding"];
                };
            };
            /** @description Bad Request: `bad_request`; `invalid_json`; `duplicate_key`; `invalid_text`; `json_too_deep`; `number_too_large`; `number_too_precise`; `body_not_an_object`; `unknown_member`; `invalid_grounding`; `invalid_grounding_name`; `unknown_parameter`; `invalid_filter`; `invalid_yaml`; `yaml_too_deep`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: `not_found`; `no_such_path`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: `body_too_slow`. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: `too_many_groundings`; `grounding_version_conflict`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: `body_too_large`; `grounding_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: `unsupported_media_type`; `unsupported_content_encoding`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_grounding: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request: `bad_request`; `unknown_parameter`; `invalid_filter`; `invalid_text`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: `not_found`; `no_such_path`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_grounding_versions: {
        parameters: {
            query?: {
                /** @description From `next` or `previous` of a page. */
                cursor?: string;
                /** @description Number of results to return per page. */
                limit?: number;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaginatedGroundingSummaryList"];
                    "application/x-yaml": components["schemas"]["PaginatedGroundingSummaryList"];
                    "application/yaml": components["schemas"]["PaginatedGroundingSummaryList"];
                    "text/yaml": components["schemas"]["PaginatedGroundingSummaryList"];
                };
            };
            /** @description Bad Request: `bad_request`; `unknown_parameter`; `invalid_filter`; `invalid_text`; `invalid_limit`; `invalid_cursor`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: `not_found`; `no_such_path`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_plans: {
        parameters: {
            query?: {
                created_after?: string;
                created_before?: string;
                /** @description From `next` or `previous` of a page. */
                cursor?: string;
                /** @description Served by this cache entry. */
                entry_id?: string;
                /** @description Number of results to return per page. */
                limit?: number;
                source?: "composer" | "exact" | "example" | "model" | "replay" | "semantic";
                status?: "failed" | "not_actionable" | "pending" | "planning" | "ready";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaginatedPlanList"];
                };
            };
            /** @description Bad Request: `bad_request`; `unknown_parameter`; `invalid_filter`; `invalid_text`; `invalid_limit`; `invalid_cursor`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_plan: {
        parameters: {
            query?: never;
            header?: {
                /** @description Sending the same request again with the same key gives the same plan, a failed one too. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlanRequest"];
            };
        };
        responses: {
            /** @description Finished, and asked for before with this key. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Finished. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Being planned: see `Location`. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Bad Request: `bad_request`; `invalid_json`; `duplicate_key`; `invalid_text`; `json_too_deep`; `number_too_large`; `number_too_precise`; `body_not_an_object`; `unknown_member`; `action_missing`; `action_not_text`; `action_empty`; `params_wrong_type`; `param_malformed`; `field_malformed`; `duplicate_field`; `too_many_params`; `cache_mode_unknown`; `wait_seconds_invalid`; `invalid_idempotency_key`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: `body_too_slow`. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: `body_too_large`; `action_too_long`; `params_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: `unsupported_media_type`; `unsupported_content_encoding`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity: `idempotency_key_reused`. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests: `too_many_waiting`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_plan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                plan_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Bad Request: `bad_request`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: `not_found`; `no_such_path`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listen_to_plan: {
        parameters: {
            query?: never;
            header?: {
                /** @description The id of the last event that the client has; browsers send it by themselves. */
                "Last-Event-ID"?: string;
            };
            path: {
                plan_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description The plan is finished and the client has all of it. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request: `bad_request`; `invalid_last_event_id`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: `not_found`; `no_such_path`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    report_plan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                plan_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ReportRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Bad Request: `bad_request`; `invalid_json`; `duplicate_key`; `invalid_text`; `json_too_deep`; `number_too_large`; `number_too_precise`; `body_not_an_object`; `unknown_member`; `invalid`; `required`; `null`; `blank`; `empty`; `not_a_list`; `overflow`; `wrong_type`; `invalid_choice`; `max_length`; `min_length`; `max_value`; `min_value`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: `not_found`; `no_such_path`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: `body_too_slow`. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict: `no_plan_to_report`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: `body_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: `unsupported_media_type`; `unsupported_content_encoding`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_project: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            /** @description Bad Request: `bad_request`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_project: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PatchedProjectRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            /** @description Bad Request: `bad_request`; `invalid_json`; `duplicate_key`; `invalid_text`; `json_too_deep`; `number_too_large`; `number_too_precise`; `body_not_an_object`; `unknown_member`; `invalid`; `required`; `null`; `blank`; `empty`; `not_a_list`; `overflow`; `wrong_type`; `invalid_choice`; `max_length`; `min_length`; `max_value`; `min_value`; `no_check_model`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: `body_too_slow`. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: `body_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: `unsupported_media_type`; `unsupported_content_encoding`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_project: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectRequest"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewProject"];
                };
            };
            /** @description Bad Request: `bad_request`; `invalid_json`; `duplicate_key`; `invalid_text`; `json_too_deep`; `number_too_large`; `number_too_precise`; `body_not_an_object`; `unknown_member`; `invalid`; `required`; `null`; `blank`; `empty`; `not_a_list`; `overflow`; `wrong_type`; `invalid_choice`; `max_length`; `min_length`; `max_value`; `min_value`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `operator_token_required`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: `body_too_slow`. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: `body_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: `unsupported_media_type`; `unsupported_content_encoding`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_services: {
        parameters: {
            query?: {
                /** @description From `next` or `previous` of a page. */
                cursor?: string;
                /** @description Number of results to return per page. */
                limit?: number;
                type?: "agent" | "service";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaginatedServiceList"];
                };
            };
            /** @description Bad Request: `bad_request`; `unknown_parameter`; `invalid_filter`; `invalid_text`; `invalid_limit`; `invalid_cursor`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_services: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ManyServicesRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServicesOutcome"];
                };
            };
            /** @description Bad Request: `bad_request`; `invalid_json`; `duplicate_key`; `invalid_text`; `json_too_deep`; `number_too_large`; `number_too_precise`; `body_not_an_object`; `unknown_member`; `invalid`; `required`; `null`; `blank`; `empty`; `not_a_list`; `overflow`; `wrong_type`; `invalid_choice`; `max_length`; `min_length`; `max_value`; `min_value`; `invalid_service_name`; `invalid_schema`; `invalid_annotations`; `invalid_examples`; `invalid_capabilities`; `duplicate_service`; `services_refused`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: `body_too_slow`. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: `body_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: `unsupported_media_type`; `unsupported_content_encoding`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_service: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Service"];
                };
            };
            /** @description Bad Request: `bad_request`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: `not_found`; `no_such_path`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_service: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ServiceRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Service"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Service"];
                };
            };
            /** @description Bad Request: `bad_request`; `invalid_json`; `duplicate_key`; `invalid_text`; `json_too_deep`; `number_too_large`; `number_too_precise`; `body_not_an_object`; `unknown_member`; `invalid`; `required`; `null`; `blank`; `empty`; `not_a_list`; `overflow`; `wrong_type`; `invalid_choice`; `max_length`; `min_length`; `max_value`; `min_value`; `invalid_service_name`; `invalid_schema`; `invalid_annotations`; `invalid_examples`; `invalid_capabilities`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: `not_found`; `no_such_path`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: `body_too_slow`. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: `body_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: `unsupported_media_type`; `unsupported_content_encoding`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_service: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request: `bad_request`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: `not_found`; `no_such_path`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dry_run_service: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ServiceRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceDryRun"];
                };
            };
            /** @description Bad Request: `bad_request`; `invalid_json`; `duplicate_key`; `invalid_text`; `json_too_deep`; `number_too_large`; `number_too_precise`; `body_not_an_object`; `unknown_member`; `invalid`; `required`; `null`; `blank`; `empty`; `not_a_list`; `overflow`; `wrong_type`; `invalid_choice`; `max_length`; `min_length`; `max_value`; `min_value`; `invalid_service_name`; `invalid_schema`; `invalid_annotations`; `invalid_examples`; `invalid_capabilities`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found: `not_found`; `no_such_path`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Timeout: `body_too_slow`. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large: `body_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type: `unsupported_media_type`; `unsupported_content_encoding`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_usage: {
        parameters: {
            query?: {
                /** @description The first day (UTC); default: 30 days ago. */
                since?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsageTotals"];
                };
            };
            /** @description Bad Request: `bad_request`; `unknown_parameter`; `invalid_filter`; `invalid_text`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized: `missing_api_key`; `invalid_api_key`; `api_key_revoked`; `api_key_expired`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden: `insufficient_scope`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error: `internal_error`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable: `database_unreachable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
