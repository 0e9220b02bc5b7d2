/** Reads a stream of server-sent events, as the HTML standard describes it. */

import { UnexpectedAnswer } from "./errors.js";

/** An event; without `data` it only says how to listen. `retry`: after how many seconds to come back. */
export interface Heard {
  readonly name: string;
  readonly data: string | undefined;
  readonly id: string | undefined;
  readonly retry: number | undefined;
}

/** The most characters that a line, or the data of one event, may have. */
export const MOST_CHARACTERS = 16 * 1024 * 1024;

export class Decoder {
  readonly #text = new TextDecoder();
  /** The parts of the line that has not ended yet. */
  #line: string[] = [];
  #held = 0;
  #skipNewline = false;
  #name = "";
  #data: string[] = [];
  #id: string | undefined;
  #retry: number | undefined;

  /** The events that these bytes complete. Throws {@link UnexpectedAnswer} for one that is too large. */
  take(bytes: Uint8Array): Heard[] {
    let text = this.#text.decode(bytes, { stream: true });
    if (this.#skipNewline && text) {
      this.#skipNewline = false;
      if (text.startsWith("\n")) text = text.slice(1);
    }
    if (text.endsWith("\r")) this.#skipNewline = true;
    const heard: Heard[] = [];
    const lines = text.split(/\r\n|\r|\n/);
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      this.#hold(line);
      const event = this.#end(this.#line.join(""));
      this.#line = [];
      if (event) heard.push(event);
    }
    this.#hold(rest);
    return heard;
  }

  #hold(part: string): void {
    this.#held += part.length;
    if (this.#held > MOST_CHARACTERS)
      throw new UnexpectedAnswer("An event is too large. Is this the engine's address?");
    if (part) this.#line.push(part);
  }

  #end(line: string): Heard | undefined {
    if (line === "") return this.#dispatch();
    const [, field = "", value = ""] = /^([^:]*)(?::[ ]?([^]*))?$/.exec(line) ?? [];
    if (field === "event") this.#name = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^[0-9]{1,9}$/.test(value)) this.#retry = Number(value) / 1000;
    if (field !== "data") this.#held -= line.length;
    return undefined;
  }

  #dispatch(): Heard | undefined {
    const data = this.#data.length ? this.#data.join("\n") : undefined;
    const heard = { name: this.#name || "message", data, id: this.#id, retry: this.#retry };
    this.#name = "";
    this.#data = [];
    this.#id = this.#retry = undefined;
    this.#held = 0;
    return data === undefined && heard.retry === undefined ? undefined : heard;
  }
}
