/**
 * An engine to test commands with, in this process and without a server: arguments in, parsed reply out, time under the
 * test's control.
 *
 *   const t = engineTester();
 *   t.run("SET", "k", "v");            // { type: "simple", text: "OK" }
 *   t.show('LPUSH list a b "c d"');    // "(integer) 3", as redis-cli prints it
 *   t.advance(1000);                   // a second later
 *   t.takeEvents();                    // ["set k", "lpush list"]
 */
import { Buffer } from "node:buffer";
import { KeyHash } from "../src/base/hash.ts";
import { latin1Text } from "../src/base/bytes.ts";
import { Reply as ReplyBuffer } from "../src/codec/resp/reply.ts";
import { Request } from "../src/codec/resp/request.ts";
import { wrongArity } from "../src/base/reply_error.ts";
import type { ShardCommand, ShardEntry } from "../src/commands/command.ts";
import { shardCommands } from "../src/commands/table.ts";
import { Arena } from "../src/memory/arena.ts";
import { Store } from "../src/store/store.ts";
import { Engine } from "../src/threads/shard/engine.ts";
import type { Argument } from "./client.ts";
import { format, type Reply, ReplyParser, splitLine } from "./reply.ts";

/** Any fixed moment will do. */
const START_MS = 1_700_000_000_000;
const ARENA_BYTES = 256 * 1024 * 1024;

const byName = new Map<string, ShardEntry>(shardCommands.map((entry) => [entry.name, entry]));

function commandFor(name: string, next: string): ShardCommand {
  const entry = byName.get(name);
  const command = entry?.subcommands === undefined ? entry : entry.subcommands.find((sub) => sub.name === next);
  if (command === undefined) throw new Error(`no command ${name} ${next}`);
  return command;
}

/** A small repeatable generator of [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface EngineTesterOptions {
  /** Stores that share the slots; the engine is that of the first, the others are held for every command. 1 unless told. */
  stores?: number;
  /** Address space of each store's arena. */
  arenaBytes?: number;
  seed?: number;
  resp3?: boolean;
}

/** One engine and its surroundings; see the head of this file. */
export class EngineTester {
  readonly stores: readonly Store[];
  readonly store: Store;
  readonly engine: Engine;
  /** Number of the database that commands run in. */
  db = 0;
  /** Keyspace events since `takeEvents`, each "event key". */
  private events: string[] = [];
  /** Calls of `changed` since `takeChanged`: the keys. */
  private changed: string[] = [];
  private nowMs = START_MS;
  private readonly request = new Request();
  private readonly reply = new ReplyBuffer();
  private readonly parser = new ReplyParser();

  constructor(options: EngineTesterOptions) {
    const random = seededRandom(options.seed ?? 1);
    const hash = new KeyHash(0x01234567, 0x76543210);
    this.stores = Array.from(
      { length: options.stores ?? 1 },
      () => new Store(Arena.create(options.arenaBytes ?? ARENA_BYTES), hash, random),
    );
    this.store = this.stores[0];
    this.engine = new Engine(this.store, this.reply);
    this.reply.resp3 = options.resp3 ?? false;
    if (this.stores.length > 1) this.engine.call.stores = this.stores;
    this.engine.call.notifyMask = -1;
    this.engine.call.notifier = {
      changed: (_db, buf, from, len) => {
        this.changed.push(latin1Text(buf, from, from + len));
      },
      event: (_cls, event, _db, buf, from, len) => {
        this.events.push(`${event} ${latin1Text(buf, from, from + len)}`);
      },
    };
    for (const store of this.stores) store.setNow(this.nowMs);
  }

  /** Which protocol the replies come in. */
  set resp3(on: boolean) {
    this.reply.resp3 = on;
  }

  /** Runs one command: its name, of a subcommand the container's before it, then its arguments. */
  run(...args: Argument[]): Reply {
    this.parser.push(this.raw(...args));
    const reply = this.parser.next();
    if (reply === undefined || this.parser.rest() !== "") {
      throw new Error(
        `${args.join(" ")}: not exactly one reply: ${JSON.stringify(latin1Text(this.reply.buf, 0, this.reply.pos))}`,
      );
    }
    return reply;
  }

  /** The bytes of the reply; good until the next command. */
  raw(...args: Argument[]): Uint8Array {
    const bytes = args.map((a) => a instanceof Uint8Array ? a : Buffer.from(String(a), "latin1"));
    const name = latin1Text(bytes[0]).toLowerCase();
    const command = commandFor(name, bytes.length > 1 ? latin1Text(bytes[1]).toLowerCase() : "");
    this.reply.clear();
    if (command.arity > 0 ? args.length !== command.arity : args.length < -command.arity) {
      this.reply.error(wrongArity(name));
    } else {
      this.request.load(bytes);
      this.engine.call.load(this.request, this.db);
      this.engine.call.mayBlock = false; // nobody here could wake it
      this.engine.run(command);
    }
    return this.reply.buf.slice(0, this.reply.pos);
  }

  /** Runs a line as typed at redis-cli; gives what that would print. */
  show(line: string): string {
    return format(this.run(...splitLine(line)));
  }

  /** Lets time pass. */
  advance(ms: number): void {
    this.nowMs += ms;
    for (const store of this.stores) store.setNow(this.nowMs);
  }

  /** Time of the commands, ms since 1970. */
  get now(): number {
    return this.nowMs;
  }

  /** Keyspace events since the last call, each "event key". */
  takeEvents(): string[] {
    const events = this.events;
    this.events = [];
    return events;
  }

  /** Keys told as changed since the last call. */
  takeChanged(): string[] {
    const changed = this.changed;
    this.changed = [];
    return changed;
  }
}

/** An engine with empty stores. */
export function engineTester(options: EngineTesterOptions = {}): EngineTester {
  return new EngineTester(options);
}
