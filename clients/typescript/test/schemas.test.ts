import assert from "node:assert/strict";
import { test } from "node:test";

import { checkValue } from "../src/index.js";

const CASES: readonly (readonly [schema: unknown, fits: readonly unknown[], not: readonly unknown[]])[] = [
  [true, [1, null], []],
  [false, [], [1]],
  [{ type: "integer" }, [1, 1.0, -3], [1.5, "1", null, true]],
  [{ type: ["string", "null"] }, ["", null], [1, []]],
  [{ type: "string", nullable: true }, ["", null], [1]],
  [{ enum: [1, "a", { b: [1], c: 2 }] }, [1, "a", { c: 2, b: [1] }], [2, "1", { b: [1] }, null]],
  [{ const: null }, [null], [0, ""]],
  [{ minimum: 1, maximum: 3 }, [1, 3, "0"], [0.5, 3.1]],
  [{ exclusiveMinimum: 1, exclusiveMaximum: 3 }, [1.1, 2.9], [1, 3]],
  [{ minimum: 1, exclusiveMinimum: true }, [1.1], [1, 0]],
  [{ multipleOf: 0.01 }, [0.07, 4.35, 1e9], [0.015]],
  [{ minLength: 2, maxLength: 3 }, ["ab", "😀😀"], ["a", "😀", "abcd"]],
  [{ minItems: 1, maxItems: 2, items: { type: "string" } }, [["a"], 7], [[], ["a", 1], ["a", "b", "c"]]],
  [{ prefixItems: [{ type: "string" }], items: { type: "number" } }, [["a", 1, 2], []], [[1], ["a", "b"]]],
  [
    { uniqueItems: true },
    [[1, "1", { a: 1, b: 2 }]],
    [
      [1, 1],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    ],
  ],
  [
    { required: ["a"], minProperties: 1, maxProperties: 2 },
    [{ a: undefined }, { a: 1, b: 2 }],
    [{}, { b: 1 }, { a: 1, b: 2, c: 3 }],
  ],
  [{ required: ["toString"] }, [{ toString: 1 }], [{}]],
  [
    { properties: { a: { type: "string" } }, additionalProperties: false },
    [{}, { a: "" }],
    [{ a: 1 }, { b: 1 }, { constructor: 1 }],
  ],
  [{ properties: {}, additionalProperties: { type: "number" } }, [{ b: 1 }], [{ b: "" }]],
  [{ patternProperties: { "^x": {} }, additionalProperties: false }, [{ x1: 1 }], []],
  [{ anyOf: [{ type: "string" }, { minimum: 5, type: "number" }] }, ["", 5], [4, null]],
  [{ oneOf: [{ type: "number" }, { type: "integer" }] }, [1.5], [1, ""]],
  [{ allOf: [{ type: "number" }, { minimum: 5 }] }, [5], [4, ""]],
  [{ not: { type: "string" } }, [1], [""]],
  [{ if: { type: "string" }, then: { minLength: 1 }, else: { type: "number" } }, ["a", 1], ["", null]],
  [{ $ref: "#/$defs/Line", $defs: { Line: { type: "object", required: ["sku"] } } }, [{ sku: 1 }], [{}, 1]],
  [{ $ref: "#/$defs/a~1b%20c", $defs: { "a/b c": { type: "string" } } }, [""], [1]],
  [{ $ref: "#/$defs/100%", $defs: { "100%": { type: "string" } } }, [""], [1]],
  [{ $ref: "https://elsewhere.test/schema" }, [1, ""], []],
  [{ pattern: "^(a+)+$" }, ["b"], []],
  [
    { $ref: "#/$defs/Tree", $defs: { Tree: { type: "object", properties: { on: { $ref: "#/$defs/Tree" } } } } },
    [{ on: { on: {} } }],
    [{ on: { on: 1 } }],
  ],
];
for (const [schema, fits, not] of CASES) {
  test(JSON.stringify(schema), () => {
    for (const value of fits) assert.deepEqual(checkValue(schema, value), [], JSON.stringify(value));
    for (const value of not) assert.notDeepEqual(checkValue(schema, value), [], JSON.stringify(value));
  });
}

test("a fault says where it is and what is wanted", () => {
  const schema = { properties: { lines: { items: { properties: { sku: { type: "string" } } } } } };

  assert.deepEqual(checkValue(schema, { lines: [{}, { sku: 7 }] }), ["lines[1].sku must be string, not number."]);
});

for (const schema of [
  { $ref: "#" },
  { allOf: [{ $ref: "#" }, { $ref: "#" }] },
  { anyOf: [{ $ref: "#" }, { $ref: "#" }, { $ref: "#" }] },
  { items: { anyOf: [{ $ref: "#" }, { $ref: "#" }] } },
]) {
  test(`a schema without an end comes to one: ${JSON.stringify(schema)}`, () => {
    let deep: unknown = 1;
    for (let count = 0; count < 60; count += 1) deep = [deep];

    checkValue(schema, deep);
  });
}

test("what is wrong a thousand times is told ten times", () => {
  assert.equal(checkValue({ items: { type: "string" } }, Array(1000).fill(1)).length, 10);
});
