// Calls functions of the examples in the current folder: standard input has the calls, standard output the ends.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const imported = (file) => import(pathToFileURL(`${process.cwd()}/${file}.mjs`).href);
const { Relay } = await imported("relay");

async function listed(result) {
  if (!result?.[Symbol.asyncIterator]) return result;
  const entries = [];
  for await (const entry of result) entries.push(entry);
  return entries;
}

async function endOf(call) {
  const waits = [];
  const pause = call.hasty ? { pause: (seconds) => void waits.push(seconds) } : {};
  const relay = new Relay(call.url, { ...call.credential, ...pause });
  try {
    const example = (await imported(call.file))[call.function];
    return { result: (await listed(await example(relay, ...call.arguments))) ?? null, waits };
  } catch (error) {
    return { ...error, error: error.name, text: error.message, waits };
  }
}

const ends = [];
for (const call of JSON.parse(readFileSync(0, "utf8"))) ends.push(await endOf(call));
console.log(JSON.stringify(ends));
