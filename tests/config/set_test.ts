/** CONFIG GET and CONFIG SET against recorded answers of Redis, and what recordings can't show. */

import { assert, assertEquals } from "@std/assert";
import { Config } from "../../src/config/config.ts";
import { directives } from "../../src/config/directives.ts";
import { test } from "../harness.ts";
import { DEFAULTS, SET_CASES } from "./redis_answers.ts";

const CONTEXT = { local: true, loading: false };

function fresh(): Config {
  let folder = "/data";
  return new Config({
    current: () => folder,
    change(path) {
      if (!path.startsWith("/")) return "No such file or directory";
      folder = path;
      return undefined;
    },
  });
}

function get(config: Config, name: string): string | undefined {
  return config.get([name])[0]?.[1];
}

test("config: defaults are Redis's", () => {
  const config = fresh();
  for (const line of DEFAULTS.trim().split("\n")) {
    const at = line.indexOf("=");
    assertEquals(get(config, line.slice(0, at)), line.slice(at + 1), line);
  }
});

test("config: GET * shows every name and alias of 7.4 and our own, and nothing hidden", () => {
  const names = fresh().get(["*"]).map(([name]) => name);
  const here = new Set(names);
  assertEquals(here.size, names.length);
  // Hidden since Redis 7.2.
  const hidden = "aof-disable-auto-gc";
  for (const line of DEFAULTS.trim().split("\n")) {
    const name = line.split("=")[0];
    assertEquals(here.has(name), name !== hidden, name);
  }
  const newer = "set-max-listpack-entries set-max-listpack-value cluster-announce-human-nodename locale-collate " +
    "max-new-connections-per-cycle max-new-tls-connections-per-cycle hide-user-data-from-log server-cpulist";
  for (const name of (newer + " shards network huge-pages rdb-version").split(" ")) assert(here.has(name), name);
});

test("config: SET answers as Redis does", () => {
  const config = fresh();
  for (const [args, reply, value] of SET_CASES) {
    const pairs: [string, string][] = [];
    for (let i = 0; i < args.length; i += 2) pairs.push([args[i], args[i + 1]]);
    assertEquals(config.set(pairs, CONTEXT) ?? "OK", reply, args.join(" "));
    assertEquals(get(config, args[args.length - 2]) ?? "", value, args.join(" "));
  }
});

test("config: GET echoes a plain name, finds hidden ones, and answers each once", () => {
  const config = fresh();
  assertEquals(config.get(["TimeOut", "timeout"]), [["TimeOut", "0"]]);
  assertEquals(config.get(["timeou[t]", "TIMEOUT"]), [["timeout", "0"]]);
  assertEquals(config.get(["watchdog-period"]), [["watchdog-period", "0"]]);
  assertEquals(config.get(["watchdog*", "nope"]), []);
  assertEquals(config.get(["slave-prio*", "replica-priority"]).length, 2);
});

test("config: every default reads back from its text", () => {
  const config = fresh();
  for (const [name, { type }] of Object.entries(directives)) {
    if (name === "replicaof" || name === "dir") continue;
    const before = get(config, name)!;
    const args = type.multi ? before.split(" ").filter((word) => word !== "") : [before];
    if (name !== "shutdown-on-sigint") assertEquals(config.load(name, args, false), undefined, name);
    assertEquals(get(config, name), before, name);
  }
});

test("config: protected and loading-time directives", () => {
  const config = fresh();
  assertEquals(
    config.set([["dir", "/tmp"]], CONTEXT),
    "ERR CONFIG SET failed (possibly related to argument 'dir') - can't set protected config",
  );
  config.load("enable-protected-configs", ["local"], false);
  assertEquals(config.set([["dir", "/tmp"]], CONTEXT), undefined);
  assertEquals(get(config, "dir"), "/tmp");
  assertEquals(
    config.set([["timeout", "9"], ["dir", "nope"]], CONTEXT),
    "ERR CONFIG SET failed (possibly related to argument 'dir') - No such file or directory",
  );
  assertEquals(config.int("timeout"), 0);
  assert(config.set([["dir", "/tmp"]], { local: false, loading: false })?.includes("protected config"));
  assertEquals(
    config.set([["appendonly", "yes"]], { local: true, loading: true }),
    "LOADING Redis is loading the dataset in memory",
  );
});

test("config: listeners hear of changes once, and a refusal takes everything back", () => {
  const config = fresh();
  const heard: string[] = [];
  config.on(["maxmemory", "maxmemory-policy"], () => void heard.push(`memory ${config.int("maxmemory")}`));
  config.on("port", () => {
    heard.push(`port ${config.int("port")}`);
    return config.int("port") === 1 ? "Unable to listen on this port. Check server logs." : undefined;
  });
  assertEquals(config.set([["maxmemory", "1mb"], ["maxmemory-policy", "allkeys-lru"]], CONTEXT), undefined);
  assertEquals(config.set([["maxmemory", "1mb"]], CONTEXT), undefined);
  assertEquals(heard, ["memory 1048576"]);
  assertEquals(
    config.set([["maxmemory", "2mb"], ["Port", "1"], ["timeout", "5"]], CONTEXT),
    "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.",
  );
  assertEquals(heard.slice(1), ["memory 2097152", "port 1", "memory 1048576", "port 6379"]);
  assertEquals([config.int("maxmemory"), config.int("port"), config.int("timeout")], [1048576, 6379, 0]);
});

test("config: typed values", () => {
  const config = fresh();
  config.set(
    [["save", "900 1"], ["client-output-buffer-limit", "replica 1mb 0 0"], ["maxmemory-clients", "5%"]],
    CONTEXT,
  );
  assertEquals(config.value("save"), [{ seconds: 900, changes: 1 }]);
  assertEquals(config.value("client-output-buffer-limit")[1], { hard: 1048576, soft: 0, softSeconds: 0 });
  assertEquals(config.int("maxmemory-clients"), -5);
  assertEquals(config.bool("appendonly"), false);
  assertEquals(config.text("appendfsync"), "everysec");
  assertEquals(config.value("bind"), ["*", "-::*"]);
  assert(config.isSensitive("RequirePass"));
  assert(!config.isSensitive("port"));
  config.set([["requirepass", "p\xc3\xa9"]], CONTEXT);
  assertEquals(config.path("requirepass"), "pé");
});

test("config: own directives", () => {
  const config = fresh();
  assertEquals(config.load("shards", ["1024"], false), undefined);
  assertEquals(config.load("shards", ["1025"], false), "argument must be between -1 and 1024 inclusive");
  assertEquals(config.load("network", ["EPOLL"], false), undefined);
  assertEquals(config.text("network"), "epoll");
  assertEquals(config.set([["rdb-version", "10"]], CONTEXT), undefined);
  assertEquals(config.load("rdb-version", ["8"], false), "argument must be between 9 and 12 inclusive");
  assert(config.set([["shards", "2"]], CONTEXT)?.includes("immutable"));
});
