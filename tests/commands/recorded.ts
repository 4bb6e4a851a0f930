/**
 * What a Redis 7.0.15 server answered to COMMAND and COMMAND DOCS: one command a line in redis-7.0.15.ndjson, its argument tree
 * flattened to the tokens and types in their order.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BeginSearch, CommandFacts, CommandFlag, FindKeys, Group, KeySpec } from "../../src/commands/command.ts";
import { root } from "../harness.ts";

export interface RecordedCommand {
  /** "get", "client|kill". */
  name: string;
  arity: number;
  flags: string;
  range: [number, number, number];
  /** With "@". */
  categories: string;
  tips?: string[];
  /** "flags / begin search / find keys", each with its numbers. */
  keys?: string[];
  group: string;
  since: string;
  docFlags?: string;
  deprecated?: string;
  arguments?: string;
}

export const recordedCommands: readonly RecordedCommand[] = readFileSync(
  join(root, "tests/commands/redis-7.0.15.ndjson"),
  "utf8",
).trim().split("\n").map((line) => JSON.parse(line));

/** Recorded commands as table entries, subcommands in their containers; `categories` are those given. */
export function recordedFacts(categories: (command: RecordedCommand) => readonly string[]): CommandFacts[] {
  const subcommands = (container: string): CommandFacts[] =>
    recordedCommands.filter((c) => c.name.startsWith(`${container}|`)).map((c) => facts(c, categories(c), []));
  return recordedCommands.filter((c) => !c.name.includes("|")).map((c) => facts(c, categories(c), subcommands(c.name)));
}

function facts(c: RecordedCommand, categories: readonly string[], subcommands: CommandFacts[]): CommandFacts {
  return {
    name: c.name.slice(c.name.indexOf("|") + 1),
    arity: c.arity,
    flags: c.flags.split(" ").filter((flag) => flag !== "" && flag !== "movablekeys") as CommandFlag[],
    categories,
    keys: c.keys?.map(keySpec),
    group: c.group as Group,
    since: c.since,
    summary: "",
    complexity: "",
    syntax: "",
    tips: c.tips,
    ...(subcommands.length > 0 ? { subcommands } : {}),
  };
}

function keySpec(text: string): KeySpec {
  const [flags, begin, find] = text.split(" / ").map((part) => part.trim());
  return { flags: flags.split(","), begin: beginSearch(begin.split(" ")), find: findKeys(find.split(" ")) };
}

function beginSearch([type, a, b]: string[]): BeginSearch {
  if (type === "index") return { index: Number(a) };
  return type === "keyword" ? { keyword: a, from: Number(b) } : { unknown: true };
}

function findKeys([type, a, b, c]: string[]): FindKeys {
  if (type === "range") return { last: Number(a), step: Number(b), limit: Number(c) };
  return type === "keynum" ? { num: Number(a), first: Number(b), step: Number(c) } : { unknown: true };
}

/** A key spec as the recording prints it. */
export function printKeySpec({ flags, begin, find }: KeySpec): string {
  const b = "index" in begin
    ? `index ${begin.index}`
    : "keyword" in begin
    ? `keyword ${begin.keyword} ${begin.from}`
    : "unknown";
  const f = "last" in find
    ? `range ${find.last} ${find.step} ${find.limit}`
    : "num" in find
    ? `keynum ${find.num} ${find.first} ${find.step}`
    : "unknown";
  return `${flags.join(",")} / ${b} / ${f}`;
}
