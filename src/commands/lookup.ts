/**
 * CommandIndex: from a name's bytes, in letters of either case, to its command, without making a string. Any thread.
 *
 * Invariants:
 * 1. What the index holds never changes after it was built, so that it may be read on every request.
 * 2. Names differ in their lower-case forms; a container's subcommands differ among themselves.
 */
import { assert } from "../base/assert.ts";

/** What an index needs to know of a command. */
export interface Named<C> {
  /** Lower case. */
  readonly name: string;
  /** Of a container. */
  readonly subcommands?: readonly C[];
}

export class CommandIndex<C extends Named<C>> {
  private readonly names: NameTable<C>;
  private readonly subNames = new Map<C, NameTable<C>>();
  private readonly parents = new Map<C, C>();

  /** Of top-level commands. `renamed` gives other names to some (rename-command): lower case, empty to leave one out. */
  constructor(readonly commands: readonly C[], renamed?: ReadonlyMap<string, string>) {
    const named: [string, C][] = [];
    for (const command of commands) {
      const name = renamed?.get(command.name) ?? command.name;
      if (name !== "") named.push([name, command]);
      if (command.subcommands === undefined) continue;
      this.subNames.set(command, new NameTable(command.subcommands.map((sub) => [sub.name, sub])));
      for (const sub of command.subcommands) this.parents.set(sub, command);
    }
    this.names = new NameTable(named);
  }

  /** The top-level command that buf[at, at+len) names. */
  find(buf: Uint8Array, at: number, len: number): C | undefined {
    return this.names.find(buf, at, len);
  }

  /** The subcommand of a container that buf[at, at+len) names. */
  findSub(container: C, buf: Uint8Array, at: number, len: number): C | undefined {
    return this.subNames.get(container)?.find(buf, at, len);
  }

  /** The container of a subcommand. */
  containerOf(command: C): C | undefined {
    return this.parents.get(command);
  }

  /** The name that errors, ACL rules and COMMAND give a command: "get", "client|kill". */
  fullName(command: C): string {
    const container = this.parents.get(command);
    return container === undefined ? command.name : `${container.name}|${command.name}`;
  }
}

/** An open-addressed hash table of lower-case names. */
class NameTable<C> {
  private readonly bytes: Uint8Array;
  // By slot: where the name lies in `bytes`, its length (0: empty slot), and whose it is.
  private readonly starts: Int32Array;
  private readonly lengths: Int32Array;
  private readonly values: (C | undefined)[];
  private readonly mask: number;
  /** The slot that was found last: pipelines often repeat a command. */
  private last = 0;

  constructor(named: readonly (readonly [string, C])[]) {
    let slots = 4;
    while (slots < named.length * 4) slots *= 2; // at a quarter full, one look is enough for nearly every name
    this.mask = slots - 1;
    this.starts = new Int32Array(slots);
    this.lengths = new Int32Array(slots);
    this.values = new Array(slots).fill(undefined);
    const text = named.map(([name]) => name).join("");
    this.bytes = new TextEncoder().encode(text);
    assert(this.bytes.length === text.length, "command names are ASCII");
    let start = 0;
    for (const [name, value] of named) {
      assert(name !== "" && name === name.toLowerCase(), "a command's name is lower case");
      assert(this.find(this.bytes, start, name.length) === undefined, `two commands named ${name}`);
      let slot = hash(this.bytes, start, name.length) & this.mask;
      while (this.lengths[slot] !== 0) slot = (slot + 1) & this.mask;
      this.starts[slot] = start;
      this.lengths[slot] = name.length;
      this.values[slot] = value;
      start += name.length;
    }
  }

  find(buf: Uint8Array, at: number, len: number): C | undefined {
    const lengths = this.lengths;
    const last = this.last;
    if (len > 0 && lengths[last] === len && this.matches(this.starts[last], buf, at, len)) return this.values[last];
    let slot = hash(buf, at, len) & this.mask;
    for (;;) {
      const length = lengths[slot];
      if (length === 0) return undefined;
      if (length === len && this.matches(this.starts[slot], buf, at, len)) {
        this.last = slot;
        return this.values[slot];
      }
      slot = (slot + 1) & this.mask;
    }
  }

  private matches(start: number, buf: Uint8Array, at: number, len: number): boolean {
    const bytes = this.bytes;
    for (let i = 0; i < len; i++) {
      let c = buf[at + i];
      if (c >= 65 && c <= 90) c |= 32;
      if (c !== bytes[start + i]) return false;
    }
    return true;
  }
}

/** Bytes that a hash looks at: names are shorter, and what a client sends may be megabytes. */
const HASHED = 32;

/** The same for letters of either case. */
function hash(buf: Uint8Array, at: number, len: number): number {
  let h = len;
  const n = len < HASHED ? len : HASHED;
  for (let i = 0; i < n; i++) h = (Math.imul(h, 31) + (buf[at + i] | 32)) | 0;
  return h ^ (h >>> 15);
}
