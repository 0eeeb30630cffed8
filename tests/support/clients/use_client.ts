// Calls of each guide by openapi-fetch with the types that openapi-typescript generated beside this file.
// The first argument has the base, the credential and the addresses as JSON; standard output has what each call gave.
import createClient from "openapi-fetch";
import { watch } from "./page.js";
import type { paths } from "./relay.js";

declare const process: { argv: string[] }; // without the types of Node.js

const given = JSON.parse(process.argv[2]!);
const client = clientOf(given.credential);

function clientOf(credential: string) {
  const byKey = given.base.endsWith("/api");
  const headers: Record<string, string> = byKey ? { "x-functions-key": credential } : { authorization: `Bearer ${credential}` };
  return createClient<paths>({ baseUrl: given.base, headers });
}

/** Set up, list, look up, read and remove a watch. */
async function watches() {
  const mailbox: string = given.watched;
  const created = await client.POST("/subscriptions", { body: { mailbox } });
  const again = await watch(client, mailbox);
  const lookup = await client.POST("/subscriptions/query", { body: { mailboxes: [mailbox, given.other] } });
  const listed = await client.GET("/subscriptions", { params: { query: { pageSize: 1000 } } });
  const path = { id: created.data!.id };
  const read = await client.GET("/subscriptions/{id}", { params: { path } });
  const removed = await client.DELETE("/subscriptions/{id}", { params: { path } });
  const gone = await client.GET("/subscriptions/{id}", { params: { path } });
  return {
    statuses: [created.response.status, removed.response.status],
    again: again.id === created.data!.id,
    notWatched: lookup.data!.notWatched,
    listed: listed.data!.value.some((each) => each.mailbox === mailbox),
    read: read.data!.mailbox,
    gone: gone.error!.code,
  };
}

/** Returns the codes of what is not allowed, and the status of a wrong credential. */
async function refusals() {
  const { error } = await client.POST("/subscriptions", { body: { mailbox: "room1@fabrikam.com" } });
  const wrong = await clientOf("wrong").GET("/subscriptions");
  return [error!.status, error!.code, wrong.response.status];
}

/** Create, list, read and delete an event. */
async function calendars() {
  const path = { mailbox: given.other };
  const created = await client.POST("/calendars/{mailbox}/events", {
    params: { path, header: { "Idempotency-Key": "a-key" } },
    body: { title: "Kick-off", start: "2026-12-01T09:00:00Z", end: "2026-12-01T10:00:00Z" },
  });
  const query = { from: "2026-12-01T00:00:00Z", to: "2026-12-02T00:00:00Z" };
  const page = await client.GET("/calendars/{mailbox}/events", { params: { path, query } });
  const event = { ...path, id: created.data!.id };
  const read = await client.GET("/calendars/{mailbox}/events/{id}", { params: { path: event } });
  const header = { "If-Match": read.data!.etag };
  const deleted = await client.DELETE("/calendars/{mailbox}/events/{id}", { params: { path: event, header } });
  const ids = page.data!.value.map((each) => each.id);
  return [ids.length === 1 && ids[0] === event.id, read.data!.title, deleted.response.status];
}

/** List free slots, book the first, and find it taken by a second call. */
async function slots() {
  const path = { mailbox: given.agent };
  const wanted = { from: given.from, to: given.to, duration: 30 };
  const page = await client.POST("/schedules/{mailbox}/slots/query", { params: { path }, body: wanted });
  const start = page.data!.value[0]!.start;
  const request = { params: { path }, body: { start, duration: 30, title: "A talk", customer: { name: "Ola" } } };
  const booked = await client.POST("/schedules/{mailbox}/bookings", request);
  const taken = await client.POST("/schedules/{mailbox}/bookings", request);
  const problem = taken.error!;
  const nearest = "nearest" in problem ? problem.nearest.length : 0;
  return [booked.data !== undefined, taken.response.status === 409, problem.code, nearest];
}

/** Make an appointment, find it in the list, and be refused outside of the hours. */
async function bookings() {
  const path = { business: given.business };
  const created = await client.POST("/bookings/{business}/appointments", { params: { path }, body: given.appointment });
  const page = await client.GET("/bookings/{business}/appointments", { params: { path } });
  const late = await client.POST("/bookings/{business}/appointments", { params: { path }, body: given.late });
  const query = { from: given.from, to: given.to, staff: ["Staff 1"] };
  const available = await client.POST("/bookings/{business}/availability/query", { params: { path }, body: query });
  const isListed = page.data!.value.some((each) => each.id === created.data!.id);
  return [isListed, late.error!.code, available.data!.value.length];
}

/** Returns what is busy of a watched mailbox and of another, and the rooms or the code of a refusal. */
async function rooms() {
  const watched = await client.POST("/subscriptions", { body: { mailbox: given.agent } });
  const query = { from: given.from, to: given.to, mailboxes: [given.agent, given.other] };
  const times = await client.POST("/availability/query", { body: query });
  const listed = await client.GET("/rooms");
  await client.DELETE("/subscriptions/{id}", { params: { path: { id: watched.data!.id } } });
  const codes = times.data!.unknown.map((each) => each.code);
  return [times.data!.value.map((each) => each.mailbox), codes, listed.error?.code ?? "listed"];
}

const guides = { watches, refusals, calendars, slots, bookings, rooms };
const ends: Record<string, unknown> = {};
for (const [name, guide] of Object.entries(guides)) ends[name] = await guide();
console.log(JSON.stringify(ends));
