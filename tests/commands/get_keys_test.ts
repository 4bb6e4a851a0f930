/** COMMAND GETKEYS and GETKEYSANDFLAGS answer what redis-server 7.0.15 answers. */
import { assertEquals } from "@std/assert";
import { ReplyError } from "../../src/base/reply_error.ts";
import { Reply } from "../../src/codec/resp/reply.ts";
import { Request } from "../../src/codec/resp/request.ts";
import type { CommandFacts } from "../../src/commands/command.ts";
import { writeKeys } from "../../src/commands/docs.ts";
import { CommandIndex } from "../../src/commands/lookup.ts";
import { shardCommands } from "../../src/commands/table.ts";
import { test } from "../harness.ts";
import { type Reply as Parsed, ReplyParser } from "../reply.ts";
import { recordedFacts } from "./recorded.ts";

/** Our table's commands, and of the rest what Redis says of them. */
const known = new Set(shardCommands.map((command) => command.name));
const index = new CommandIndex<CommandFacts>([
  ...shardCommands,
  ...recordedFacts(() => []).filter((command) => !known.has(command.name)),
]);

const answers: [command: string, withFlags: boolean, answer: string][] = [
  ["GET a", false, "a"],
  ["MSET a 1 b 2 c 3", false, "a b c"],
  ["get a b", false, "ERR Invalid number of arguments specified for command"],
  ["nosuch a", false, "ERR Invalid command specified"],
  ["OBJECT nosuch a", false, "ERR Invalid command specified"],
  ["OBJECT ENCODING a", false, "a"],
  ["DBSIZE a", false, "ERR The command has no key arguments"],
  ["ZUNIONSTORE d 2 a b WEIGHTS 1 2", false, "d a b"],
  ["ZUNION 2 a", false, "ERR Invalid arguments specified for command"],
  ["ZUNION x a", false, "ERR Invalid arguments specified for command"],
  ["ZUNION 0 a", false, "ERR Invalid arguments specified for command"],
  ["EVAL script 0", false, ""],
  ["EVAL script 2 a b c", false, "a b"],
  ["XREAD COUNT 2 STREAMS a b 0 0", false, "a b"],
  ["XREAD COUNT 2 STREAM a b 0 0", false, "ERR Invalid arguments specified for command"],
  ["GEORADIUS k 1 2 3 km COUNT 3 STORE d", true, "k:RO,access d:OW,update"],
  ["SORT k BY w_* LIMIT 0 STORE GET # STORE d", true, "k:RO,access d:OW,update"],
  ["SORT k STORE a STORE b", false, "k b"],
  ["SORT_RO k BY w_*", true, "k:RO,access"],
  ["SET a b", true, "a:OW,update"],
  ["SET a b GET", true, "a:RW,access,update"],
  ["BITFIELD a GET u8 0", true, "a:RO,access"],
  ["BITFIELD a GET u8 0 SET u8 0 1", true, "a:RW,access,update"],
  ["RENAME a b", true, "a:RW,access,delete b:OW,update"],
  ["DEL a b", true, "a:RM,delete b:RM,delete"],
  ["BLPOP a b 0", false, "a b"],
];

function ask(command: string, withFlags: boolean): string {
  const request = new Request();
  const encoder = new TextEncoder();
  request.load(["COMMAND", "GETKEYS", ...command.split(" ")].map((arg) => encoder.encode(arg)));
  const reply = new Reply();
  try {
    writeKeys(index, request, reply, withFlags);
  } catch (error) {
    if (error instanceof ReplyError) return error.text;
    throw error;
  }
  const parser = new ReplyParser();
  parser.push(reply.buf.slice(0, reply.pos));
  const items = (parsed: Parsed) => "items" in parsed ? parsed.items : [];
  const text = (parsed: Parsed) => "text" in parsed ? parsed.text : "";
  return items(parser.next()!).map((item) => {
    const [key, flags] = items(item);
    return withFlags ? `${text(key)}:${items(flags).map(text).join(",")}` : text(item);
  }).join(" ");
}

for (const [command, withFlags, answer] of answers) {
  test(`keys of ${command}`, () => assertEquals(ask(command, withFlags), answer));
}
