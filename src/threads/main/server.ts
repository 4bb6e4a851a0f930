/**
 * Server: one running Ringshard: configuration, connections, commands and shards put together. Main thread.
 *
 * Several servers may run in one process; nothing here or below is shared between them.
 */
import { KeyHash } from "../../base/hash.ts";
import type { Log } from "../../base/log.ts";
import { Reply } from "../../codec/resp/reply.ts";
import type { FactsIndex } from "../../commands/docs.ts";
import type { CommandIndex } from "../../commands/lookup.ts";
import { commandNumbers, shardCommands } from "../../commands/table.ts";
import type { Config } from "../../config/config.ts";
import { Arena, MAX_CAPACITY } from "../../memory/arena.ts";
import {
  adviseHugePages,
  coreCount,
  createNetwork,
  monotonicMs,
  type Network,
  wallMs,
  wallUs,
} from "../../runtime/mod.ts";
import { Store } from "../../store/store.ts";
import { Engine } from "../shard/engine.ts";
import { Blocking } from "./blocking.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { CommandEntry, indexCommands, indexFacts } from "./command_entry.ts";
import { mainCommands } from "./commands/mod.ts";
import { ConfigEffects, settingsOf } from "./config_effects.ts";
import { ClientMemory } from "./client_memory.ts";
import { Connections, isLocal } from "./connections.ts";
import { Cron } from "./cron.ts";
import { Dispatcher } from "./dispatcher.ts";
import { FigureSums } from "./figure_sums.ts";
import { InlineShards } from "./inline_shards.ts";
import { LatencyMonitor } from "./latency_monitor.ts";
import { Listeners } from "./listeners.ts";
import { Memory } from "./memory.ts";
import { Monitors } from "./monitors.ts";
import { Notifications } from "./notifications.ts";
import { OutputLimits } from "./output_limits.ts";
import { Pubsub } from "./pubsub.ts";
import { Pushes } from "./pushes.ts";
import { Persistence } from "./persistence/persistence.ts";
import type { ArenaPages } from "../persistence/setup.ts";
import { PersistenceThread } from "./persistence_thread.ts";
import { RingShards } from "./ring_shards.ts";
import { Gate, type Session } from "./session.ts";
import type { Shards } from "./shards.ts";
import { Tracking } from "./tracking/tracking.ts";
import { Transactions } from "./transactions.ts";
import { SlowLog } from "./slow_log.ts";

/** Where time comes from; tests give their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
}

/** What a server is given besides its configuration. */
export interface ServerOptions {
  /** Default: the system's. */
  clock?: Clock;
  /** Absolute path of the configuration file (latin-1 text), for CONFIG REWRITE. */
  configPath?: string;
  /** False: nothing is loaded from the disk. Default true. */
  loads?: boolean;
  /** rename-command: old name to new, lower case; an empty new name removes the command. */
  renamed?: ReadonlyMap<string, string>;
}

export class Server {
  readonly clock: Clock;
  readonly configPath: string | undefined;
  readonly startedMs: number;
  readonly commands: CommandIndex<CommandEntry>;
  readonly dispatcher: Dispatcher;
  readonly connections: Connections;
  readonly blocking: Blocking;
  readonly shards: Shards;
  readonly outputLimits: OutputLimits;
  readonly network: Network;
  readonly cron: Cron;
  readonly runId: string;
  /** Names the history of changes to replicas. */
  readonly replicationId: string;
  /** Facts of all commands, for COMMAND. */
  readonly facts: FactsIndex;
  readonly transactions: Transactions;
  readonly pushes: Pushes;
  readonly pubsub: Pubsub;
  readonly notifications: Notifications;
  readonly monitors: Monitors;
  readonly tracking: Tracking;
  readonly acknowledgements: Acknowledgements;
  readonly listeners: Listeners;
  readonly effects: ConfigEffects;
  readonly memory: Memory;
  readonly clientMemory: ClientMemory;
  readonly figures: FigureSums;
  readonly slowLog: SlowLog;
  readonly persistence: Persistence;
  readonly latency: LatencyMonitor = new LatencyMonitor();
  /** Called when SHUTDOWN wants the server's process to end. */
  onShutdown: () => void = () => {};
  /** Called with a report when a thread died: nothing can be trusted any more, the process must end. */
  onDeath: (report: string) => void = () => {};

  /** Called when nothing must be acknowledged any more: the process must end at once. The log has the reason. */
  onFatal: () => void = () => {};
  /** True once the data was loaded. */
  running = false;

