// Watches: set up, look up, remove (../partner-guide.md). Needs relay.mjs beside it.

/** Returns the watch of a mailbox, made now or before. */
export function watch(relay, mailbox) {
  return relay.call("POST", "/subscriptions", { mailbox });
}

/** Yields all watches. */
export function watches(relay) {
  return relay.pages("/subscriptions");
}

/** Returns those of up to 100 addresses that have no watch. */
export async function notWatched(relay, mailboxes) {
  return (await relay.call("POST", "/subscriptions/query", { mailboxes })).notWatched;
}

/** Removes a watch; one that is gone already is no error. */
export async function unwatch(relay, watchId) {
  try {
    await relay.call("DELETE", `/subscriptions/${encodeURIComponent(watchId)}`);
  } catch (refused) {
    if (refused.code !== "subscription_not_found") throw refused;
  }
}
