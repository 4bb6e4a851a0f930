/** WAIT and WAITAOF: a reply that comes when replicas, or the local disk, have what the client wrote before. */
import { ReplyError } from "../../../base/reply_error.ts";
import { writeAcknowledged } from "../acknowledgements.ts";
import type { MainCommand, MainContext } from "../main_command.ts";

const BAD_TIMEOUT = new ReplyError("ERR timeout is not an integer or out of range");
const NEGATIVE_TIMEOUT = new ReplyError("ERR timeout is negative");
const LATE_TIMEOUT = new ReplyError("ERR timeout is out of range");
const BAD_LOCAL = new ReplyError("ERR value is out of range, value must between 0 and 1");
const BAD_REPLICAS = new ReplyError("ERR value is out of range, must be positive");
const NO_APPENDONLY = new ReplyError(
  "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.",
);
const INT64_MAX = 9223372036854775807;

const common = {
  flags: ["blocking"],
  categories: ["connection"],
  group: "generic",
  complexity: "O(1)",
} as const;

export const wait: MainCommand = {
  name: "wait",
  ...common,
  arity: 3,
  since: "3.0.0",
  summary: "Waits until so many replicas have what the connection wrote before.",
  syntax: "numreplicas:integer timeout:integer",
  tips: ["request_policy:all_shards", "response_policy:agg_min"],
  main(context: MainContext): void {
    const { args, queued, reply, server, session } = context;
    const replicas = args.int(1);
    const timeoutMs = timeout(context, 2);
    if (replicas <= 0 || queued) writeAcknowledged(reply, undefined);
    else server.acknowledgements.begin(session, replicas, undefined, timeoutMs);
  },
};

export const waitAof: MainCommand = {
  name: "waitaof",
  ...common,
  arity: 4,
  since: "7.2.0",
  summary: "Waits until the append-only files here and of so many replicas have what the connection wrote before.",
  syntax: "numlocal:integer numreplicas:integer timeout:integer",
  tips: ["request_policy:all_shards", "response_policy:agg_min"],
  main(context: MainContext): void {
    const { args, queued, reply, server, session } = context;
    const local = args.int(1);
    if (local < 0 || local > 1) throw BAD_LOCAL;
    const replicas = args.int(2);
    if (replicas < 0) throw BAD_REPLICAS;
    const timeoutMs = timeout(context, 3);
    if (local === 1 && !server.persistence.appendOnly.on) throw NO_APPENDONLY;
    const { acknowledgements } = server;
    const durable = acknowledgements.isDurable(session);
    if (queued || (replicas === 0 && (local === 0 || durable))) writeAcknowledged(reply, durable);
    else acknowledgements.begin(session, replicas, local === 1, timeoutMs);
  },
};

/** Argument `i` as a timeout in milliseconds. */
function timeout({ args, server }: MainContext, i: number): number {
  const ms = args.int(i, -Infinity, Infinity, BAD_TIMEOUT);
  if (ms < 0) throw NEGATIVE_TIMEOUT;
  if (ms + server.nowMs() > INT64_MAX) throw LATE_TIMEOUT;
  return ms;
}
