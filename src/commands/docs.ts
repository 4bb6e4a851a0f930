/**
 * Docs: the replies of COMMAND and its subcommands, written from the table. Any thread; the facts of all commands, also of those
 * that run on the main thread, come in as an index.
 *
 * Source of the replies' forms: Redis documentation, "COMMAND", "COMMAND INFO", "COMMAND DOCS", and redis-server's answers.
 */
import { latin1Text } from "../base/bytes.ts";
import { globMatch } from "../base/glob.ts";
import { ReplyError, SYNTAX_ERROR } from "../base/reply_error.ts";
import type { Reply } from "../codec/resp/reply.ts";
import { aclCategories } from "./acl_categories.ts";
import type { Arguments, CommandFacts, CommandFlag, KeySpec } from "./command.ts";
import { hasMovableKeys, KEY_USES, KeyFinder, legacyRange } from "./key_specs.ts";
import type { CommandIndex } from "./lookup.ts";
import { type Argument, parseSyntax } from "./syntax.ts";

/** The index that docs are written from. */
export type FactsIndex = CommandIndex<CommandFacts>;

const INVALID_COMMAND = new ReplyError("ERR Invalid command specified");
const NO_KEY_ARGUMENTS = new ReplyError("ERR The command has no key arguments");
const WRONG_ARGC = new ReplyError("ERR Invalid number of arguments specified for command");
const INVALID_ARGUMENTS = new ReplyError("ERR Invalid arguments specified for command");

/** Flags in the order in which COMMAND answers them; may_replicate is not among them, as in Redis. */
const FLAG_ORDER: readonly CommandFlag[] = [
  "write",
  "readonly",
  "denyoom",
  "admin",
  "pubsub",
  "noscript",
  "blocking",
  "loading",
  "stale",
  "skip_monitor",
  "skip_slowlog",
  "asking",
  "fast",
  "no_auth",
  "no_mandatory_keys",
  "no_async_loading",
  "no_multi",
  "movablekeys",
  "allow_busy",
];

/** The command that an argument names, "container|subcommand" too. */
export function findByName(index: FactsIndex, request: Arguments, i: number): CommandFacts | undefined {
  const { buf } = request;
  const from = request.at[i];
  const end = from + request.len[i];
  let bar = from;
  while (bar < end && buf[bar] !== 0x7c) bar++;
  const command = index.find(buf, from, bar - from);
  if (bar === end || command === undefined) return command;
  return index.findSub(command, buf, bar + 1, end - bar - 1);
}

/** COMMAND without arguments: every command as COMMAND INFO tells it. */
export function writeCommands(index: FactsIndex, reply: Reply): void {
  reply.array(index.commands.length);
  for (const command of index.commands) writeInfo(index, command, reply);
}

/** COMMAND COUNT. */
export function writeCount(index: FactsIndex, reply: Reply): void {
  reply.int(index.commands.length);
}

/** COMMAND INFO [name ...]. */
export function writeInfos(index: FactsIndex, request: Arguments, reply: Reply): void {
  if (request.argc === 2) {
    writeCommands(index, reply);
    return;
  }
  reply.array(request.argc - 2);
  for (let i = 2; i < request.argc; i++) {
    const command = findByName(index, request, i);
    if (command === undefined) reply.nilArray();
    else writeInfo(index, command, reply);
  }
}

function writeInfo(index: FactsIndex, command: CommandFacts, reply: Reply): void {
  const range = legacyRange(command);
  const movable = hasMovableKeys(command);
  const keys = command.keys ?? [];
  const subcommands = command.subcommands ?? [];
  reply.array(10);
  reply.bulkText(index.fullName(command));
  reply.int(command.arity);
  writeNames(reply, FLAG_ORDER.filter((flag) => command.flags.includes(flag) || (flag === "movablekeys" && movable)));
  reply.int(range.first);
  reply.int(range.last);
  reply.int(range.step);
  writeNames(reply, aclCategories(command).map((category) => `@${category}`));
  const tips = command.tips ?? [];
  reply.set(tips.length);
  for (const tip of tips) reply.bulkText(tip);
  reply.set(keys.length);
  for (const spec of keys) writeKeySpec(reply, spec);
  reply.set(subcommands.length);
  for (const subcommand of subcommands) writeInfo(index, subcommand, reply);
}

