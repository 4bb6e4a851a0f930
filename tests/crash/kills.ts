/**
 * Servers that are killed again and again: each round starts one on what the last left, looks whether that can be true (history.ts), lets
 * clients write (workload.ts), and kills it: at some moment, at a named operation of its disk (test_disk.ts), or while it starts.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { Client } from "../client.ts";
import { Random } from "../fuzz/random.ts";
import { delay, root, type ServerProcess, startRingshard, tempDir } from "../harness.ts";
import { History, judge, type State } from "./history.ts";
import { ATTIC, type Point, STOP, type Stop, STOPPED } from "./test_disk.ts";
import { look, type Round, work } from "./workload.ts";

/** "append": an append-only file; "switch": one that is switched off and on again under way; "save": RDB files. */
export type Mode = "append" | "switch" | "save";

export interface Options {
  readonly seed: number;
  readonly kills: number;
  /** Numbers of shards to start with, in turn. */
  readonly shards: readonly number[];
  readonly modes: readonly Mode[];
  /** Told after each kill. */
  readonly note?: (line: string) => void;
}

export interface Report {
  readonly wrong: string[];
  /** Requests that were looked for. */
  requests: number;
  kills: number;
  /** Kills by what was going on: an operation, "load", "start". */
  readonly at: Map<string, number>;
}

/** Rounds on one folder, then a new one: so that looking at old data stays cheap. */
const ROUNDS_A_FOLDER = 8;
const CLIENTS = 14;
/** A point that is not reached in so long won't be. */
const PATIENCE_MS = 8000;
/** Looking at what is there takes a second or two. */
const LOOK_MS = 60_000;
const SERVER = join(root, "tests", "crash", "faulty_server.ts");

const INCR = "aof\\.\\d+\\.incr";
const BASE = "^temp-rewriteaof-bg-";
const MANIFEST = "^temp-.*manifest$";
const FOLDER = "^appendonlydir$";
const TEMPORARY_INCR = "^temp-.*aof\\.incr$";
const RDB = "^temp-\\d+\\.rdb$";

const points = (path: string, ...operations: Point["operation"][]) =>
  operations.map((operation): Point => ({ operation, path }));

/** What a rewrite, a save or a switch goes through. */
const POINTS: Record<Mode, readonly Point[]> = {
  append: [
    ...points(INCR, "write", "sync", "open", "unlink"),
    ...points(BASE, "open", "write", "sync", "rename"),
    ...points(MANIFEST, "open", "write", "sync", "rename"),
    ...points(FOLDER, "syncDir"),
  ],
  switch: [
    ...points(TEMPORARY_INCR, "open", "write", "rename"),
    ...points(BASE, "sync", "rename"),
    ...points(MANIFEST, "write", "rename"),
    ...points(FOLDER, "syncDir"),
    ...points(INCR, "unlink"),
  ],
  save: [...points(RDB, "open", "write", "sync", "rename"), ...points(".", "syncDir")],
};

type Policy = "always" | "everysec" | "no";

class Run {
  readonly report: Report = { wrong: [], requests: 0, kills: 0, at: new Map() };
  private readonly random: Random;
  private dir = "";
  private rounds = 0;
  private pointsUsed = 0;
  /** The round whose end nobody has looked at yet. */
  private open: Round | undefined;
  /** What rounds left, as it was first seen. */
  private kept: { prefix: string; text: string }[] = [];
  private mode: Mode = "append";

  constructor(private readonly options: Options) {
    this.random = new Random(options.seed);
  }

  async run(): Promise<Report> {
    const { kills, note } = this.options;
    while (this.report.kills < kills && this.report.wrong.length === 0) {
      if (this.rounds % ROUNDS_A_FOLDER === 0) this.begin();
      const line = await this.round();
      note?.(`seed ${this.options.seed}, round ${this.rounds}: ${line}`);
      this.rounds++;
    }
    if (this.open !== undefined && this.report.wrong.length === 0) await this.last();
    return this.report;
  }

  /** A new folder. */
  private begin(): void {
    if (this.dir !== "") rmSync(this.dir, { recursive: true, force: true });
    this.dir = tempDir();
    this.open = undefined;
    this.kept = [];
    const { modes } = this.options;
    this.mode = modes[Math.floor(this.rounds / ROUNDS_A_FOLDER) % modes.length];
  }