  /** Turns of the network so far. */
  turns = 0;
  private readonly systemClock: boolean;
  private readonly loads: boolean;
  private closing: Promise<void> | undefined;

  constructor(readonly config: Config, readonly log: Log, options: ServerOptions = {}) {
    this.systemClock = options.clock === undefined;
    this.clock = options.clock ?? { nowMs: wallMs };
    this.configPath = options.configPath;
    this.loads = options.loads ?? true;
    const words = crypto.getRandomValues(new Uint32Array(2));
    this.runId = randomId();
    this.replicationId = randomId();
    this.outputLimits = new OutputLimits(config);
    this.startedMs = this.clock.nowMs();
    this.network = createNetwork(config.value("network"));
    const hash = new KeyHash(words[0] | 0, words[1] | 0);
    const threads = shardThreads(config.int("shards"));
    const stores = Array.from(
      { length: Math.max(1, threads) },
      () => new Store(Arena.create(MAX_CAPACITY), hash, Math.random, config.int("databases")),
    );
    const pages: ArenaPages[] = [];
    for (const { arena } of stores) {
      const first = config.bool("huge-pages") ? adviseHugePages(arena.buffer, arena.mapOffset) : -1;
      if (first !== -1) pages.push({ buffer: arena.buffer, first });
    }
    for (const store of stores) store.setNow(this.startedMs);
    const reply = new Reply();
    const engine = new Engine(stores[0], reply);
    const onDeath = (report: string) => this.onDeath(report);
    const persistenceThread = new PersistenceThread(
      stores.length,
      pages,
      threads === 0,
      () => this.network.wakeHandle,
      onDeath,
    );
    const rings = persistenceThread.shared;
    const shards = threads === 0
      ? new InlineShards(engine, rings)
      : new RingShards(stores, reply, settingsOf(config), this.network.wakeHandle, rings, onDeath);
    this.shards = shards;
    const facts = [...shardCommands, ...mainCommands];
    this.commands = indexCommands(facts, commandNumbers, options.renamed);
    this.facts = indexFacts(facts, options.renamed);
    this.dispatcher = new Dispatcher(this, this.commands, engine.call, reply, shards);
    this.connections = new Connections(this.rules(), this.dispatcher, shards, reply);
    shards.dispatcher = this.dispatcher;
    this.blocking = new Blocking(shards.waits, this.dispatcher, this.connections);
    shards.waits.blocking = this.blocking;
    engine.call.log = (line) => log.verbose(line);
    if (shards instanceof RingShards) {
      shards.batches.server = this;
      shards.batches.connections = this.connections;
      shards.log = engine.call.log;
    }
    const bounds = () => {
      this.connections.maxBulk = config.int("proto-max-bulk-len");
      this.connections.queryBufferLimit = config.int("client-query-buffer-limit");
      this.outputLimits.configure();
    };
    bounds();
    config.on(["proto-max-bulk-len", "client-query-buffer-limit", "client-output-buffer-limit"], bounds);
    this.pushes = new Pushes(this.connections, shards);
    this.connections.pushes = this.pushes;
    this.pubsub = new Pubsub(this.pushes);
    this.notifications = new Notifications(config, this.pubsub);
    this.monitors = new Monitors(this.pushes, () => this.nowUs(), (on) => this.dispatcher.monitored(on));
    this.transactions = new Transactions(this.dispatcher, shards);
    this.listeners = new Listeners(this.network, this.connections, config);
    this.memory = new Memory(this);
    this.clientMemory = new ClientMemory(this.connections, config, (text) => log.notice(text));
    this.connections.memory = this.clientMemory;
    this.figures = new FigureSums(shards);
    this.slowLog = new SlowLog(config);
    this.effects = new ConfigEffects(this);
    this.tracking = new Tracking(this);
    this.persistence = new Persistence(this, persistenceThread);
    this.acknowledgements = new Acknowledgements(this);
    this.cron = new Cron(this);
    this.network.turn = () => this.turn();
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  /** The time in µs, as fine as the clock tells it. */
  nowUs(): number {
    return this.systemClock ? wallUs() : this.clock.nowMs() * 1000;
  }

  /** Starts to accept connections (listeners.ts); clients wait, or are told of the loading, until `load` is through. Throws NetworkError. */
  listen(how: { anyPort: boolean } = { anyPort: false }): Promise<void> {
    if (this.loads) {
      this.stall(true);
      this.persistence.loading.begin();
    }
    return this.listeners.open(how);
  }

  /**
   * Loads what is on the disk, while clients are told so; once, after `listen`. False when there are files that can't be loaded: the log
   * has the reason, and the server must not go on.
   */
  async load(): Promise<boolean> {
    this.running = !this.loads;
    if (!this.loads) return true;
    this.persistence.thread.start();
    const { loading, saves } = this.persistence;
    const loaded = await loading.fromDisk();
    saves.loaded();
    this.running = loaded;
    // The first client that is served finds the append-only file's directory as a start leaves it.
    if (!loaded || !await this.persistence.appendOnly.start()) return false;
    loading.end();
    this.stall(false);
    return true;
  }

  /** While true no client's command runs, except SHUTDOWN. */
  stall(on: boolean): void {
    if (on) this.dispatcher.gate |= Gate.STALLED;
    else {
      this.dispatcher.gate &= ~Gate.STALLED;
      this.dispatcher.onResume();
    }
  }

  /** The TCP port bound, 0 without one. */
  get port(): number {
    return this.listeners.port;
  }

  /** Kinds of connections accepted, as the log names them. */
  get listensOn(): string[] {
    return this.listeners.kinds;
  }

  /** Whether a client may run DEBUG (enable-debug-command). */
  allowsDebug(session: Session): boolean {
    const allowed = this.config.value("enable-debug-command");
    return allowed === "yes" || (allowed === "local" && isLocal(session.socket.remoteAddress));
  }

  /** CONFIG RESETSTAT. */
  resetFigures(): void {
    this.dispatcher.resetFigures();
    this.connections.resetFigures();
    this.clientMemory.evictedClients = 0;
    this.figures.reset();
    this.memory.peakBytes = 0;
    this.memory.sample();
  }

  /** Ends the server: no new connections, then every open one, then threads. */
  close(): Promise<void> {
    this.closing ??= this.closeNow();
    return this.closing;
  }

  private async closeNow(): Promise<void> {
    this.listeners.close();
    this.connections.group.leave();
    for (const session of this.connections.sessions.values()) this.connections.flush(session);
    this.network.close();
    await this.shards.close();
    await this.persistence.close();
  }

  /** Between groups of network callbacks. Returns ms until the next one is wanted. */
  private turn(): number {
    this.turns++;
    // A turn at low pipeline depth serves a few requests only: it reads one clock, not five.
    const now = monotonicMs();
    if (!this.persistence.sendsReplies) this.connections.group.leave();
    this.persistence.turn();
    // Before the shards' turn, which sends what it answers.
    const deadlineMs = Math.min(this.blocking.turn(this.clock), this.acknowledgements.turn());
    let waitMs = Math.min(deadlineMs, this.shards.turn(now));
    if (this.dispatcher.pause.untilMs !== 0) waitMs = Math.min(waitMs, this.dispatcher.pause.turn(this.nowMs()));
    if (this.connections.turn()) waitMs = 0;
    this.tracking.turn();
    this.pushes.flush();
    waitMs = Math.min(waitMs, this.persistence.commit());
    return Math.min(waitMs, this.cron.turn(now));
  }

  private rules() {
    const { config, log, outputLimits } = this;
    const nowMs = () => this.clock.nowMs();
    return {
      nowMs,
      outputLimits,
      maxClients: () => config.int("maxclients"),
      authRequired: () => config.text("requirepass") !== "",
      isProtected: () => config.bool("protected-mode") && config.text("requirepass") === "",
      verbose: (text: string) => log.verbose(text),
      warning: (text: string) => log.warning(text),
      opened: (_session: Session) => {},
      leaving: (session: Session) => this.blocking.gone(session),
      closed: (session: Session) => this.forget(session),
    };
  }

  /** A session's connection has ended: nothing is to know it any more. */
  forget(session: Session): void {
    this.blocking.gone(session);
    this.acknowledgements.gone(session);
    this.transactions.discard(session);
    this.tracking.off(session);
    this.pubsub.leave(session);
    this.monitors.remove(session);
    this.clientMemory.forget(session);
  }
}

/** 40 random hexadecimal digits. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(20)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Shard threads for the directive `shards`; -1 asks for the default by cores. */
function shardThreads(configured: number): number {
  if (configured >= 0) return configured;
  return coreCount <= 2 ? 0 : Math.min(coreCount - 1, 16);
}