function writeNames(reply: Reply, names: readonly string[]): void {
  reply.set(names.length);
  for (const name of names) reply.simple(name);
}

function writeKeySpec(reply: Reply, spec: KeySpec): void {
  const { begin, find } = spec;
  reply.map(spec.notes === undefined ? 3 : 4);
  if (spec.notes !== undefined) {
    reply.bulkText("notes");
    reply.bulkText(spec.notes);
  }
  reply.bulkText("flags");
  writeNames(reply, KEY_USES.filter(([name]) => spec.flags.includes(name)).map(([name]) => name));
  reply.bulkText("begin_search");
  if ("index" in begin) writeSearch(reply, "index", [["index", begin.index]]);
  else if ("keyword" in begin) writeSearch(reply, "keyword", [["keyword", begin.keyword], ["startfrom", begin.from]]);
  else writeSearch(reply, "unknown", []);
  reply.bulkText("find_keys");
  if ("last" in find) {
    writeSearch(reply, "range", [["lastkey", find.last], ["keystep", find.step], ["limit", find.limit]]);
  } else if ("num" in find) {
    writeSearch(reply, "keynum", [["keynumidx", find.num], ["firstkey", find.first], ["keystep", find.step]]);
  } else writeSearch(reply, "unknown", []);
}

function writeSearch(reply: Reply, type: string, spec: readonly (readonly [string, number | string])[]): void {
  reply.map(2);
  reply.bulkText("type");
  reply.bulkText(type);
  reply.bulkText("spec");
  reply.map(spec.length);
  for (const [name, value] of spec) {
    reply.bulkText(name);
    if (typeof value === "number") reply.int(value);
    else reply.bulkText(value);
  }
}

/** COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern]. Throws the syntax error. */
export function writeList(index: FactsIndex, request: Arguments, reply: Reply): void {
  if (request.argc === 2) {
    const all = index.commands.flatMap((command) => [command, ...(command.subcommands ?? [])]);
    reply.set(all.length);
    for (const command of all) reply.bulkText(index.fullName(command));
    return;
  }
  if (request.argc !== 5 || argument(request, 2) !== "filterby") throw SYNTAX_ERROR;
  const kept: string[] = [];
  const filter = filterBy(argument(request, 3), request, 4);
  for (const command of index.commands) {
    for (const each of [command, ...(command.subcommands ?? [])]) {
      const name = index.fullName(each);
      if (filter(each, name)) kept.push(name);
    }
  }
  reply.array(kept.length);
  for (const name of kept) reply.bulkText(name);
}

function filterBy(
  kind: string,
  request: Arguments,
  i: number,
): (command: CommandFacts, name: string) => boolean {
  switch (kind) {
    case "module":
      return () => false;
    case "aclcat": {
      const category = argument(request, i);
      return (command) => aclCategories(command).includes(category);
    }
    case "pattern": {
      const from = request.at[i];
      const to = from + request.len[i];
      const encoder = new TextEncoder();
      return (_command, name) => {
        const bytes = encoder.encode(name);
        return globMatch(request.buf, from, to, bytes, 0, bytes.length, true);
      };
    }
    default:
      throw SYNTAX_ERROR;
  }
}

/** An argument in lower case. */
function argument(request: Arguments, i: number): string {
  return latin1Text(request.buf, request.at[i], request.at[i] + request.len[i]).toLowerCase();
}

/** COMMAND GETKEYS, and GETKEYSANDFLAGS with `withFlags`: the keys of the request that begins at argument 2. */
export function writeKeys(index: FactsIndex, request: Arguments, reply: Reply, withFlags: boolean): void {
  const inner: Arguments = {
    buf: request.buf,
    argc: request.argc - 2,
    at: request.at.subarray(2),
    len: request.len.subarray(2),
  };
  let command = index.find(inner.buf, inner.at[0], inner.len[0]);
  if (command?.subcommands !== undefined && inner.argc > 1) {
    command = index.findSub(command, inner.buf, inner.at[1], inner.len[1]);
  }
  if (command === undefined) throw INVALID_COMMAND;
  if (command.keys === undefined || command.keys.length === 0) throw NO_KEY_ARGUMENTS;
  if (command.arity > 0 ? inner.argc !== command.arity : inner.argc < -command.arity) throw WRONG_ARGC;
  const finder = new KeyFinder();
  const found = finder.find(command, inner);
  if (!found || finder.count === 0) {
    if (!command.flags.includes("no_mandatory_keys")) throw INVALID_ARGUMENTS;
    finder.count = 0;
  }
  reply.array(finder.count);
  for (let k = 0; k < finder.count; k++) {
    const i = finder.index[k];
    if (withFlags) reply.array(2);
    reply.bulk(inner.buf, inner.at[i], inner.len[i]);
    if (withFlags) writeNames(reply, KEY_USES.filter(([, bit]) => (finder.use[k] & bit) !== 0).map(([name]) => name));
  }
}