  private args(policy: Policy): string[] {
    const { random } = this;
    const shards = random.pick(this.options.shards);
    return [
      ...["--shards", String(shards), "--save", "", "--appendonly", this.mode === "save" ? "no" : "yes"],
      ...["--appendfsync", policy, "--auto-aof-rewrite-percentage", "0"],
      ...["--aof-use-rdb-preamble", random.chance(0.7) ? "yes" : "no"],
    ];
  }

  /** The next point in turn, at some call of it. */
  private stop(): Stop {
    const { random } = this;
    const list = POINTS[this.mode];
    const point = list[this.pointsUsed++ % list.length];
    const often = point.path === INCR && (point.operation === "write" || point.operation === "sync");
    return {
      ...point,
      call: random.between(1, often ? 25 : 2),
      when: random.pick(point.operation === "write" ? ["before", "half", "after"] : ["before", "after"]),
      powerCut: random.chance(0.6),
      share: random.float(),
    };
  }

  private async round(): Promise<string> {
    const { random } = this;
    const policy = random.pick<Policy>(["always", "always", "everysec", "no"]);
    const args = this.args(policy);
    const kind = random.pick(["load", "load", "point", "point", "point", "start"]);
    const stop = kind === "point" ? this.stop() : undefined;
    const env: Record<string, string> = stop === undefined ? {} : { [STOP]: JSON.stringify(stop) };
    const livesMs = kind === "start" ? random.between(20, 700) : undefined;
    const what = `${this.mode}, ${args.slice(0, 10).join(" ")}, ${stop === undefined ? kind : JSON.stringify(stop)}`;
    rmSync(join(this.dir, ATTIC), { recursive: true, force: true });
    rmSync(join(this.dir, "appendonlydir", ATTIC), { recursive: true, force: true });
    let server: ServerProcess;
    try {
      server = await startRingshard(args, { dir: this.dir, main: SERVER, env, livesMs });
    } catch (error) {
      // It died before it was ready, which it should when told to.
      const text = String(error);
      if (text.includes("Address already in use")) return what; // somebody took the port meanwhile
      const told = stop === undefined ? livesMs !== undefined && !text.includes("(1)") : text.includes(STOPPED);
      if (!told) this.report.wrong.push(`${what}: ${text}`);
      this.died(told && stop !== undefined ? `${stop.operation} (start)` : "start");
      return what;
    }
    if (kind === "start") await server.stop("SIGKILL");
    else await this.use(server, policy, stop, what);
    if (kind === "start") this.died("start");
    return what;
  }

  private died(at: string): void {
    this.report.kills++;
    this.report.at.set(at, (this.report.at.get(at) ?? 0) + 1);
  }

  /** Looks at what is there, then writes until the end. */
  private async use(server: ServerProcess, policy: Policy, stop: Stop | undefined, what: string): Promise<void> {
    const { random } = this;
    let alive = true;
    server.ended.then(() => alive = false);
    await this.tryToInspect(server, what);
    const round: Round = {
      prefix: `${this.options.seed}-${this.rounds}`,
      history: new History(),
      random,
      valueBytes: random.pick([10, 100, 20_000]),
    };
    if (policy === "always" && this.mode !== "save") round.history.promised = Infinity;
    if (this.open === undefined) this.open = round;
    else return void await server.stop("SIGKILL"); // died before we had seen all: looked at in the next round
    const enough = random.between(10, 600);
    const working = [work(server.port, round, CLIENTS), this.operate(server.port, round.history, policy)];
    const until = Date.now() + PATIENCE_MS;
    while (alive && Date.now() < until && (stop !== undefined || round.history.answers < enough)) await delay(2);
    const reached = alive ? server.log().includes(STOPPED) : await wasStopped(server);
    if (!alive && !reached) this.report.wrong.push(`${what}: it ended by itself:\n${server.log()}`);
    await server.stop("SIGKILL");
    await Promise.all(working);
    this.died(reached ? `${stop!.operation} of ${stop!.path}` : "load");
  }

