/** Directives on replication and the cluster. */

import {
  directive,
  int,
  INT_MAX,
  LONG_MAX,
  memory,
  oneOf,
  optionalText,
  text,
  ULONG_MAX,
  yesNo,
} from "../directive.ts";
import { masterAddress } from "../special_types.ts";

const port = int(0, 65535);
const count = int(0, INT_MAX);
const atLeastOne = int(1, INT_MAX);

/** Redis's NET_HOST_STR_LEN. */
const MAX_HOST_CHARS = 256;

function checkHostname(name: string): string | undefined {
  if (name.length >= MAX_HOST_CHARS) return `Hostnames must be less than ${MAX_HOST_CHARS} characters`;
  if (/[^A-Za-z0-9.-]/.test(name)) return "Hostnames may only contain alphanumeric characters, hyphens or dots";
  return undefined;
}

/** The name travels in nodes.conf, whose own marks it must not contain. */
function checkNodeName(name: string): string | undefined {
  if (/[^\x21-\x7e]|[!"#$%&'()*+,:;<=>?@[\\\]^{|}~]/.test(name)) {
    return "Announced human node name contained invalid character";
  }
  return undefined;
}

export const replicationDirectives = {
  "replicaof": directive(masterAddress, null, { alias: "slaveof", immutable: true }),
  "masterauth": directive(optionalText, "", { sensitive: true }),
  "masteruser": directive(optionalText, "", { sensitive: true }),
  "replica-serve-stale-data": directive(yesNo, true, { alias: "slave-serve-stale-data" }),
  "replica-read-only": directive(yesNo, true, { alias: "slave-read-only" }),
  "replica-lazy-flush": directive(yesNo, false, { alias: "slave-lazy-flush" }),
  "replica-ignore-maxmemory": directive(yesNo, true, { alias: "slave-ignore-maxmemory" }),
  "replica-ignore-disk-write-errors": directive(yesNo, false),
  "replica-announced": directive(yesNo, true),
  "replica-announce-ip": directive(optionalText, "", { alias: "slave-announce-ip" }),
  "replica-announce-port": directive(port, 0, { alias: "slave-announce-port" }),
  "replica-priority": directive(count, 100, { alias: "slave-priority" }),
  "repl-diskless-sync": directive(yesNo, true),
  "repl-diskless-sync-delay": directive(count, 5),
  "repl-diskless-sync-max-replicas": directive(count, 0),
  "repl-diskless-load": directive(oneOf(["disabled", "on-empty-db", "swapdb"]), "disabled", { denyLoading: true }),
  "repl-disable-tcp-nodelay": directive(yesNo, false),
  "repl-ping-replica-period": directive(atLeastOne, 10, { alias: "repl-ping-slave-period" }),
  "repl-timeout": directive(atLeastOne, 60),
  "repl-backlog-size": directive(memory(1, LONG_MAX), 1024 ** 2),
  "repl-backlog-ttl": directive(int(0, LONG_MAX), 3600),
  "min-replicas-to-write": directive(count, 0, { alias: "min-slaves-to-write" }),
  "min-replicas-max-lag": directive(count, 10, { alias: "min-slaves-max-lag" }),
  "propagation-error-behavior": directive(oneOf(["ignore", "panic", "panic-on-replicas"]), "ignore", { effect: false }),
  "cluster-enabled": directive(yesNo, false, { immutable: true }),
  "cluster-config-file": directive(text, "nodes.conf", { immutable: true }),
  "cluster-port": directive(port, 0, { immutable: true }),
  "cluster-node-timeout": directive(int(0, LONG_MAX), 15000),
  "cluster-announce-ip": directive(optionalText, ""),
  "cluster-announce-hostname": directive(optionalText, "", { check: checkHostname }),
  "cluster-announce-human-nodename": directive(optionalText, "", { check: checkNodeName }),
  "cluster-announce-port": directive(port, 0),
  "cluster-announce-tls-port": directive(port, 0, { effect: false }),
  "cluster-announce-bus-port": directive(port, 0),
  "cluster-preferred-endpoint-type": directive(oneOf(["ip", "hostname", "unknown-endpoint"]), "ip"),
  "cluster-require-full-coverage": directive(yesNo, true),
  "cluster-replica-no-failover": directive(yesNo, false, { alias: "cluster-slave-no-failover" }),
  "cluster-replica-validity-factor": directive(count, 10, { alias: "cluster-slave-validity-factor" }),
  "cluster-migration-barrier": directive(count, 1),
  "cluster-allow-replica-migration": directive(yesNo, true),
  "cluster-allow-reads-when-down": directive(yesNo, false),
  "cluster-allow-pubsubshard-when-down": directive(yesNo, true),
  "cluster-link-sendbuf-limit": directive(memory(0, ULONG_MAX), 0),
};
