// Calls to a relay, for the examples beside this file. Node.js 20 or newer, without packages.

const MOST_TRIES = 5;
const LONGEST_WAIT = 300; // seconds; a longer Retry-After is for a queue of yours, not for a sleeping program

/**
 * An answer that is no success of the relay. Compare `code`; `detail` says what to do; `retryAfter` is in seconds.
 *
 * An answer without a problem detail, as for a wrong key or of a proxy, has the `code` status_401, status_200 …
 */
export class Refused extends Error {
  constructor(status, text, retryAfter) {
    const problem = problemOf(text);
    const code = String(problem.code || `status_${status}`);
    const detail = String(problem.detail || "the answer says no more");
    super(`${status} ${code}: ${detail}`);
    Object.assign(this, { name: "Refused", status, problem, code, detail, retryAfter: secondsOf(retryAfter) });
  }

  /** Whether the same call may succeed later; 502 and 504 without a problem detail are a gateway's. */
  get mayPass() {
    return [429, 503].includes(this.status) || ["status_502", "status_504"].includes(this.code);
  }
}

/** A relay, called with a function key or with a token of Microsoft Entra. */
export class Relay {
  constructor(url, { key, token, timeout = 60, pause = sleep }) {
    this.base = url.replace(/\/+$/, "") + (key ? "/api" : "/api/entra");
    this.headers = key ? { "x-functions-key": key } : { authorization: `Bearer ${token}` };
    Object.assign(this, { timeout, pause });
  }

  /**
   * Returns the answer's JSON, or null if it has none; `options` are `params` and `headers`.
   *
   * Repeats the call when no answer comes, and after 429 and 503, once Retry-After has passed; five tries in all.
   * Throws Refused, or after the last try what fetch throws.
   */
  async call(method, path, body, options = {}) {
    const url = new URL(path.includes("://") ? path : this.base + path); // a nextLink is a whole address
    for (const [name, value] of Object.entries(options.params ?? {})) url.searchParams.set(name, value);
    const headers = { ...this.headers, ...options.headers };
    if (body !== undefined) headers["content-type"] = "application/json";
    const request = { method, headers, body: JSON.stringify(body), redirect: "manual" };
    for (let triesLeft = MOST_TRIES - 1; ; triesLeft -= 1) {
      try {
        return await this.#callOnce(url, request);
      } catch (failure) {
        const [isRefused, wait] = [failure instanceof Refused, failure.retryAfter ?? 5];
        if (!triesLeft || (isRefused && !failure.mayPass) || wait > LONGEST_WAIT) throw failure;
        await this.pause(wait);
      }
    }
  }

  /** Yields the entries of a list, page after page; with a body, of a query by POST. */
  async *pages(path, { params, body } = {}) {
    const method = body === undefined ? "GET" : "POST";
    let page = await this.call(method, path, body, { params });
    yield* page.value;
    while (page.nextLink) {
      page = await this.call(method, page.nextLink, body);
      yield* page.value;
    }
  }

  async #callOnce(url, request) {
    const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(1000 * this.timeout) });
    const text = await answer.text();
    const result = jsonOf(text || "null");
    if (answer.ok && result !== undefined) return result;
    throw new Refused(answer.status, text, answer.headers.get("retry-after") ?? "");
  }
}

function sleep(seconds) {
  return new Promise((wake) => setTimeout(wake, 1000 * seconds));
}

/** Returns what a text is as JSON; undefined if it is none. */
function jsonOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns the problem detail; empty if there is none. */
function problemOf(text) {
  const problem = jsonOf(text);
  return problem !== null && typeof problem === "object" && !Array.isArray(problem) ? problem : {};
}

/** Returns how long to wait: Retry-After is a number of seconds or a date; 5 seconds without it. */
function secondsOf(retryAfter) {
  if (/^\d+$/.test(retryAfter)) return Math.max(1, Number(retryAfter));
  const date = / GMT$/.test(retryAfter) ? Date.parse(retryAfter) : NaN; // Date.parse takes "1.5" for a date, too
  return Number.isNaN(date) ? 5 : Math.max(1, (date - Date.now()) / 1000);
}
