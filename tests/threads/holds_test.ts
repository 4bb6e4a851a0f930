/** Requests over several shards that share a hold: a pipeline of them answers, and leaves behind, what an inline engine does. */
import { assertEquals } from "@std/assert";
import { start } from "../../src/mod.ts";
import { Client } from "../client.ts";
import { Random } from "../fuzz/random.ts";
import { cleanup, tempDir, test, waitFor } from "../harness.ts";
import { format } from "../reply.ts";

const ROUNDS = 30;
/** Requests of a pipeline: more than share a hold. */
const DEPTH = 150;
const KEYS = 12;

/** One request, or a transaction of several; every reply follows from what ran before. */
function requests(random: Random): string[][] {
  const key = () => `k${random.between(1, KEYS)}`;
  const list = () => `l${random.between(1, KEYS)}`;
  const set = () => `s${random.between(1, KEYS)}`;
  const value = () => String(random.between(0, 999));
  switch (random.between(0, 11)) {
    case 0:
      return [["RENAME", key(), key()]];
    case 1:
      return [["COPY", key(), key(), "REPLACE"]];
    case 2:
      return [["MSETNX", key(), value(), key(), value()]];
    case 3:
      return [["LMOVE", list(), list(), "LEFT", "RIGHT"]];
    case 4:
      return [["SUNIONSTORE", set(), set(), set()]];
    case 5:
      return [["SMOVE", set(), set(), value()]];
    case 6:
      return [["RPUSH", list(), value()]];
    case 7:
      return [["SADD", set(), value()]];
    case 8:
      return [["GET", key()]];
    case 9:
      return [["MULTI"], ["APPEND", key(), "x"], ["RPUSH", list(), value()], ["MGET", key(), key(), key()], ["EXEC"]];
    case 10:
      return [["MULTI"], ["RENAME", key(), key()], ["SET", key(), value()], ["LPUSH", key(), "wrong"], ["EXEC"]];
    default:
      return [["MSET", key(), value(), key(), value()]];
  }
}

async function send(client: Client, pipeline: readonly string[][]): Promise<string[]> {
  return (await client.pipeline(pipeline)).map((reply) => format(reply));
}

test("holds: who waits for a key is served before the request behind the one that filled it", async () => {
  const server = await start({ port: 0, shards: 4, dir: tempDir(), save: "" });
  cleanup(() => server.close());
  const pusher = await Client.connect(server);
  const waiter = await Client.connect(server);
  for (let i = 0; i < ROUNDS; i++) {
    const [from, waited, to] = [`from${i}`, `waited${i}`, `to${i}`];
    await pusher.call("RPUSH", from, "element");
    waiter.send("BLPOP", waited, "0");
    await waitFor(
      async () => (await pusher.show("INFO", "clients")).includes("blocked_clients:1"),
      "the client to wait",
    );
    const moves = [["LMOVE", from, waited, "LEFT", "RIGHT"], ["LMOVE", waited, to, "LEFT", "RIGHT"]];
    assertEquals(await send(pusher, moves), ['"element"', "(nil)"]);
    assertEquals(format(await waiter.read()), `1) "${waited}"\n2) "element"`);
  }
});

for (const shards of [2, 4]) {
  for (const seed of [1, 2]) {
    test(`holds: a pipeline over ${shards} shards answers as an inline engine, seed ${seed}`, async () => {
      const dir = tempDir();
      const common = { port: 0, save: "", "enable-debug-command": "yes" };
      const settings = { ...common, shards, dir, appendonly: "yes" };
      const one = await start({ ...common, shards: 0, dir: tempDir() });
      cleanup(() => one.close());
      let many = await start(settings);
      cleanup(() => many.close());
      const inline = await Client.connect(one);
      const sharded = await Client.connect(many);
      const random = new Random(seed);
      for (let round = 0; round < ROUNDS; round++) {
        const pipeline: string[][] = [];
        while (pipeline.length < DEPTH) pipeline.push(...requests(random));
        assertEquals(await send(sharded, pipeline), await send(inline, pipeline));
      }
      const digest = format(await inline.call("DEBUG", "DIGEST"));
      assertEquals(format(await sharded.call("DEBUG", "DIGEST")), digest);
      // The journal has the requests in the same order.
      await many.close();
      many = await start(settings);
      assertEquals(format(await (await Client.connect(many)).call("DEBUG", "DIGEST")), digest);
    });
  }
}
