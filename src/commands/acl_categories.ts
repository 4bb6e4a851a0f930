/**
 * ACL categories of commands: what flags and group imply, and what the table adds. Any thread.
 *
 * Source: Redis documentation, "ACL: Command categories"; for every command equal to what COMMAND INFO of Redis answers.
 */
import type { CommandFacts, Group } from "./command.ts";

/** All categories, in the order in which ACL CAT and COMMAND answer them; the place is the category's bit in a set. */
export const CATEGORIES: readonly string[] = [
  "keyspace",
  "read",
  "write",
  "set",
  "sortedset",
  "list",
  "hash",
  "string",
  "bitmap",
  "hyperloglog",
  "geo",
  "stream",
  "pubsub",
  "admin",
  "fast",
  "slow",
  "blocking",
  "dangerous",
  "connection",
  "transaction",
  "scripting",
];

const OF_GROUP: Partial<Record<Group, string>> = {
  bitmap: "bitmap",
  connection: "connection",
  generic: "keyspace",
  geo: "geo",
  hash: "hash",
  hyperloglog: "hyperloglog",
  list: "list",
  scripting: "scripting",
  set: "set",
  "sorted-set": "sortedset",
  stream: "stream",
  string: "string",
  transactions: "transaction",
};

/** The categories of a command, without "@", in the order of CATEGORIES. A container has none by its group. */
export function aclCategories(command: CommandFacts): string[] {
  const flags = command.flags;
  const found = new Set<string>();
  const ofGroup = OF_GROUP[command.group];
  if (ofGroup !== undefined && command.subcommands === undefined) found.add(ofGroup);
  if (flags.includes("write")) found.add("write");
  // Scripts that only read are not @read: what they run is checked by itself.
  if (flags.includes("readonly") && command.group !== "scripting") found.add("read");
  if (flags.includes("admin")) found.add("admin").add("dangerous");
  if (flags.includes("pubsub")) found.add("pubsub");
  if (flags.includes("blocking")) found.add("blocking");
  found.add(flags.includes("fast") ? "fast" : "slow");
  for (const category of command.categories ?? []) {
    if (category.startsWith("-")) found.delete(category.slice(1));
    else found.add(category);
  }
  return CATEGORIES.filter((category) => found.has(category));
}
