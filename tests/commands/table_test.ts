/** The command table says of every command what Redis 7.0.15 says, but for the differences listed here. */
import { assertEquals } from "@std/assert";
import { aclCategories } from "../../src/commands/acl_categories.ts";
import type { CommandFacts } from "../../src/commands/command.ts";
import { docFlags, writeCommands } from "../../src/commands/docs.ts";
import { fixedRange, hasMovableKeys, legacyRange } from "../../src/commands/key_specs.ts";
import { CommandIndex } from "../../src/commands/lookup.ts";
import { type Argument, parseSyntax } from "../../src/commands/syntax.ts";
import { shardCommands } from "../../src/commands/table.ts";
import { Reply } from "../../src/codec/resp/reply.ts";
import { indexFacts } from "../../src/threads/main/command_entry.ts";
import { mainCommands } from "../../src/threads/main/commands/mod.ts";
import { test } from "../harness.ts";
import { type Reply as Parsed, ReplyParser } from "../reply.ts";
import { printKeySpec, type RecordedCommand, recordedCommands, recordedFacts } from "./recorded.ts";

/** Fields of RecordedCommand in which a command differs on purpose, with the reason. */
const DIFFERENCES: Record<string, Partial<Record<keyof RecordedCommand, string>>> = {
  set: { arguments: "has the conditions of Redis 8" },
  bitop: { arguments: "names the operations" },
  hscan: { arguments: "has NOVALUES, since 7.4" },
  wait: { flags: "blocking since 7.2", categories: "blocking since 7.2" },
  zrank: { arity: "has WITHSCORE, since 7.2", arguments: "has WITHSCORE, since 7.2" },
  zrevrank: { arity: "has WITHSCORE, since 7.2", arguments: "has WITHSCORE, since 7.2" },
  setnx: { deprecated: "marked so since 7.2", docFlags: "marked so since 7.2" },
  setex: { deprecated: "marked so since 7.2", docFlags: "marked so since 7.2" },
  "client|kill": { arguments: "has MAXAGE of Redis 7.4" },
  "command|getkeys": { arity: "-3 since 7.2", arguments: "told since 7.2" },
  "command|getkeysandflags": { arity: "-3 since 7.2", arguments: "told since 7.2" },
  quit: { deprecated: "marked so since 7.2", docFlags: "marked so since 7.2" },
  xadd: { arguments: "has KEEPREF, DELREF and ACKED, since 8.2" },
  xtrim: { arguments: "has KEEPREF, DELREF and ACKED, since 8.2" },
  psetex: { deprecated: "marked so since 7.2", docFlags: "marked so since 7.2" },
  ...Object.fromEntries(
    ["blpop", "brpop", "blmove", "brpoplpush", "bzpopmin", "bzpopmax"].map((name) => [name, {
      flags: "runs in scripts since 7.2",
    }]),
  ),
};

const recorded = new Map(recordedCommands.map((command) => [command.name, command]));
const index = indexFacts([...shardCommands, ...mainCommands]);
const all = index.commands.flatMap((entry): CommandFacts[] => [entry, ...(entry.subcommands ?? [])]);

/** The tokens and types of an argument tree, as recorded. */
function flatten(args: readonly Argument[]): string {
  return args.map((arg) => {
    const token = arg.token === undefined ? [] : [arg.token];
    if (arg.type === "pure-token") return arg.token;
    if (arg.parts !== undefined) return [...token, flatten(arg.parts)].join(" ");
    return [...token, arg.keySpec === undefined ? arg.type : `${arg.type}@${arg.keySpec}`].join(" ");
  }).join(" ");
}

const sorted = (words: string) => words.split(" ").filter((word) => word !== "").sort().join(" ");

