/** What the services of a plan say of themselves. */

import type { Annotations, JsonObject } from "../types.js";

/** A service as it is listed, or as it is registered. Without a schema nothing is checked against it. */
export interface Facts {
  readonly name?: string | undefined;
  readonly input_schema?: JsonObject | undefined;
  readonly output_schema?: JsonObject | undefined;
  readonly annotations?: Annotations | undefined;
  readonly revertible?: boolean | undefined;
}

export type Services = Iterable<Facts> | AsyncIterable<Facts> | { readonly [name: string]: Facts };

/** `services`: each with its `name`, or an object of them by name. */
export async function factsByName(services: Services | undefined): Promise<ReadonlyMap<string, Facts>> {
  const found = new Map<string, Facts>();
  if (services === undefined) return found;
  if (!isIterable(services)) return new Map(Object.entries(services));
  for await (const service of services) if (service.name !== undefined) found.set(service.name, service);
  return found;
}

function isIterable(services: Services): services is Iterable<Facts> | AsyncIterable<Facts> {
  return Symbol.iterator in services || Symbol.asyncIterator in services;
}
