// Calls the lines of the page, once for each address of the first argument, and prints an id or the error's text.
import createClient from "openapi-fetch";
import { watch } from "./page.js";
import type { paths } from "./relay.js";

declare const process: { argv: string[] }; // without the types of Node.js

const ends: string[] = [];
for (const baseUrl of JSON.parse(process.argv[2]!)) {
  const client = createClient<paths>({ baseUrl, headers: { authorization: "Bearer TOKEN" } });
  ends.push(await watch(client, "room1@contoso.com").then((made) => made.id, (error) => error.message));
}
console.log(JSON.stringify(ends));
