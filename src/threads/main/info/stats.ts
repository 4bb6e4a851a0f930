/** INFO's sections on what happened: stats, commandstats, errorstats, latencystats, keyspace, shards. Main thread. */
import { Figure } from "../../figures.ts";
import type { CommandEntry } from "../command_entry.ts";
import type { Server } from "../server.ts";
import { seconds } from "./general.ts";
import type { Field } from "./sections.ts";

export function statFields(server: Server): Field[] {
  const { clientMemory, connections, cron, dispatcher, figures, pubsub, tracking } = server;
  return [
    ["total_connections_received", connections.connectionsReceived],
    ["total_commands_processed", dispatcher.commandsProcessed],
    ["instantaneous_ops_per_sec", Math.round(cron.commands.perSecond)],
    ["total_net_input_bytes", connections.netInput],
    ["total_net_output_bytes", connections.netOutput],
    ["instantaneous_input_kbps", kilobytes(cron.netInput.perSecond)],
    ["instantaneous_output_kbps", kilobytes(cron.netOutput.perSecond)],
    ["rejected_connections", connections.rejectedConnections],
    ["expired_subkeys", figures.get(Figure.EXPIRED_FIELDS)],
    ["expired_keys", figures.get(Figure.EXPIRED_KEYS)],
    ["expired_stale_perc", (figures.mean(Figure.STALE_SHARE) * 100).toFixed(2)],
    ["expired_time_cap_reached_count", figures.get(Figure.EXPIRY_CAP_REACHED)],
    ["expire_cycle_cpu_milliseconds", Math.floor(figures.get(Figure.EXPIRY_CPU_US) / 1000)],
    ["evicted_clients", clientMemory.evictedClients],
    ["evicted_keys", figures.get(Figure.EVICTED_KEYS)],
    ["keyspace_hits", figures.get(Figure.HITS)],
    ["keyspace_misses", figures.get(Figure.MISSES)],
    ["pubsub_channels", pubsub.channels.size],
    ["pubsub_patterns", pubsub.patterns.size],
    ["pubsubshard_channels", pubsub.shardChannels.size],
    ["tracking_total_keys", tracking.keys],
    ["tracking_total_items", tracking.items],
    ["tracking_total_prefixes", tracking.broadcasts.size],
    ["total_error_replies", dispatcher.errorReplies],
    ["total_reads_processed", connections.reads],
    ["total_writes_processed", connections.writes],
    ["client_query_buffer_limit_disconnections", connections.queryLimitDisconnections],
    ["client_output_buffer_limit_disconnections", connections.outputLimitDisconnections],
    ["eventloop_cycles", server.turns],
  ];
}

function kilobytes(bytes: number): string {
  return (bytes / 1024).toFixed(2);
}

/** Commands and subcommands. */
function runnable(server: Server): CommandEntry[] {
  return server.commands.commands.flatMap((entry) => entry.told);
}

export function commandFields(server: Server): Field[] {
  const fields: Field[] = [];
  for (const entry of runnable(server)) {
    let [calls, rejectedCalls, failedCalls, partsUsec] = [0, 0, 0, 0];
    for (const part of entry.parts) {
      calls += part.calls;
      rejectedCalls += part.rejectedCalls;
      failedCalls += part.failedCalls;
      partsUsec += server.figures.usec(part);
    }
    if (calls + rejectedCalls + failedCalls === 0) continue;
    const usec = Math.round(partsUsec);
    const each = calls === 0 ? 0 : usec / calls;
    fields.push([
      `cmdstat_${entry.fullName}`,
      `calls=${calls},usec=${usec},usec_per_call=${
        each.toFixed(2)
      },rejected_calls=${rejectedCalls},failed_calls=${failedCalls}`,
    ]);
  }
  return fields;
}

export function errorFields({ dispatcher }: Server): Field[] {
  return [...dispatcher.errorCounts].sort(([a], [b]) => a < b ? -1 : 1).map(([code, count]) => [
    `errorstat_${code}`,
    `count=${count}`,
  ]);
}

export function latencyFields(server: Server): Field[] {
  const percentiles = server.config.value("latency-tracking-info-percentiles");
  if (!server.config.bool("latency-tracking")) return [];
  const fields: Field[] = [];
  for (const entry of runnable(server)) {
    const latencies = server.figures.latencies(entry);
    if (latencies === undefined) continue;
    const values = percentiles.map((p) => `p${p}=${latencies.percentile(p).toFixed(3)}`);
    fields.push([`latency_percentiles_usec_${entry.fullName}`, values.join(",")]);
  }
  return fields;
}

/** Databases with keys; a shard that works meanwhile makes the numbers those of slightly different moments. */
export function keyspaceFields({ shards: { stores } }: Server): Field[] {
  const fields: Field[] = [];
  for (let db = 0; db < stores[0].dbCount; db++) {
    let keys = 0;
    let expires = 0;
    let ttlMs = 0;
    let subexpiry = 0;
    for (const store of stores) {
      const withDeadline = store.volatile.count(db);
      keys += store.count(db);
      expires += withDeadline;
      ttlMs += store.volatile.meanTtlMs(db) * withDeadline;
      if (store.count(db) > 0) subexpiry += store.hashesWithDeadlines(db);
    }
    if (keys === 0) continue;
    const mean = expires === 0 ? 0 : Math.floor(ttlMs / expires);
    fields.push([`db${db}`, `keys=${keys},expires=${expires},avg_ttl=${mean},subexpiry=${subexpiry}`]);
  }
  return fields;
}

/** Ringshard's own: what each shard holds, and its thread's CPU time. */
export function shardFields({ shards: { stores, figures, threads } }: Server): Field[] {
  return stores.map((store, i) => {
    let keys = 0;
    for (let db = 0; db < store.dbCount; db++) keys += store.count(db);
    const cpu = threads === 0
      ? ""
      : `,used_cpu_sys=${seconds(figures[i].get(Figure.CPU_SYSTEM_US))},used_cpu_user=${
        seconds(figures[i].get(Figure.CPU_USER_US))
      }`;
    return [`shard${i}`, `keys=${keys},used_memory=${store.arena.usedBytes}${cpu}`];
  });
}
