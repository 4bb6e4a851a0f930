/**
 * Journals for tests: one that keeps what it is given, and a keyspace of one or several shards in this process whose engines journal
 * into one, under the test's clock. It can be replayed into another.
 *
 *   const world = new World({ shards: 4 });
 *   world.run(["SET", "k", "v", "EX", "10"]);
 *   world.journal.take();                        // [{ request: 1, whole: false, commands: [{ db: 0, args: ["SET", "k", "v", "PXAT", ...] }] }]
 */
import { KeyHash } from "../src/base/hash.ts";
import { latin1Bytes, latin1Text } from "../src/base/bytes.ts";
import { Reply as ReplyBuffer } from "../src/codec/resp/reply.ts";
import { Request } from "../src/codec/resp/request.ts";
import type { ShardCommand, ShardEntry } from "../src/commands/command.ts";
import { commandNumbers, internalCommands, shardCommands } from "../src/commands/table.ts";
import { Arena } from "../src/memory/arena.ts";
import { Digest } from "../src/store/dump/digest.ts";
import { Store } from "../src/store/store.ts";
import { Engine } from "../src/threads/shard/engine.ts";
import { BACKGROUND, type Journal } from "../src/threads/shard/journal.ts";
import { CommandEntry } from "../src/threads/main/command_entry.ts";
import { Routes, SEVERAL } from "../src/threads/main/routes.ts";
import { seededRandom } from "./engine.ts";
import { type Reply, ReplyParser } from "./reply.ts";

/** One command of a record, with the database it belongs to. */
export interface Effect {
  db: number;
  args: string[];
}

/** What one call of `append` told. */
export interface JournalRecord {
  request: number;
  /** As told: the commands without the SELECTs between them. */
  count: number;
  endDb: number;
  commands: Effect[];
}

/** Splits commands in RESP, where SELECT changes the database; gives them with the database behind the last. */
export function parseEffects(bytes: Uint8Array, db: number): { commands: Effect[]; endDb: number } {
  const parser = new ReplyParser();
  parser.push(bytes);
  const commands: Effect[] = [];
  for (let each = parser.next(); each !== undefined; each = parser.next()) {
    if (each.type !== "array") throw new Error(`no command in a journal: ${each.type}`);
    const args = each.items.map((item) => {
      if (item.type !== "bulk") throw new Error(`no argument in a journal: ${item.type}`);
      return item.text;
    });
    if (args[0] === "SELECT") db = Number(args[1]);
    else commands.push({ db, args });
  }
  if (parser.rest() !== "") throw new Error(`half a command in a journal: ${JSON.stringify(parser.rest())}`);
  return { commands, endDb: db };
}

/** Keeps what it is given. */
export class MemoryJournal implements Journal {
  private records: JournalRecord[] = [];
  /** The request whose parts run; 0 for none. */
  running = 0;

  append(
    request: number,
    db: number,
    endDb: number,
    count: number,
    buf: Uint8Array,
    from: number,
    to: number,
  ): void {
    const parsed = parseEffects(buf.slice(from, to), db);
    if (parsed.endDb !== endDb) throw new Error(`a record ends in database ${parsed.endDb}, not ${endDb}`);
    if (parsed.commands.length !== count) {
      throw new Error(`a record has ${parsed.commands.length} commands, not ${count}`);
    }
    const record = { request, count, endDb, commands: parsed.commands };
    // What a shard does before its part of a request follows the request before, as journal_merge.ts has it, whatever other shards have done.
    let at = this.records.length;
    if (request === BACKGROUND && this.running !== 0) {
      while (at > 0 && this.records[at - 1].request === this.running) at--;
    }
    this.records.splice(at, 0, record);
  }

  /** The records since the last call. */
  take(): JournalRecord[] {
    const { records } = this;
    this.records = [];
    return records;
  }
}

const START_MS = 1_700_000_000_000;
const ARENA_BYTES = 64 * 1024 * 1024;

const entries = new Map<string, CommandEntry>(
  shardCommands.map((entry: ShardEntry) => [entry.name, new CommandEntry(entry, undefined, commandNumbers)]),
);
const exec = new CommandEntry(internalCommands.find(({ name }) => name === "exec")!, undefined, commandNumbers);

export interface WorldOptions {
  shards?: number;
  nowMs?: number;
  /** False for one that only replays. */
  journaled?: boolean;
}

/** A keyspace and its engines; see the head of this file. */
export class World {
  readonly journal = new MemoryJournal();
  readonly stores: readonly Store[];
  readonly engines: readonly Engine[];
  db = 0;
  nowMs: number;

  /** By engine: its own objects over all stores. */
  private readonly views: (readonly Store[])[] = [];
  private readonly routes: Routes;
  private readonly request = new Request();
  private requests = 0;

  constructor(options: WorldOptions = {}) {
    const shards = options.shards ?? 1;
    const random = seededRandom(shards);
    // Another order of everything that lies in tables than in the next world.
    const hash = new KeyHash(0x01234567 + (options.nowMs ?? 0), 0x76543210);
    this.stores = Array.from({ length: shards }, () => new Store(Arena.create(ARENA_BYTES), hash, random));
    this.engines = this.stores.map((store, shard) => {
      const reply = new ReplyBuffer();
      // As between threads: each engine has its own objects over all arenas.
      const all = this.stores.map((each) => each === store ? store : new Store(each.arena, hash, random));
      this.views.push(all);
      const engine = new Engine(store, reply, all);
      engine.call.shard = shard;
      engine.call.shardCount = shards;
      if (options.journaled !== false) engine.journal = this.journal;
      return engine;
    });
    this.routes = new Routes(shards);
    this.nowMs = options.nowMs ?? START_MS;
    this.advance(0);
  }

