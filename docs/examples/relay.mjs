// Calls to a relay, for the examples beside this file. Node.js 20 or newer, without packages.

const MOST_TRIES = 5;
const LONGEST_WAIT = 300; // seconds; a longer Retry-After is for a queue of yours, not for a sleeping program

/** An answer that is no success. Compare `code`; `detail` says what to do. `retryAfter` is in seconds. */
export class Refused extends Error {
  constructor(status, text, retryAfter) {
    const problem = problemOf(text);
    const code = String(problem.code ?? `status_${status}`);
    const detail = String(problem.detail ?? "the answer says no more");
    super(`${status} ${code}: ${detail}`);
    Object.assign(this, { name: "Refused", status, problem, code, detail, retryAfter: secondsOf(retryAfter) });
  }
}

/** A relay, called with a function key or with a token of Microsoft Entra. */
export class Relay {
  constructor(url, { key, token, pause = sleep }) {
    this.base = key ? `${url}/api` : `${url}/api/entra`;
    this.headers = key ? { "x-functions-key": key } : { authorization: `Bearer ${token}` };
    this.pause = pause;
  }

  /**
   * Returns the answer's JSON, or null if it has none; `options` are `params` and `headers`.
   *
   * Repeats the call when no answer comes, and after 429 and 503, once Retry-After has passed. Throws Refused, or after
   * the last try what fetch throws.
   */
  async call(method, path, body, options = {}) {
    const url = new URL(path.includes("://") ? path : this.base + path); // a nextLink is a whole address
    for (const [name, value] of Object.entries(options.params ?? {})) url.searchParams.set(name, value);
    const headers = { ...this.headers, ...options.headers };
    if (body !== undefined) headers["content-type"] = "application/json";
    const request = { method, headers, body: JSON.stringify(body), redirect: "manual" };
    for (let triesLeft = MOST_TRIES - 1; ; triesLeft -= 1) {
      const [answer, text, error] = await sent(url, request);
      if (answer?.ok) return text ? JSON.parse(text) : null;
      const failure = error ?? new Refused(answer.status, text, answer.headers.get("retry-after") ?? "");
      const mayPass = error || answer.status === 429 || answer.status === 503;
      const wait = failure.retryAfter ?? 5;
      if (!mayPass || !triesLeft || wait > LONGEST_WAIT) throw failure;
      await this.pause(wait);
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
}

/** Returns [the answer, its text, null], or [null, null, the error] when none came. */
async function sent(url, request) {
  try {
    const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(60_000) });
    return [answer, await answer.text(), null];
  } catch (error) {
    return [null, null, error];
  }
}

function sleep(seconds) {
  return new Promise((wake) => setTimeout(wake, 1000 * seconds));
}

/** Returns the problem detail; empty if there is none, as for a wrong key, or when a proxy answers. */
function problemOf(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Returns how long to wait: Retry-After is a number of seconds or a date; 5 seconds without it. */
function secondsOf(retryAfter) {
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? 5 : Math.max(1, seconds);
}