/** COMMAND DOCS [name ...]: names that there are not are left out. */
export function writeDocs(index: FactsIndex, request: Arguments, reply: Reply): void {
  let commands: readonly CommandFacts[] = index.commands;
  if (request.argc > 2) {
    const named: CommandFacts[] = [];
    for (let i = 2; i < request.argc; i++) {
      const command = findByName(index, request, i);
      if (command !== undefined) named.push(command);
    }
    commands = named;
  }
  reply.map(commands.length);
  for (const command of commands) writeDoc(index, command, reply);
}

/** The doc_flags of a command: "deprecated" follows from the fact. */
export function docFlags(command: CommandFacts): string[] {
  const marks = new Set(command.docFlags);
  if (command.deprecated !== undefined) marks.add("deprecated");
  return [...marks];
}

function writeDoc(index: FactsIndex, command: CommandFacts, reply: Reply): void {
  const { history, deprecated, subcommands } = command;
  const marks = docFlags(command);
  const args = parseSyntax(command.syntax, command.keys?.length ?? 0);
  reply.bulkText(index.fullName(command));
  const place = reply.openArray();
  let pairs = 0;
  const text = (name: string, value: string) => {
    reply.bulkText(name);
    reply.bulkText(value);
    pairs++;
  };
  text("summary", command.summary);
  text("since", command.since);
  text("group", command.group);
  text("complexity", command.complexity);
  if (marks.length > 0) {
    reply.bulkText("doc_flags");
    writeNames(reply, marks);
    pairs++;
  }
  if (deprecated !== undefined) {
    text("deprecated_since", deprecated.since);
    text("replaced_by", deprecated.replacedBy);
  }
  if (history !== undefined && history.length > 0) {
    reply.bulkText("history");
    reply.set(history.length);
    for (const [version, change] of history) {
      reply.array(2);
      reply.bulkText(version);
      reply.bulkText(change);
    }
    pairs++;
  }
  if (args.length > 0) {
    reply.bulkText("arguments");
    writeArguments(reply, args);
    pairs++;
  }
  if (subcommands !== undefined) {
    reply.bulkText("subcommands");
    reply.map(subcommands.length);
    for (const subcommand of subcommands) writeDoc(index, subcommand, reply);
    pairs++;
  }
  reply.closeArray(place, pairs, "%");
}

function writeArguments(reply: Reply, args: readonly Argument[]): void {
  reply.array(args.length);
  for (const arg of args) {
    const flags: string[] = [];
    if (arg.optional) flags.push("optional");
    if (arg.multiple) flags.push("multiple");
    if (arg.multipleToken) flags.push("multiple_token");
    const parts = arg.parts;
    reply.map(
      2 + Number(arg.keySpec !== undefined) + Number(arg.token !== undefined) + Number(flags.length > 0) +
        Number(parts !== undefined),
    );
    reply.bulkText("name");
    reply.bulkText(arg.name);
    reply.bulkText("type");
    reply.bulkText(arg.type);
    if (arg.keySpec !== undefined) {
      reply.bulkText("key_spec_index");
      reply.int(arg.keySpec);
    }
    if (arg.token !== undefined) {
      reply.bulkText("token");
      reply.bulkText(arg.token);
    }
    if (flags.length > 0) {
      reply.bulkText("flags");
      writeNames(reply, flags);
    }
    if (parts !== undefined) {
      reply.bulkText("arguments");
      writeArguments(reply, parts);
    }
  }
}
