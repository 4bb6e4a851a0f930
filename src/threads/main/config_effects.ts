/**
 * ConfigEffects: what a change of configuration does: settings go to the engines, listeners move, the log's level changes. What only
 * main reads (maxclients, timeout, requirepass, limits of clients' buffers) is read where it is needed and is not here. Main thread.
 *
 * Invariant: the engines' settings are those of the configuration from the first request on.
 */
import { ReplyError } from "../../base/reply_error.ts";
import type { Config } from "../../config/config.ts";
import type { DirectiveName } from "../../config/directives.ts";
import { EVICTION_POLICIES, type EvictionPolicy } from "../../store/eviction.ts";
import { Settings } from "../shard/settings.ts";
import { isLocal } from "./connections.ts";
import { toldClasses } from "./notifications.ts";
import { isWatched } from "../slow_call.ts";
import type { Server } from "./server.ts";
import { Gate, type Session } from "./session.ts";

/** Directives that make up Settings. */
const SETTINGS: readonly DirectiveName[] = [
  "proto-max-bulk-len",
  "hash-max-listpack-entries",
  "hash-max-listpack-value",
  "set-max-intset-entries",
  "set-max-listpack-entries",
  "set-max-listpack-value",
  "zset-max-listpack-entries",
  "zset-max-listpack-value",
  "list-max-listpack-size",
  "list-compress-depth",
  "stream-node-max-bytes",
  "stream-node-max-entries",
  "hll-sparse-max-bytes",
  "lazyfree-lazy-expire",
  "lazyfree-lazy-eviction",
  "lazyfree-lazy-server-del",
  "lazyfree-lazy-user-del",
  "maxmemory",
  "maxmemory-policy",
  "maxmemory-samples",
  "maxmemory-eviction-tenacity",
  "lfu-log-factor",
  "lfu-decay-time",
  "active-expire-effort",
  "latency-tracking",
  "latency-monitor-threshold",
  "slowlog-log-slower-than",
  "hz",
  "notify-keyspace-events",
  "key-load-delay",
  "rdb-key-save-delay",
];

/** Settings as the configuration says. */
export function settingsOf(config: Config): Settings {
  const settings = new Settings();
  const { limits } = settings;
  limits.maxBulk = config.int("proto-max-bulk-len");
  limits.hashMaxListpackEntries = config.int("hash-max-listpack-entries");
  limits.hashMaxListpackValue = config.int("hash-max-listpack-value");
  limits.setMaxIntsetEntries = config.int("set-max-intset-entries");
  limits.setMaxListpackEntries = config.int("set-max-listpack-entries");
  limits.setMaxListpackValue = config.int("set-max-listpack-value");
  limits.zsetMaxListpackEntries = config.int("zset-max-listpack-entries");
  limits.zsetMaxListpackValue = config.int("zset-max-listpack-value");
  limits.listMaxListpackSize = config.int("list-max-listpack-size");
  limits.listCompressDepth = config.int("list-compress-depth");
  limits.streamNodeMaxBytes = config.int("stream-node-max-bytes");
  limits.streamNodeMaxEntries = config.int("stream-node-max-entries");
  limits.hllSparseMaxBytes = config.int("hll-sparse-max-bytes");
  limits.lazyExpire = config.bool("lazyfree-lazy-expire") ? 1 : 0;
  limits.lazyEviction = config.bool("lazyfree-lazy-eviction") ? 1 : 0;
  limits.lazyServerDel = config.bool("lazyfree-lazy-server-del") ? 1 : 0;
  limits.lazyUserDel = config.bool("lazyfree-lazy-user-del") ? 1 : 0;
  settings.maxMemory = config.int("maxmemory");
  settings.policy = EVICTION_POLICIES.indexOf(config.value("maxmemory-policy")) as EvictionPolicy;
  settings.samples = config.int("maxmemory-samples");
  settings.tenacity = config.int("maxmemory-eviction-tenacity");
  settings.lfuLogFactor = config.int("lfu-log-factor");
  settings.lfuDecayMinutes = config.int("lfu-decay-time");
  settings.loadDelay = config.int("key-load-delay");
  settings.saveDelay = config.int("rdb-key-save-delay");
  settings.expiryEffort = config.int("active-expire-effort");
  settings.latencyTracking = config.bool("latency-tracking") ? 1 : 0;
  settings.slowUs = slowUs(config);
  settings.hz = config.int("hz");
  settings.notifyClasses = toldClasses(config);
  return settings;
}