  /** Inspects, unless the server's stop comes meanwhile. */
  private async tryToInspect(server: ServerProcess, what: string): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${LOOK_MS} ms`)), LOOK_MS);
    });
    const gone = server.ended.then(() => {
      throw new Error("it has ended");
    });
    gone.catch(() => {});
    try {
      await Promise.race([this.inspect(server, what), late, gone]);
    } catch (error) {
      if (await wasStopped(server)) return;
      this.report.wrong.push(`${what}: ${error instanceof Error ? error.stack : error}\n${server.log()}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Judges the open round and compares older ones with what they were. */
  private async inspect(server: ServerProcess, what: string): Promise<void> {
    const { open, report } = this;
    const client = await Client.connect(server);
    for (const { prefix, text } of this.kept) {
      const found = textOf(await look(client, prefix));
      if (found !== text) report.wrong.push(`round ${prefix} has changed:\n${text}\n${found}`);
    }
    if (open === undefined) return;
    const state = await look(client, open.prefix);
    const wrong = judge(open.history, state);
    for (const line of wrong.slice(0, 5)) report.wrong.push(`round ${open.prefix}, seen by ${what}: ${line}`);
    if (wrong.length > 0) this.options.note?.(`the log of the start:\n${server.log()}`);
    report.requests += open.history.acts.length;
    this.kept.push({ prefix: open.prefix, text: textOf(state) });
    if (this.kept.length > 3) this.kept.shift();
    this.open = undefined;
    client.close();
  }

  private async last(): Promise<void> {
    const server = await startRingshard(this.args("no"), { dir: this.dir, main: SERVER });
    await this.tryToInspect(server, "the end");
    await server.stop("SIGKILL");
  }

  /** What an operator does meanwhile: rewrites, saves, switches; and what the server then promises. */
  private async operate(port: number, history: History, policy: Policy): Promise<void> {
    const { random } = this;
    try {
      const client = await Client.connect({ port });
      const say = async (...args: string[]) => JSON.stringify(await client.call(...args));
      const settled = async () => {
        for (let i = 0; i < 400; i++) {
          const info = await say("INFO", "persistence");
          if (!info.includes("aof_rewrite_in_progress:1") && !info.includes("aof_pending_rewrite:1")) return;
          await delay(5);
        }
      };
      while (client.open) {
        await delay(random.between(0, 40));
        const moment = history.now();
        if (this.mode === "save") {
          if (await say("SAVE") === '{"type":"simple","text":"OK"}') history.promised = moment;
          await say("BGSAVE");
        } else if (this.mode === "switch") {
          if (history.promised === Infinity) history.promised = moment;
          await say("CONFIG", "SET", "appendonly", "no");
          await delay(random.between(0, 20));
          await say("CONFIG", "SET", "appendonly", "yes");
          await delay(random.between(0, 5));
          await settled();
          if (policy === "always") history.promised = Infinity;
        } else {
          await say("BGREWRITEAOF");
          if (random.chance(0.2)) await say("BGSAVE");
          if (policy === "always" && random.chance(0.3)) {
            // The files go to another thread and back, inline.
            if (history.promised === Infinity) history.promised = moment;
            await say("CONFIG", "SET", "appendfsync", random.pick(["everysec", "no"]));
            await delay(random.between(0, 20));
            await say("CONFIG", "SET", "appendfsync", "always");
            await say("PING"); // waits for the disk, and so for all that was acknowledged before
            history.promised = Infinity;
          }
          if (
            policy === "everysec" &&
            (await say("WAITAOF", "1", "0", "100")).startsWith('{"type":"array","items":[{"type":"int","text":"1"')
          ) {
            history.promised = moment;
          }
        }
      }
    } catch {
      // The server is gone.
    }
  }
}

/** Whether a server that has ended was told to; its last words may come after its end. */
async function wasStopped(server: ServerProcess): Promise<boolean> {
  for (let i = 0; i < 20 && !server.log().includes(STOPPED); i++) await delay(50);
  return server.log().includes(STOPPED);
}

function textOf(state: State): string {
  const sorted = (map: ReadonlyMap<string, unknown>) => [...map].sort(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify([sorted(state.strings), sorted(state.lists), sorted(state.expiries)]);
}

/** Kills servers as told and reports what was wrong. */
export function killAll(options: Options): Promise<Report> {
  return new Run(options).run();
}
