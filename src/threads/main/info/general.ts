/** INFO's sections on the server itself: server, clients, persistence, replication, cpu, cluster. Main thread. */
import { RINGSHARD_VERSION } from "../../../base/ringshard_version.ts";
import { REDIS_VERSION } from "../../../base/version.ts";
import { executablePath, osText, pid, processCpu, threadCpu, version } from "../../../runtime/mod.ts";
import { Figure } from "../../figures.ts";
import type { Server } from "../server.ts";
import type { Field } from "./sections.ts";

const DAY_SECONDS = 86400;
const NO_REPLID = "0".repeat(40);

export function serverFields(server: Server): Field[] {
  const { config } = server;
  const uptime = Math.max(0, Math.floor((server.nowMs() - server.startedMs) / 1000));
  const listeners: string[] = [];
  if (server.port !== 0) {
    const binds = server.listeners.addresses.map((address) => `bind=${address},`).join("");
    listeners.push(`name=tcp,${binds}port=${server.port}`);
  }
  if (server.listensOn.includes("unix")) listeners.push(`name=unix,bind=${config.text("unixsocket")}`);
  return [
    ["redis_version", REDIS_VERSION],
    ["ringshard_version", RINGSHARD_VERSION],
    ["redis_mode", "standalone"],
    ["os", osText],
    ["arch_bits", 64],
    ["runtime", version],
    ["shards", server.shards.threads],
    ["multiplexing_api", server.network.name],
    ["process_id", pid],
    ["process_supervised", "no"],
    ["run_id", server.runId],
    ["tcp_port", server.port],
    ["server_time_usec", Math.floor(server.nowUs())],
    ["uptime_in_seconds", uptime],
    ["uptime_in_days", Math.floor(uptime / DAY_SECONDS)],
    ["hz", config.int("hz")],
    ["configured_hz", config.int("hz")],
    ["lru_clock", Math.floor(server.nowMs() / 1000) & 0xffffff],
    ["executable", executablePath],
    ["config_file", server.configPath ?? ""],
    ["io_threads_active", 0],
    ...listeners.map((text, i): Field => [`listener${i}`, text]),
  ];
}

export function clientFields(
  { acknowledgements, blocking, connections, config, figures, pubsub, tracking, transactions }: Server,
): Field[] {
  let input = 0;
  let output = 0;
  for (const session of connections.sessions.values()) {
    input = Math.max(input, session.input?.length ?? 0);
    output = Math.max(output, session.output.bytes);
  }
  return [
    ["connected_clients", connections.sessions.size],
    ["maxclients", config.int("maxclients")],
    ["client_recent_max_input_buffer", input],
    ["client_recent_max_output_buffer", output],
    ["blocked_clients", blocking.count + acknowledgements.count + connections.postponedClients],
    ["pubsub_clients", pubsub.clients],
    ["tracking_clients", tracking.sessions.size],
    ["watching_clients", transactions.watching.size],
    ["clients_in_timeout_table", blocking.timed + acknowledgements.timed],
    ["total_watched_keys", transactions.watchedKeys],
    ["total_blocking_keys", figures.get(Figure.BLOCKING_KEYS)],
    ["total_blocking_keys_on_nokey", figures.get(Figure.BLOCKING_KEYS_UNTIL_GONE)],
  ];
}

export function persistenceFields({ figures, persistence }: Server): Field[] {
  const { loading, saves, snapshots } = persistence;
  return [
    ["loading", loading.active ? 1 : 0],
    ["async_loading", 0],
    ["current_save_keys_processed", snapshots.purpose === undefined ? 0 : figures.get(Figure.SNAPSHOT_ENTRIES)],
    ["current_save_keys_total", snapshots.keysAtCut],
    ["rdb_changes_since_last_save", saves.changes],
    ["rdb_bgsave_in_progress", saves.inProgress ? 1 : 0],
    ["rdb_last_save_time", saves.lastSaveS],
    ["rdb_last_bgsave_status", saves.ok ? "ok" : "err"],
    ["rdb_last_bgsave_time_sec", saves.lastSeconds],
    ["rdb_current_bgsave_time_sec", saves.currentSeconds],
    ["rdb_saves", saves.count],
    // No memory is copied on write where nothing is forked.
    ["rdb_last_cow_size", 0],
    ["rdb_last_load_keys_expired", loading.lastExpired],
    ["rdb_last_load_keys_loaded", loading.lastKeys],
    ...persistence.appendOnly.fields,
    ...loading.fields,
  ];
}

export function replicationFields({ config, replicationId }: Server): Field[] {
  return [
    ["role", "master"],
    ["connected_slaves", 0],
    ["master_failover_state", "no-failover"],
    ["master_replid", replicationId],
    ["master_replid2", NO_REPLID],
    ["master_repl_offset", 0],
    ["second_repl_offset", -1],
    ["repl_backlog_active", 0],
    ["repl_backlog_size", config.int("repl-backlog-size")],
    ["repl_backlog_first_byte_offset", 0],
    ["repl_backlog_histlen", 0],
  ];
}

export function cpuFields(): Field[] {
  const whole = processCpu();
  const main = threadCpu();
  return [
    ["used_cpu_sys", seconds(whole.systemUs)],
    ["used_cpu_user", seconds(whole.userUs)],
    ["used_cpu_sys_main_thread", seconds(main.systemUs)],
    ["used_cpu_user_main_thread", seconds(main.userUs)],
  ];
}

/** Seconds as INFO prints CPU times. */
export function seconds(us: number): string {
  return (us / 1e6).toFixed(6);
}

export function clusterFields(): Field[] {
  return [["cluster_enabled", 0]];
}
