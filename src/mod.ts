/**
 * Ringshard inside another Deno or Bun program.
 *
 *   import { start } from "ringshard/src/mod.ts";
 *   const server = await start({ port: 0, shards: 0 });
 *   // ... connect any Redis client to 127.0.0.1:server.port ...
 *   await server.close();
 *
 * Servers in one process share nothing: each has its own configuration, keyspace, threads and connections.
 */
import { Log } from "./base/log.ts";
import { encodeText, latin1Bytes, latin1Text } from "./base/bytes.ts";
import { absolutePath } from "./config/command_line.ts";
import { Config, type WorkingFolder } from "./config/config.ts";
import { cwd, pid, systemFiles, wallMs } from "./runtime/mod.ts";
import { type Clock, Server } from "./threads/main/server.ts";

export type { Clock } from "./threads/main/server.ts";

/** Directives of redis.conf by name, and what only an embedding program can give. */
export interface StartOptions {
  /** TCP port on 127.0.0.1 (or `bind`); 0 lets the system choose one. Default 0. */
  port?: number;
  /** Shard threads; 0 (default here) runs the engine on the calling thread. */
  shards?: number;
  /** Where time comes from; tests advance their own. */
  clock?: Clock;
  /** Receives the server's log lines; without it there is no log. */
  onLog?: (line: string) => void;
  /** Called when the server ended by itself (SHUTDOWN, or a report when a thread died). */
  onEnd?: (report?: string) => void;
  /** Any directive: a value as one would write it behind its name in redis.conf, or a list of its words. */
  [directive: string]: unknown;
}

/** A server that runs in this process. */
export interface RunningServer {
  /** The TCP port it listens on; CONFIG SET may change it. */
  readonly port: number;
  /** Ends it: closes connections and listeners, stops threads. */
  close(): Promise<void>;
}

/** Whoever gives one of these wants data to outlive the program: it is loaded at the start. */
const PERSISTENT: readonly string[] = ["dir", "save", "appendonly"];

/**
 * Directives that differ from a server of its own: loopback only, sockets that leave the host's event loop alone, and nothing is
 * written to the disk unasked.
 */
const EMBEDDED: Record<string, string[]> = {
  "bind": ["127.0.0.1"],
  "network": ["portable"],
  "shards": ["0"],
  "loglevel": ["notice"],
  "save": [""],
};

/**
 * Starts a server in this process. It keeps nothing on the disk, and loads nothing, unless `dir`, `save` or `appendonly` is given.
 * Throws an Error for an unknown directive, a bad value, or data that can't be loaded, NetworkError when the port can't be bound.
 */
export async function start(options: StartOptions = {}): Promise<RunningServer> {
  const { clock, onLog, onEnd, port = 0, ...directives } = options;
  const config = new Config(ownFolder());
  for (const [name, words] of Object.entries(EMBEDDED)) load(config, name, words);
  load(config, "port", [String(port)]);
  for (const [name, value] of Object.entries(directives)) {
    if (value === undefined) continue;
    load(config, name, Array.isArray(value) ? value.map(String) : [word(value)]);
  }
  const log = new Log(pid, wallMs, onLog ?? (() => {}));
  log.level = config.value("loglevel");
  const loads = PERSISTENT.some((name) => directives[name] !== undefined);
  const server = new Server(config, log, { clock, loads });
  let ended = false;
  const end = (report?: string) => {
    if (ended) return;
    ended = true;
    server.close().then(() => onEnd?.(report));
  };
  server.onShutdown = () => end();
  server.onDeath = end;
  server.onFatal = () => end("the disk refused what must not be lost; the log has the reason");
  try {
    await server.listen({ anyPort: true });
    if (!await server.load()) throw new Error("the data on the disk can't be loaded; the log has the reason");
  } catch (error) {
    await server.close();
    throw error;
  }
  return {
    get port() {
      return server.port;
    },
    close() {
      ended = true;
      return server.close();
    },
  };
}

/** The directive `dir` of an embedded server: a folder of its own; the program's stays where it is. */
function ownFolder(): WorkingFolder {
  let folder = latin1Text(encodeText(cwd()));
  return {
    current: () => folder,
    change(path) {
      const wanted = absolutePath(path, folder);
      const status = systemFiles.stat(new TextDecoder().decode(latin1Bytes(wanted)));
      if (status === undefined) return "No such file or directory";
      if (!status.isDir) return "Not a directory";
      folder = wanted;
      return undefined;
    },
  };
}

function word(value: unknown): string {
  if (value === true) return "yes";
  if (value === false) return "no";
  return String(value);
}

function load(config: Config, name: string, words: readonly string[]): void {
  const refusal = config.load(name, words, false);
  if (refusal !== undefined) throw new Error(`${name}: ${refusal}`);
}
