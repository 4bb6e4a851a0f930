/** CommandIndex finds commands by their names' bytes in letters of either case, and nothing else. */
import { assertEquals } from "@std/assert";
import { CommandIndex, type Named } from "../../src/commands/lookup.ts";
import { shardCommands } from "../../src/commands/table.ts";
import { test } from "../harness.ts";

interface Entry extends Named<Entry> {
  readonly subcommands?: readonly Entry[];
}

const usage: Entry = { name: "usage" };
const memory: Entry = { name: "memory", subcommands: [usage] };
const get: Entry = { name: "get" };
const entries: Entry[] = [get, { name: "getset" }, { name: "set" }, memory, { name: "georadius_ro" }];
const bytes = (text: string) => new TextEncoder().encode(text);

test("a command is found in letters of either case", () => {
  const index = new CommandIndex<Entry>(entries);
  for (const entry of entries) {
    for (const name of [entry.name, entry.name.toUpperCase(), entry.name[0].toUpperCase() + entry.name.slice(1)]) {
      const buf = bytes(`xx${name}yy`);
      assertEquals(index.find(buf, 2, name.length), entry);
    }
  }
});

test("other names are not found", () => {
  const index = new CommandIndex<Entry>(entries);
  for (const name of ["", "ge", "gett", "g\x05t", "GEORADIUS\x7fRO", "usage", "x".repeat(100_000)]) {
    assertEquals(index.find(bytes(name), 0, name.length), undefined);
  }
});

test("a container's subcommands are found under it", () => {
  const index = new CommandIndex<Entry>(entries);
  assertEquals(index.findSub(memory, bytes("USAGE"), 0, 5), usage);
  assertEquals(index.findSub(memory, bytes("get"), 0, 3), undefined);
  assertEquals(index.findSub(get, bytes("usage"), 0, 5), undefined);
  assertEquals(index.fullName(usage), "memory|usage");
  assertEquals(index.fullName(get), "get");
  assertEquals(index.containerOf(usage), memory);
});

test("renamed commands answer to their new names only", () => {
  const index = new CommandIndex<Entry>(entries, new Map([["get", "fetch"], ["set", ""]]));
  assertEquals(index.find(bytes("FETCH"), 0, 5), get);
  assertEquals(index.find(bytes("get"), 0, 3), undefined);
  assertEquals(index.find(bytes("set"), 0, 3), undefined);
});

test("the whole table is indexed", () => {
  const index = new CommandIndex(shardCommands);
  for (const entry of shardCommands) assertEquals(index.find(bytes(entry.name), 0, entry.name.length), entry);
});
