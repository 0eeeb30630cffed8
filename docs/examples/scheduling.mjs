// Calls of the feature scheduling (../partner-scheduling.md). Needs relay.mjs beside it.

/** Yields the free slots at any of the agents; `query` has from, to and duration. */
export function slots(relay, agents, query) {
  const [first, ...mailboxes] = agents;
  return relay.pages(`/schedules/${encodeURIComponent(first)}/slots/query`, { body: { mailboxes, ...query } });
}

/** Returns [the booking, []], or [null, the nearest free slots] when the slot is taken; once for an id of yours. */
export async function book(relay, agent, booking, orderId) {
  const headers = { "idempotency-key": orderId };
  try {
    return [await relay.call("POST", `/schedules/${encodeURIComponent(agent)}/bookings`, booking, { headers }), []];
  } catch (refused) {
    if (refused.code !== "slot_taken") throw refused;
    return [null, refused.problem.nearest ?? []];
  }
}
