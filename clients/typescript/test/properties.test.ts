/** What holds of every plan, whatever its steps do. */

import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";
import { type ExecutionPlan, type Handlers, checkValue, run } from "../src/index.js";

interface Made {
  readonly plan: ExecutionPlan;
  readonly needs: ReadonlyMap<string, readonly string[]>;
  /** By task: its output, or why there is none. */
  readonly ends: ReadonlyMap<string, "done" | "failed" | "refused">;
}

const value = fc.jsonValue({ maxDepth: 2 });

/** Up to twelve steps; each takes values of the ones before it, is ordered after some, and comes to some end. */
const plans: fc.Arbitrary<Made> = fc
  .array(
    fc.record({
      from: fc.array(fc.nat(), { maxLength: 3 }),
      after: fc.array(fc.nat(), { maxLength: 2 }),
      end: fc.constantFrom(
        "done" as const,
        "done" as const,
        "done" as const,
        "failed" as const,
        "refused" as const,
      ),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .chain((steps) =>
    fc.tuple(
      fc.constant(steps),
      value,
      fc.shuffledSubarray(
        steps.map((_step, index) => index),
        { minLength: steps.length },
      ),
    ),
  )
  .map(([steps, constant, order]) => {
    const needs = new Map<string, string[]>();
    const tasks = steps.map((step, index) => {
      const from = step.from.map((number) => number % (index + 1));
      const after = index === 0 ? [] : step.after.map((number) => `task${1 + (number % index)}`);
      const input = Object.fromEntries(from.map((other, place) => [`in${place}`, `$task${other}.out`]));
      needs.set(`task${index + 1}`, [
        ...new Set([...from.filter((other) => other > 0).map((other) => `task${other}`), ...after]),
      ]);
      return { id: `task${index + 1}`, service: `${step.end}_${index + 1}`, input, after };
    });
    const shuffled = order.flatMap((index) => tasks[index] ?? []);
    return {
      plan: { tasks: [...shuffled, { id: "task0", input: { out: constant } }], parallel_groups: [] },
      needs,
      ends: new Map(steps.map((step, index) => [`task${index + 1}`, step.end])),
    };
  });

test("every step ends once, after what it needs, and as it must", async () => {
  await fc.assert(
    fc.asyncProperty(
      plans,
      fc.integer({ min: 1, max: 4 }),
      fc.infiniteStream(fc.nat(3)),
      async (made, maxParallel, turns) => {
        const over = new Set<string>();
        const begun: string[] = [];
        let atWork = 0;
        const handlers: Handlers = Object.fromEntries(
          made.plan.tasks.map((task) => [
            task.service ?? "",
            async (input: object) => {
              begun.push(task.id);
              atWork += 1;
              assert.ok(atWork <= maxParallel);
              for (const need of made.needs.get(task.id) ?? []) assert.ok(over.has(need));
              for (let turn = turns.next().value ?? 0; turn > 0; turn -= 1) await Promise.resolve();
              atWork -= 1;
              if (made.ends.get(task.id) === "failed") throw new Error("no luck");
              over.add(task.id);
              return { out: [task.id, ...Object.values(input)] };
            },
          ]),
        );
        const told: string[] = [];

        const result = await run(made.plan, handlers, {
          maxParallel,
          beforeDestructive: (step) => made.ends.get(step.task) !== "refused",
          onStep: (outcome) => void (outcome.status === "running" || told.push(outcome.task)),
        });

        const expected = new Map<string, string>();
        const endOf = (task: string): string => {
          const known = expected.get(task);
          if (known) return known;
          const isFree = (made.needs.get(task) ?? []).every((need) => endOf(need) === "done");
          expected.set(task, isFree ? (made.ends.get(task) ?? "") : "skipped");
          return expected.get(task) ?? "";
        };
        for (const step of result.steps) assert.equal(step.status, endOf(step.task));
        assert.deepEqual(
          result.steps.map((step) => step.task),
          made.plan.tasks.slice(0, -1).map((task) => task.id),
        );
        assert.deepEqual(told.toSorted(), result.steps.map((step) => step.task).toSorted());
        assert.deepEqual(new Set(begun).size, begun.length);
        const constant = made.plan.tasks.at(-1)?.input["out"];
        for (const step of result.steps.filter((each) => each.status === "done")) {
          const task = made.plan.tasks.find((each) => each.id === step.task);
          for (const [name, reference] of Object.entries(task?.input ?? {})) {
            const from = String(reference).slice(1).split(".")[0] ?? "";
            assert.deepEqual(step.input[name], from === "task0" ? constant : result.outputs.get(from)?.["out"]);
          }
        }
      },
    ),
    { numRuns: 150 },
  );
});

test("a value fits a schema that is made of it", () => {
  const schemaOf = (given: unknown): object => {
    if (given === null) return { type: "null" };
    if (Array.isArray(given))
      return { type: "array", prefixItems: given.map(schemaOf), items: false, minItems: given.length };
    if (typeof given !== "object") return { type: typeof given, const: given };
    const members = Object.entries(given).map(([name, member]): [string, object] => [name, schemaOf(member)]);
    return {
      type: "object",
      properties: Object.fromEntries(members),
      required: Object.keys(given),
      additionalProperties: false,
    };
  };
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 1 }), (given, other) => {
      const schema = schemaOf(given);
      assert.deepEqual(checkValue(schema, given), []);
      assert.deepEqual(checkValue({ enum: [other, given] }, given), []);
      if (JSON.stringify(given) !== JSON.stringify(other)) {
        assert.notDeepEqual(
          checkValue(
            { type: "object", properties: { a: schema }, additionalProperties: false },
            { a: given, b: other },
          ),
          [],
        );
        assert.notDeepEqual(
          checkValue({ type: "array", minItems: 1, items: schema }, [given, { a: other }, 1.5, null]),
          [],
        );
      }
    }),
  );
});