for (const command of all) {
  const name = index.fullName(command);
  const expected = recorded.get(name);
  if (expected === undefined) continue;
  test(`${name} has Redis's facts`, () => {
    const { first, last, step } = legacyRange(command);
    const movable = hasMovableKeys(command) ? ["movablekeys"] : [];
    const actual: RecordedCommand = {
      name,
      arity: command.arity,
      flags: [...new Set<string>([...command.flags, ...movable])].filter((flag) => flag !== "may_replicate").join(" "),
      range: [first, last, step],
      categories: aclCategories(command).map((category) => `@${category}`).join(" "),
      tips: [...(command.tips ?? [])],
      keys: (command.keys ?? []).map(printKeySpec),
      group: command.group,
      since: command.since,
      docFlags: docFlags(command).join(" "),
      deprecated: command.deprecated?.since ?? "",
      arguments: flatten(parseSyntax(command.syntax, command.keys?.length ?? 0)),
    };
    const wanted: RecordedCommand = { tips: [], keys: [], docFlags: "", deprecated: "", arguments: "", ...expected };
    wanted.keys = [...wanted.keys!];
    for (const facts of [actual, wanted]) {
      facts.flags = sorted(facts.flags);
      facts.keys?.sort();
      for (const field of Object.keys(DIFFERENCES[name] ?? {}) as (keyof RecordedCommand)[]) delete facts[field];
    }
    assertEquals(actual, wanted);
  });
}

test("from Redis's own facts COMMAND is Redis's own reply", () => {
  // Categories are derived: only those that neither flags nor group imply are handed in.
  const plain = new CommandIndex<CommandFacts>(recordedFacts(() => []));
  const withExtra = new CommandIndex<CommandFacts>(recordedFacts((c) => {
    const name = c.name.split("|");
    let command = plain.commands.find((each) => each.name === name[0]);
    if (name.length > 1) command = command?.subcommands?.find((each) => each.name === name[1]);
    const derived = aclCategories(command!);
    const wanted = c.categories.split(" ").map((category) => category.slice(1));
    return [
      ...wanted.filter((category) => !derived.includes(category)),
      ...derived.filter((category) => !wanted.includes(category)).map((category) => `-${category}`),
    ];
  }));
  const reply = new Reply();
  writeCommands(withExtra, reply);
  const parser = new ReplyParser();
  parser.push(reply.buf.slice(0, reply.pos));
  let seen = 0;
  const check = (info: Parsed) => {
    const items = list(info);
    const name = text(items[0]);
    const expected = recorded.get(name)!;
    assertEquals(Number(text(items[1])), expected.arity, name);
    assertEquals(list(items[2]).map(text).join(" "), expected.flags, name);
    assertEquals(items.slice(3, 6).map((item) => Number(text(item))), expected.range, name);
    assertEquals(list(items[6]).map(text).join(" "), expected.categories, name);
    assertEquals(list(items[7]).map(text), expected.tips ?? [], name);
    seen++;
    for (const subcommand of list(items[9])) check(subcommand);
  };
  for (const info of list(parser.next()!)) check(info);
  assertEquals(seen, recordedCommands.length);
});

test("groups imply the categories of nearly all commands", () => {
  const exceptions = recordedFacts(() => []).filter((command) =>
    aclCategories(command).map((category) => `@${category}`).join(" ") !== recorded.get(command.name)!.categories
  );
  assertEquals(exceptions.map((command) => command.name).sort(), [
    "asking",
    "command",
    "dbsize",
    "flushall",
    "flushdb",
    "info",
    "keys",
    "lastsave",
    "migrate",
    "readonly",
    "readwrite",
    "restore",
    "restore-asking",
    "role",
    "sort",
    "sort_ro",
    "swapdb",
    "wait",
  ]);
});

test("a fixed range is given only where it holds all keys", () => {
  const facts = new Map(recordedFacts(() => []).map((command) => [command.name, command]));
  const range = (name: string) => fixedRange(facts.get(name)!);
  assertEquals(range("get"), { first: 1, last: 1, step: 1 });
  assertEquals(range("mset"), { first: 1, last: -1, step: 2 });
  assertEquals(range("lmove"), { first: 1, last: 2, step: 1 });
  assertEquals(range("bitop"), { first: 2, last: -1, step: 1 });
  assertEquals(range("ping"), { first: 0, last: 0, step: 0 });
  for (const name of ["sort", "xread", "zunion", "zunionstore", "georadius", "migrate", "eval"]) {
    assertEquals(range(name), undefined, name);
  }
});

function list(reply: Parsed): Parsed[] {
  return "items" in reply ? reply.items : [];
}

function text(reply: Parsed): string {
  return "text" in reply ? reply.text : "";
}
