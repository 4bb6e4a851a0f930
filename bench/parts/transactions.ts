/** MULTI with ten commands, on keys of one slot and on keys that spread over all slots. */
import { Connection, request } from "../connection.ts";
import { chosen, scaled, type SideBySidePart, type Turn } from "../part.ts";
import { cpuTime } from "../process_stat.ts";
import type { RunningServer } from "../servers.ts";
import { warmUp } from "./strings.ts";

const TRANSACTIONS = 40_000;
const CLIENTS = 20;
const KEYS = 10_000;
/** Of ten commands. */
const WRITES = 5;
/** Replies of a transaction: MULTI's, ten of the queue, EXEC's. */
const REPLIES = 12;

export const transactions: SideBySidePart = {
  name: "transactions",
  title: "Transactions",
  note:
    `${CLIENTS} clients, each with one transaction of five SET and five GET in flight, sent in one write. With one slot a ` +
    "transaction's keys lie in one shard, otherwise in as many as there are. requests/s are transactions a second.",
  runsByDefault: false,
  rounds: 3,
  prepare: async (server, settings) => {
    await warmUp(server, settings);
    const turns: Turn[] = [];
    for (const test of ["one slot", "ten slots"]) {
      if (!chosen(settings, test)) continue;
      const count = scaled(settings, TRANSACTIONS, 500);
      turns.push({
        test,
        take: async () => {
          await run(server, Math.ceil(count / 10), test === "one slot");
          const before = cpuTime(server.pid);
          const start = performance.now();
          const done = await run(server, count, test === "one slot");
          const seconds = (performance.now() - start) / 1000;
          const after = cpuTime(server.pid);
          const micros = after.userMicros + after.systemMicros - before.userMicros - before.systemMicros;
          return {
            part: "transactions",
            test,
            server: server.name,
            values: { requestsPerSecond: done / seconds, microsEach: micros / done },
          };
        },
      });
    }
    return turns;
  },
};

/** Runs about `count` transactions over all clients; resolves to how many. */
async function run(server: RunningServer, count: number, oneSlot: boolean): Promise<number> {
  const each = Math.ceil(count / CLIENTS);
  const encoder = new TextEncoder();
  await Promise.all(Array.from({ length: CLIENTS }, async (_, client) => {
    const connection = await Connection.connect(server.port, 1 << 14);
    for (let n = 0; n < each; n++) {
      await connection.exchange(encoder.encode(transaction((client * each + n) * WRITES, oneSlot)), REPLIES);
    }
    connection.close();
  }));
  return each * CLIENTS;
}

function transaction(first: number, oneSlot: boolean): string {
  let text = request("MULTI");
  for (let i = 0; i < WRITES; i++) {
    const number = (first + i) % KEYS;
    const key = oneSlot ? `{${first % KEYS}}:${i}` : `key:${number}`;
    text += request("SET", key, "v".repeat(32)) + request("GET", key);
  }
  return text + request("EXEC");
}
