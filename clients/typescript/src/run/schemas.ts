/**
 * Whether a value fits a JSON Schema, as far as can be said without another package: types, required and unknown
 * members, enums, bounds, items, combinations, local references. `format` is not looked at and no regular expression
 * is run (`pattern`, `patternProperties`): one from elsewhere may take forever. `nullable` of OpenAPI 3.0 is known.
 */

import { isObject } from "../errors.js";

/** What does not fit, in sentences; none where it fits. A validator of your own, for example ajv's, may take its place. */
export type Checker = (schema: unknown, value: unknown) => readonly string[];

const MOST_FAULTS = 10;
/** So many schemas are looked at for one value at most: some that refer to themselves have no end. */
const MOST_STEPS = 100_000;
const MOST_DEPTH = 200;

export const checkValue: Checker = (schema, value) => {
  const check = new Check(schema);
  check.look(schema, value, "", 0);
  return check.faults;
};

type Schema = { readonly [keyword: string]: unknown };

class Check {
  readonly faults: string[] = [];
  #steps = 0;

  constructor(readonly root: unknown) {}

  look(schema: unknown, value: unknown, place: string, depth: number): void {
    this.#steps += 1;
    if (this.#steps > MOST_STEPS || depth > MOST_DEPTH) {
      if (this.faults.length === 0) this.#say(place, "is too deep to be checked");
      return;
    }
    if (schema === false) return this.#say(place, "is not allowed");
    if (!isObject(schema)) return;
    if (value === null && schema["nullable"] === true) return;
    if (typeof schema["$ref"] === "string") this.look(this.#at(schema["$ref"]), value, place, depth + 1);
    if (!hasType(schema["type"], value))
      return this.#say(place, `must be ${typesOf(schema["type"])}, not ${typeOf(value)}`);
    this.#values(schema, value, place);
    if (typeof value === "number") this.#number(schema, value, place);
    if (typeof value === "string")
      this.#bounds(schema, "Length", charactersOf(schema, value), "characters", place);
    if (Array.isArray(value)) this.#items(schema, value, place, depth);
    else if (isObject(value)) this.#members(schema, value, place, depth);
    this.#combinations(schema, value, place, depth);
  }

  #values(schema: Schema, value: unknown, place: string): void {
    const allowed = schema["enum"];
    if (Array.isArray(allowed) && !allowed.some((each) => same(each, value))) {
      this.#say(place, `must be one of ${JSON.stringify(allowed).slice(0, 200)}`);
    }
    if ("const" in schema && !same(schema["const"], value)) {
      this.#say(place, `must be ${JSON.stringify(schema["const"]).slice(0, 200)}`);
    }
  }

