/**
 * Starts a built executable inline and with worker threads, and talks to it: answers must be right, and SIGTERM must end
 * it. Exits non-zero otherwise.
 *
 *     deno run -A scripts/smoke.ts dist/ringshard
 */

import { resolve } from "node:path";
import process from "node:process";
import { Client } from "../tests/client.ts";
import { endScope, startRingshard } from "../tests/harness.ts";

const command = resolve(process.argv[2] ?? "dist/ringshard");
try {
  for (const shards of ["0", "2"]) {
    const server = await startRingshard(["--shards", shards], { runtime: { command, args: [] } });
    const client = await Client.connect(server);
    const keys = Array.from({ length: 100 }, (_, i) => `key:${i}`);
    await client.pipeline(keys.map((key, i) => ["SET", key, i]));
    const replies = await client.pipeline([["DBSIZE"], ["GET", "key:42"], ["DEL", ...keys], ["PING"]]);
    const text = replies.map((reply) => "text" in reply ? reply.text : reply.type).join(" ");
    if (text !== "100 42 100 PONG") throw new Error(`wrong answers with ${shards} shards: ${text}`);
    client.close();
    await server.stop();
    console.log(`${shards} shards: ok`);
  }
} finally {
  await endScope();
}