  advance(ms: number): void {
    this.nowMs += ms;
    for (const store of this.views.flat()) store.setNow(this.nowMs);
  }

  /** While it stands still keys and fields neither expire nor are evicted: for replaying, and for looking at what there is. */
  set still(on: boolean) {
    for (const store of this.views.flat()) store.expiryEnabled = !on;
    for (const { eviction, settings } of this.engines) eviction.limitBytes = on ? 0 : settings.maxMemory;
  }

  /** A turn of background work in every shard. */
  step(): void {
    for (const engine of this.engines) {
      let clock = 0;
      engine.step(1, () => clock += 0.01);
    }
  }

  /** Runs a request as main would: on its shard, in parts, or with all shards held. Gives the reply of the first that ran. */
  run(args: readonly string[]): Reply {
    const entry = find(args);
    const command = entry?.shard;
    if (command === undefined) throw new Error(`no shard command ${args.join(" ")}`);
    this.requests++;
    this.journal.running = this.requests;
    const reply = this.runRouted(entry!, command, args);
    this.journal.running = 0;
    return reply;
  }

  private runRouted(entry: CommandEntry, command: ShardCommand, args: readonly string[]): Reply {
    this.request.load(args.map(latin1Bytes));
    const { routing = "keys", reachesAll } = command;
    if (routing === "all") {
      return this.engines.map((engine) => this.runOn(engine, command, this.request))[0];
    }
    const held = reachesAll?.(this.request) === true;
    const shard = held ? SEVERAL : this.routes.locate(entry, this.request);
    if (shard !== SEVERAL) return this.runOn(this.engines[shard], command, this.request);
    if (routing === "split" && !held) return this.split(args, command);
    return this.runHeld(command, this.request);
  }

  /** The names of the keys in the world's database, in order. */
  keys(): string[] {
    const command = find(["KEYS", "*"])!.shard!;
    const names: string[] = [];
    for (const engine of this.engines) {
      this.request.load(["KEYS", "*"].map(latin1Bytes));
      const reply = this.runOn(engine, command, this.request);
      if ("items" in reply) { for (const item of reply.items) names.push("text" in item ? item.text : ""); }
    }
    return names.sort();
  }

  /** Runs commands as one transaction, over whatever shards. */
  transaction(commands: readonly (readonly string[])[]): Reply {
    this.requests++;
    const steps = commands.flatMap((args) => [
      "run",
      String(find(args)!.shardNumber),
      String(this.db),
      String(args.length),
      ...args,
    ]);
    this.request.load(["exec", "all", "1", "0", "0", ...steps].map(latin1Bytes));
    return this.runHeld(exec.shard!, this.request);
  }

  private split(args: readonly string[], command: ShardCommand): Reply {
    const { routes } = this;
    const [keyAt, owner] = [routes.keyAt.slice(0, routes.count), routes.owner.slice(0, routes.count)];
    const step = keyAt.length > 1 ? keyAt[1] - keyAt[0] : 1;
    if (keyAt[keyAt.length - 1] + step > args.length) return this.runOn(this.engines[owner[0]], command, this.request);
    let first: Reply | undefined;
    for (let shard = 0; shard < this.engines.length; shard++) {
      const part = [args[0]];
      keyAt.forEach((at, k) => owner[k] === shard && part.push(...args.slice(at, at + step)));
      if (part.length === 1) continue;
      this.request.load(part.map(latin1Bytes));
      const reply = this.runOn(this.engines[shard], command, this.request);
      first ??= reply;
    }
    return first!;
  }

  private runHeld(command: ShardCommand, request: Request): Reply {
    const runner = this.requests % this.engines.length;
    const engine = this.engines[runner];
    const { call } = engine;
    if (this.engines.length > 1) call.stores = this.views[runner];
    for (const store of this.views[runner]) store.table.slot = 0;
    const reply = this.runOn(engine, command, request);
    call.stores = null;
    for (const { store } of this.engines) store.table.slot = 0;
    return reply;
  }

  private runOn(engine: Engine, command: ShardCommand, request: Request): Reply {
    const { reply } = engine;
    reply.clear();
    engine.request = this.requests;
    // Nobody would serve who waits.
    engine.call.mayBlock = false;
    engine.call.load(request, this.db);
    engine.run(command);
    const parser = new ReplyParser();
    parser.push(reply.buf.slice(0, reply.pos));
    const parsed = parser.next();
    if (parsed === undefined || parser.rest() !== "") {
      throw new Error(`not exactly one reply: ${latin1Text(reply.buf, 0, reply.pos)}`);
    }
    return parsed;
  }

  /** Runs what a journal recorded; throws when a command of it fails. */
  replay(records: readonly JournalRecord[]): void {
    this.still = true;
    for (const { commands } of records) {
      for (const { db, args } of commands) {
        this.db = db;
        const reply = this.run(args);
        if (reply.type === "error") throw new Error(`replayed ${JSON.stringify(args)}: ${reply.text}`);
      }
    }
    this.db = 0;
  }

  /** A fingerprint of everything that is stored, expired or not. */
  digest(): string {
    return [...new Digest().ofKeyspace(this.stores)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

/** The entry of a request's command; undefined when there is none or the number of arguments is wrong. */
export function find(args: readonly string[]): CommandEntry | undefined {
  let entry = entries.get(args[0].toLowerCase());
  if (entry?.subcommands !== undefined) {
    entry = entry.subcommands.find((each) => each.name === args[1]?.toLowerCase());
  }
  if (entry === undefined) return undefined;
  const { arity } = entry;
  return (arity > 0 ? args.length === arity : args.length >= -arity) ? entry : undefined;
}
