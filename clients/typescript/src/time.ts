/** Waiting that a signal ends, and signals that time aborts. */

/** Throws the signal's reason as soon as it is aborted. */
export function sleep(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds(seconds));
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Aborts its signal when another one is aborted, with that one's reason, or after so many seconds (`isLate`). */
export class Limit {
  isLate = false;
  readonly #stop = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #seconds: number | undefined;
  readonly #abort = (): void => this.#stop.abort(this.#outer?.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(seconds: number | undefined, outer: AbortSignal | undefined) {
    this.#seconds = seconds;
    this.#outer = outer;
    if (outer?.aborted) this.#abort();
    outer?.addEventListener("abort", this.#abort, { once: true });
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** The seconds begin anew. */
  restart(): void {
    clearTimeout(this.#timer);
    if (this.#seconds === undefined) return;
    this.#timer = setTimeout(() => {
      this.isLate = true;
      this.#stop.abort(new DOMException("It takes too long.", "TimeoutError"));
    }, milliseconds(this.#seconds));
  }

  /** Time and the other signal count no more; what still listens to the signal is not told. */
  end(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#abort);
  }

  /** Ends it, and what still listens to the signal, too. */
  close(): void {
    this.end();
    this.#stop.abort();
  }
}

/** As timers take them: more than they hold would be none at all. */
function milliseconds(seconds: number): number {
  return Math.min(seconds * 1000, 2 ** 31 - 1);
}
