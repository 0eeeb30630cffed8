// Calls of the feature bookings (../partner-bookings.md). Needs relay.mjs beside it.

/** Returns the appointment, made now or before. Refused says by `code` why the business does not allow it. */
export function booked(relay, business, appointment) {
  return relay.call("POST", `/bookings/${encodeURIComponent(business)}/appointments`, appointment);
}
