// Calls of the feature rooms (../partner-rooms.md). Needs relay.mjs beside it.

/** Returns the rooms, and whether these are all: otherwise keep what you know of others. */
export async function rooms(relay) {
  const found = [];
  let [complete, link] = [true, "/rooms"];
  while (link) {
    const page = await relay.call("GET", link);
    found.push(...page.value);
    complete &&= page.complete;
    link = page.nextLink;
  }
  return [found, complete];
}

/** Returns for each of up to 100 mailboxes whether it is free from start to end; null if that is unknown. */
export async function freeAt(relay, mailboxes, start, end) {
  const answer = await relay.call("POST", "/availability/query", { from: start, to: end, mailboxes });
  const free = new Map(answer.value.map((each) => [each.mailbox.toLowerCase(), each.busy.length === 0]));
  return Object.fromEntries(mailboxes.map((mailbox) => [mailbox, free.get(mailbox.toLowerCase()) ?? null]));
}