/** From how many microseconds on calls are of interest to SLOWLOG or the latency monitor. */
function slowUs(config: Config): number {
  const slowLogUs = config.int("slowlog-log-slower-than");
  const latencyMs = config.int("latency-monitor-threshold");
  return Math.min(slowLogUs < 0 ? Infinity : slowLogUs, latencyMs === 0 ? Infinity : latencyMs * 1000);
}

export class ConfigEffects {
  // What DEBUG has set.
  private activeExpiry = true;
  private plainFrom = 0;
  private checksumsSkipped = false;

  private changesTold = false;
  private expiryHeld = false;

  constructor(private readonly server: Server) {
    const { config, log } = server;
    config.on(SETTINGS, () => this.configure());
    config.on("slowlog-max-len", () => server.slowLog.trim());
    config.on("loglevel", () => {
      log.level = config.value("loglevel");
    });
    server.memory.onCounted = () => this.configure();
    this.configure();
  }

  /** DEBUG SET-ACTIVE-EXPIRE. */
  setActiveExpiry(on: boolean): void {
    this.activeExpiry = on;
    this.configure();
  }

  /** DEBUG QUICKLIST-PACKED-THRESHOLD. */
  setPlainFrom(bytes: number): void {
    this.plainFrom = bytes;
    this.configure();
  }

  /** DEBUG SET-SKIP-CHECKSUM-VALIDATION. */
  set skipsChecksums(on: boolean) {
    this.checksumsSkipped = on;
    this.configure();
  }

  get skipsChecksums(): boolean {
    return this.checksumsSkipped;
  }

  /** Keys whose time has come stay until they are asked for, while writes are paused. */
  holdExpiry(on: boolean): void {
    if (on === this.expiryHeld) return;
    this.expiryHeld = on;
    this.configure();
  }

  /** Engines tell main of every changed key, or no longer (client-side caching). */
  tellChanges(on: boolean): void {
    if (on === this.changesTold) return;
    this.changesTold = on;
    this.configure();
  }

  private configure(): void {
    const { server } = this;
    const { config, dispatcher } = server;
    const settings = settingsOf(config);
    settings.activeExpiry = this.activeExpiry && !this.expiryHeld ? 1 : 0;
    settings.plainFrom = this.plainFrom;
    settings.trustsPayloads = this.checksumsSkipped ? 1 : 0;
    settings.tellChanges = this.changesTold ? 1 : 0;
    server.memory.limitBytes = config.int("maxmemory");
    settings.maxMemory = server.memory.storesLimitBytes;
    server.shards.configure(settings);
    if (settings.maxMemory !== 0) dispatcher.gate |= Gate.MEMORY;
    else dispatcher.gate &= ~Gate.MEMORY;
    dispatcher.slowUs = settings.slowUs;
    for (const entry of server.commands.commands.flatMap((each) => [each, ...(each.subcommands ?? [])])) {
      entry.track(settings.latencyTracking !== 0);
      const runsHere = entry.main !== undefined || server.shards.threads === 0;
      entry.watched = runsHere && isWatched(entry.facts, settings.slowUs);
    }
  }

  /**
   * CONFIG SET for a client: the error reply, or undefined when all is set. Binding another port or address takes a moment: then the
   * outcome is a promise.
   */
  set(
    pairs: readonly (readonly [string, string])[],
    session: Session,
  ): string | undefined | Promise<ReplyError | undefined> {
    const { config } = this.server;
    const context = { local: isLocal(session.socket.remoteAddress), loading: false };
    const before = config.get(pairs.map(([name]) => name));
    const bound = endpoints(config);
    const refusal = config.set(pairs, context);
    if (refusal !== undefined || endpoints(config) === bound) return refusal;
    return this.rebind(before, context);
  }

  /** Moves the listeners; when that fails, every directive gets its value `before` back. */
  private async rebind(
    before: readonly (readonly [string, string])[],
    context: { local: boolean; loading: boolean },
  ): Promise<ReplyError | undefined> {
    const { config, listeners, log } = this.server;
    try {
      await listeners.change();
      return undefined;
    } catch (error) {
      log.warning(`Could not move the listening sockets: ${error instanceof Error ? error.message : String(error)}`);
      const name = before.find(([each]) => ["port", "bind"].includes(each.toLowerCase()))?.[0] ?? "port";
      config.set(before, context);
      const reason = name === "port"
        ? "Unable to listen on this port. Check server logs."
        : "Failed to bind to specified addresses.";
      return new ReplyError(`ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`);
    }
  }
}

function endpoints(config: Config): string {
  return `${config.int("port")} ${config.value("bind").join(" ")}`;
}
