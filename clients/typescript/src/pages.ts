/** Lists that come in pages. */

import { UnexpectedAnswer, isObject } from "./errors.js";

/** The rows of a list; its pages are fetched as they are needed. `fetchPage` is given the cursor of a page. */
export async function* rowsOf<Row>(
  fetchPage: (cursor: string | undefined) => Promise<unknown>,
): AsyncGenerator<Row> {
  let cursor: string | undefined;
  do {
    const page = await fetchPage(cursor);
    if (!isObject(page) || !Array.isArray(page["results"]))
      throw new UnexpectedAnswer("The answer is no page of a list.");
    yield* page["results"] as Row[];
    cursor = cursorOf(page["next"]);
  } while (cursor !== undefined);
}

/** Of the address of the next page only the cursor is taken: where the engine is, the client knows better. */
function cursorOf(next: unknown): string | undefined {
  if (typeof next !== "string") return undefined;
  return new URLSearchParams(next.split("?", 2)[1] ?? "").get("cursor") ?? undefined;
}