  #number(schema: Schema, value: number, place: string): void {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
    const least = exclusiveMinimum === true ? minimum : exclusiveMinimum;
    const most = exclusiveMaximum === true ? maximum : exclusiveMaximum;
    if (typeof minimum === "number" && value < minimum) this.#say(place, `must be at least ${minimum}`);
    if (typeof maximum === "number" && value > maximum) this.#say(place, `must be at most ${maximum}`);
    if (typeof least === "number" && value <= least) this.#say(place, `must be more than ${least}`);
    if (typeof most === "number" && value >= most) this.#say(place, `must be less than ${most}`);
    if (typeof multipleOf === "number" && multipleOf > 0) {
      const times = value / multipleOf;
      if (Math.abs(times - Math.round(times)) > 1e-9 * Math.max(1, Math.abs(times))) {
        this.#say(place, `must be a multiple of ${multipleOf}`);
      }
    }
  }

  #items(schema: Schema, value: readonly unknown[], place: string, depth: number): void {
    this.#bounds(schema, "Items", value.length, "items", place);
    const first = Array.isArray(schema["prefixItems"]) ? schema["prefixItems"] : [];
    value.forEach((item, index) => {
      const of = index < first.length ? first[index] : schema["items"];
      if (of !== undefined && this.#open) this.look(of, item, `${place}[${index}]`, depth + 1);
    });
    if (schema["uniqueItems"] === true && new Set(value.map(canonical)).size < value.length) {
      this.#say(place, "must not have an item twice");
    }
  }

  #members(schema: Schema, value: Schema, place: string, depth: number): void {
    this.#bounds(schema, "Properties", Object.keys(value).length, "members", place);
    const known = isObject(schema["properties"]) ? schema["properties"] : {};
    for (const name of Array.isArray(schema["required"]) ? schema["required"] : []) {
      if (typeof name === "string" && !Object.hasOwn(value, name)) this.#say(place, `must have ${name}`);
    }
    const others = isObject(schema["patternProperties"]) ? undefined : schema["additionalProperties"];
    for (const [name, member] of Object.entries(value)) {
      const within = place ? `${place}.${name}` : name;
      if (!this.#open) return;
      if (Object.hasOwn(known, name)) this.look(known[name], member, within, depth + 1);
      else if (others !== undefined) this.look(others, member, within, depth + 1);
    }
  }

  #combinations(schema: Schema, value: unknown, place: string, depth: number): void {
    const fits = (each: unknown): boolean => this.#fits(each, value, depth);
    for (const each of Array.isArray(schema["allOf"]) ? schema["allOf"] : [])
      this.look(each, value, place, depth + 1);
    if (Array.isArray(schema["anyOf"]) && !schema["anyOf"].some(fits))
      this.#say(place, "fits none of the forms it may have");
    if (Array.isArray(schema["oneOf"])) {
      const count = schema["oneOf"].filter(fits).length;
      if (count === 0) this.#say(place, "fits none of the forms it may have");
      if (count > 1) this.#say(place, "fits more than one of the forms of which it must have one");
    }
    if (schema["not"] !== undefined && fits(schema["not"])) this.#say(place, "has a form that it must not have");
    if (schema["if"] !== undefined) {
      const then = fits(schema["if"]) ? schema["then"] : schema["else"];
      if (then !== undefined) this.look(then, value, place, depth + 1);
    }
  }

  /** Whether nothing is wrong with it; of a part that is only tried nothing is told. */
  #fits(schema: unknown, value: unknown, depth: number): boolean {
    const trial = new Check(this.root);
    trial.#steps = this.#steps;
    trial.look(schema, value, "", depth + 1);
    this.#steps = trial.#steps;
    return trial.faults.length === 0;
  }

  #bounds(schema: Schema, of: string, count: number, what: string, place: string): void {
    const [least, most] = [schema[`min${of}`], schema[`max${of}`]];
    if (typeof least === "number" && count < least) this.#say(place, `must have at least ${least} ${what}`);
    if (typeof most === "number" && count > most) this.#say(place, `must have at most ${most} ${what}`);
  }

  /** The part of the schema that a local reference names; anything goes for another one. */
  #at(reference: string): unknown {
    if (!reference.startsWith("#")) return true;
    let found: unknown = this.root;
    for (const part of reference.slice(1).split("/").slice(1)) {
      const name = decoded(part).replaceAll("~1", "/").replaceAll("~0", "~");
      if (Array.isArray(found)) found = found[Number(name)];
      else found = isObject(found) && Object.hasOwn(found, name) ? found[name] : true;
    }
    return found;
  }

  get #open(): boolean {
    return this.faults.length < MOST_FAULTS;
  }

  #say(place: string, what: string): void {
    if (this.#open) this.faults.push(`${place || "It"} ${what}.`);
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

function hasType(type: unknown, value: unknown): boolean {
  if (Array.isArray(type)) return type.length === 0 || type.some((each) => hasType(each, value));
  if (typeof type !== "string") return true;
  return type === "integer" ? Number.isInteger(value) : type === typeOf(value);
}

function typesOf(type: unknown): string {
  return Array.isArray(type) ? type.join(" or ") : String(type);
}

/** Characters as people count them; they are counted only where a schema asks for it. */
function charactersOf(schema: Schema, text: string): number {
  return "minLength" in schema || "maxLength" in schema ? [...text].length : 0;
}

function same(one: unknown, other: unknown): boolean {
  return (
    one === other || (typeof one === "object" && typeof other === "object" && canonical(one) === canonical(other))
  );
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) =>
    isObject(each)
      ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)))
      : each,
  );
}
