/** Directives on listening, connections and clients. */

import {
  directive,
  int,
  INT_MAX,
  LONG_MAX,
  memory,
  memoryOrPercent,
  octal,
  oneOf,
  optionalText,
} from "../directive.ts";
import { text, UINT_MAX, yesNo } from "../directive.ts";
import { bindAddresses, outputBufferLimits } from "../special_types.ts";

const port = int(0, 65535);
const seconds = int(0, INT_MAX);
const perCycle = int(1, 1000);

export const networkDirectives = {
  "bind": directive(bindAddresses, ["*", "-::*"]),
  "bind-source-addr": directive(optionalText, "", { effect: false }),
  "protected-mode": directive(yesNo, true),
  "port": directive(port, 6379),
  "tcp-backlog": directive(int(0, INT_MAX), 511, { immutable: true }),
  "unixsocket": directive(optionalText, "", { immutable: true }),
  "unixsocketperm": directive(octal(0, 0o777), 0, { immutable: true }),
  "timeout": directive(seconds, 0),
  "tcp-keepalive": directive(seconds, 300),
  "socket-mark-id": directive(int(0, UINT_MAX), 0, { immutable: true, effect: false }),
  "max-new-connections-per-cycle": directive(perCycle, 10, { effect: false }),
  "max-new-tls-connections-per-cycle": directive(perCycle, 1, { effect: false }),
  "maxclients": directive(int(1, UINT_MAX), 10000),
  "maxmemory-clients": directive(memoryOrPercent, 0),
  "client-query-buffer-limit": directive(memory(1024 * 1024, LONG_MAX), 1024 ** 3),
  "client-output-buffer-limit": directive(outputBufferLimits, [
    { hard: 0, soft: 0, softSeconds: 0 },
    { hard: 256 * 1024 ** 2, soft: 64 * 1024 ** 2, softSeconds: 60 },
    { hard: 32 * 1024 ** 2, soft: 8 * 1024 ** 2, softSeconds: 60 },
  ]),
  "proto-max-bulk-len": directive(memory(1024 * 1024, LONG_MAX), 512 * 1024 ** 2),
  "tracking-table-max-keys": directive(int(0, LONG_MAX), 1000000),
  "tls-port": directive(port, 0, { effect: false }),
  "tls-session-cache-size": directive(int(0, INT_MAX), 20 * 1024, { effect: false }),
  "tls-session-cache-timeout": directive(int(0, INT_MAX), 300, { effect: false }),
  "tls-cluster": directive(yesNo, false, { effect: false }),
  "tls-replication": directive(yesNo, false, { effect: false }),
  "tls-auth-clients": directive(oneOf(["no", "yes", "optional"]), "yes", { effect: false }),
  "tls-prefer-server-ciphers": directive(yesNo, false, { effect: false }),
  "tls-session-caching": directive(yesNo, true, { effect: false }),
  "tls-cert-file": directive(optionalText, "", { effect: false }),
  "tls-key-file": directive(optionalText, "", { effect: false }),
  "tls-key-file-pass": directive(optionalText, "", { sensitive: true, effect: false }),
  "tls-client-cert-file": directive(optionalText, "", { effect: false }),
  "tls-client-key-file": directive(optionalText, "", { effect: false }),
  "tls-client-key-file-pass": directive(optionalText, "", { sensitive: true, effect: false }),
  "tls-dh-params-file": directive(optionalText, "", { effect: false }),
  "tls-ca-cert-file": directive(optionalText, "", { effect: false }),
  "tls-ca-cert-dir": directive(optionalText, "", { effect: false }),
  "tls-protocols": directive(optionalText, "", { effect: false }),
  "tls-ciphers": directive(optionalText, "", { effect: false }),
  "tls-ciphersuites": directive(optionalText, "", { effect: false }),
  "aclfile": directive(text, "", { immutable: true }),
  "acllog-max-len": directive(int(0, LONG_MAX), 128),
  "acl-pubsub-default": directive(oneOf(["allchannels", "resetchannels"]), "resetchannels"),
  "requirepass": directive(optionalText, "", { sensitive: true }),
};
