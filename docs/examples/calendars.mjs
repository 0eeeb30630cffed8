// Calls of the feature calendars (../partner-calendars.md). Needs relay.mjs beside it.

/** Creates an event once for an id of yours, however often this is called; returns it. */
export function book(relay, mailbox, event, orderId) {
  const headers = { "idempotency-key": orderId };
  return relay.call("POST", `/calendars/${encodeURIComponent(mailbox)}/events`, event, { headers });
}

/** Changes a title without overwriting another's change: after 412, reads again and retries, five tries in all. */
export async function rename(relay, mailbox, eventId, title) {
  const path = `/calendars/${encodeURIComponent(mailbox)}/events/${encodeURIComponent(eventId)}`;
  for (let triesLeft = 4; ; triesLeft -= 1) {
    const seen = await relay.call("GET", path);
    try {
      return await relay.call("PATCH", path, { title }, { headers: { "if-match": seen.etag } });
    } catch (refused) {
      if (refused.status !== 412 || !triesLeft) throw refused;
    }
  }
}

/** Yields all events between two times. */
export function shown(relay, mailbox, from, to) {
  return relay.pages(`/calendars/${encodeURIComponent(mailbox)}/events`, { params: { from, to } });
}
