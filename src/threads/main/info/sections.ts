/**
 * Sections of INFO: their names and order, which of them an argument asks for, and what writes each. Main thread.
 *
 * Source: Redis documentation, "INFO", and redis-server's answers for the order of sections and fields. A field of Redis's whose
 * subject Ringshard does not have is left out rather than invented (docs/DIFFERENCES.md).
 */
import type { Server } from "../server.ts";
import {
  clientFields,
  clusterFields,
  cpuFields,
  persistenceFields,
  replicationFields,
  serverFields,
} from "./general.ts";
import { memoryFields } from "./memory.ts";
import { commandFields, errorFields, keyspaceFields, latencyFields, shardFields, statFields } from "./stats.ts";

/** A field's name and value. */
export type Field = readonly [name: string, value: string | number];

interface Section {
  readonly name: string;
  readonly title: string;
  /** Shown by INFO without arguments; the others by "all" and "everything". */
  readonly byDefault: boolean;
  readonly fields: (server: Server) => readonly Field[];
}

const sections: readonly Section[] = [
  { name: "server", title: "Server", byDefault: true, fields: serverFields },
  { name: "clients", title: "Clients", byDefault: true, fields: clientFields },
  { name: "memory", title: "Memory", byDefault: true, fields: memoryFields },
  { name: "persistence", title: "Persistence", byDefault: true, fields: persistenceFields },
  { name: "stats", title: "Stats", byDefault: true, fields: statFields },
  { name: "replication", title: "Replication", byDefault: true, fields: replicationFields },
  { name: "cpu", title: "CPU", byDefault: true, fields: cpuFields },
  { name: "commandstats", title: "Commandstats", byDefault: false, fields: commandFields },
  { name: "errorstats", title: "Errorstats", byDefault: true, fields: errorFields },
  { name: "latencystats", title: "Latencystats", byDefault: false, fields: latencyFields },
  { name: "cluster", title: "Cluster", byDefault: true, fields: clusterFields },
  { name: "keyspace", title: "Keyspace", byDefault: true, fields: keyspaceFields },
  { name: "shards", title: "Shards", byDefault: false, fields: shardFields },
];

/** The text for INFO with these arguments (lower case). Names that are none are passed over, and each section comes once. */
export function infoText(server: Server, wanted: readonly string[]): string {
  const everything = wanted.includes("all") || wanted.includes("everything");
  const usual = wanted.length === 0 || wanted.includes("default");
  const texts: string[] = [];
  for (const { name, title, byDefault, fields } of sections) {
    if (!everything && !(usual && byDefault) && !wanted.includes(name)) continue;
    const lines = fields(server).map(([field, value]) => `${field}:${value}\r\n`);
    texts.push(`# ${title}\r\n${lines.join("")}`);
  }
  return texts.join("\r\n");
}
