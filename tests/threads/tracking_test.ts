/**
 * Client-side caching: redirection, and coherence: clients that cache what they read while others write.
 * What a client still keeps when all is quiet is what the server has: an invalidation never overtakes the value that it is about.
 */

import { assert, assertEquals } from "@std/assert";
import { connect } from "node:net";
import { start } from "../../src/mod.ts";
import type { Session } from "../../src/threads/main/session.ts";
import { Broadcasts } from "../../src/threads/main/tracking/broadcasts.ts";
import { Client } from "../client.ts";
import { cleanup, test, waitFor } from "../harness.ts";
import { format, type Reply } from "../reply.ts";

const SETTINGS = [0, 1, 4];

async function server(shards: number): Promise<{ port: number }> {
  const started = await start({ port: 0, shards });
  cleanup(() => started.close());
  return started;
}

/** The client's number. */
async function idOf(client: Client): Promise<string> {
  return (await client.show("CLIENT", "ID")).replace("(integer) ", "");
}

for (const shards of SETTINGS) {
  test(`tracking: redirection, ${shards} shards`, async () => {
    const address = await server(shards);
    const [reader, listener, writer] = [
      await Client.connect(address),
      await Client.connect(address),
      await Client.connect(address),
    ];
    const id = await idOf(listener);
    assertEquals(await reader.show("CLIENT", "TRACKING", "ON", "REDIRECT", id), "OK");
    assertEquals(await reader.show("CLIENT", "GETREDIR"), `(integer) ${id}`);
    await listener.show("SUBSCRIBE", "__redis__:invalidate");
    await reader.show("GET", "k");
    await writer.show("SET", "k", 1);
    assertEquals(format(await listener.read()), '1) "message"\n2) "__redis__:invalidate"\n3) 1) "k"');
    await writer.show("FLUSHALL");
    assertEquals(format(await listener.read()), '1) "message"\n2) "__redis__:invalidate"\n3) (nil)');
    assert((await writer.show("INFO", "clients")).includes("tracking_clients:1"));

    await reader.show("HELLO", 3);
    await reader.show("GET", "k");
    listener.close();
    await waitFor(async () => !(await writer.show("CLIENT", "LIST")).includes(`id=${id} `), "the listener's end");
    await writer.show("SET", "k", 2);
    await waitFor(() => reader.pushes.length === 1, "the push");
    assertEquals(format(reader.pushes[0]), `1) "tracking-redir-broken"\n2) (integer) ${id}`);
    assert((await reader.show("CLIENT", "TRACKINGINFO")).includes("broken_redirect"));
    assert((await writer.show("CLIENT", "LIST")).includes("flags=tR"));
    reader.close();
    await waitFor(
      async () => (await writer.show("INFO", "clients")).includes("tracking_clients:0"),
      "the reader's end",
    );
  });
}

for (const shards of [0, 1]) {
  test(`tracking: an evicted key is told of ahead of the reply of the command that came upon it, ${shards} shards`, async () => {
    const address = await server(shards);
    const socket = connect(address.port, "127.0.0.1");
    cleanup(() => {
      socket.destroy();
    });
    let received = "";
    socket.on("data", (bytes) => received += bytes.toString("latin1"));
    socket.write(
      "HELLO 3\r\nCLIENT TRACKING ON\r\nCONFIG SET maxmemory-policy volatile-random maxmemory 300kb\r\n" +
        "SET goes v EX 1000\r\nGET goes\r\nSTRLEN 0123\r\n",
    );
    await waitFor(() => received.endsWith("$1\r\nv\r\n:0\r\n"), "the first replies");
    received = "";
    // Nothing comes between: the second finds too much in memory.
    socket.write("SETBIT large 3200000 0\r\nSTRLEN large\r\n");
    await waitFor(() => received.endsWith(":400001\r\n"), "the replies");
    const told = received.indexOf(">2\r\n$10\r\ninvalidate\r\n*1\r\n$4\r\ngoes\r\n");
    assert(told >= 0 && told < received.lastIndexOf(":"), received);
  });
}

test("tracking: NOLOOP hides no change that others, or the key's time, made in the same turn", () => {
  const broadcasts = new Broadcasts();
  const own = { tracking: { noLoop: true } } as Session;
  broadcasts.add(own, "");
  broadcasts.changed("mine", own);
  broadcasts.changed("mine", own);
  broadcasts.changed("expired", own);
  broadcasts.changed("expired", undefined);
  const told: string[] = [];
  broadcasts.take((_session, keys) => told.push(...keys));
  assertEquals(told, ["expired"]);
});

const KEYS = Array.from({ length: 8 }, (_, i) => `key:${i}`);
/** After each phase all is quiet, and what clients keep is looked at. */
const PHASES = 40;
const ROUNDS = 4;
const DEPTH = 8;

/** Small numbers in no order that matters; the same in every run. */
function* numbers(seed: number): Generator<number, never> {
  for (let x = seed;; x = (x * 1103515245 + 12345) % 2147483648) yield x >> 16;
}

/** A client that keeps what it read, as long as it is not told otherwise. */
class Cache {
  readonly values = new Map<string, string>();
  constructor(readonly client: Client) {
    client.pushesAreReplies = true;
  }

  /** Takes the next messages until the reply of a request; applies invalidations on the way. */
  async reply(): Promise<Reply> {
    for (;;) {
      const reply = await this.client.read();
      if (reply.type !== "push") return reply;
      const [, keys] = reply.items;
      if (keys.type === "null") this.values.clear();
      else if (keys.type === "array") {
        for (const key of keys.items) this.values.delete(JSON.parse(format(key)));
      }
    }
  }

  keep(key: string, value: Reply): void {
    this.values.set(key, format(value));
  }
}

/** Pipelines of reads of all kinds: alone, of several keys, in a transaction, with writes of the client's own between them. */
async function readAndKeep(cache: Cache, random: Generator<number, never>): Promise<void> {
  const pick = () => KEYS[random.next().value % KEYS.length];
  const { client } = cache;
  for (let round = 0; round < ROUNDS; round++) {
    const taken: (() => Promise<void>)[] = [];
    for (let i = 0; i < DEPTH; i++) {
      const [a, b] = [pick(), pick()];
      switch (random.next().value % 5) {
        case 0:
          client.send("MGET", a, b);
          taken.push(async () => {
            const reply = await cache.reply();
            if (reply.type !== "array") throw new Error(format(reply));
            cache.keep(a, reply.items[0]);
            cache.keep(b, reply.items[1]);
          });
          break;
        case 1:
          client.send("MULTI");
          client.send("GET", a);
          client.send("GET", b);
          client.send("EXEC");
          taken.push(async () => {
            for (let k = 0; k < 3; k++) await cache.reply();
            const reply = await cache.reply();
            if (reply.type !== "array") throw new Error(format(reply));
            cache.keep(a, reply.items[0]);
            cache.keep(b, reply.items[1]);
          });
          break;
        case 2:
          client.send("INCR", a);
          taken.push(async () => void await cache.reply());
          break;
        default:
          client.send("GET", a);
          taken.push(async () => cache.keep(a, await cache.reply()));
      }
    }
    for (const take of taken) await take();
  }
}

async function write(client: Client, random: Generator<number, never>): Promise<void> {
  const pick = () => KEYS[random.next().value % KEYS.length];
  for (let round = 0; round < ROUNDS; round++) {
    const commands: (string | number)[][] = [];
    for (let i = 0; i < DEPTH; i++) {
      const which = random.next().value % 8;
      if (which === 0) commands.push(["DEL", pick(), pick()]);
      else if (which === 1) commands.push(["MSET", pick(), i, pick(), i]);
      else if (which === 2) commands.push(["COPY", pick(), pick(), "REPLACE"]);
      else if (which === 3) commands.push(["SET", pick(), i, "PX", 1]);
      else commands.push(["INCR", pick()]);
    }
    await client.pipeline(commands);
  }
}

for (const shards of SETTINGS) {
  for (const mode of [[], ["BCAST"]]) {
    test(`tracking: caches stay coherent, ${shards} shards ${mode}`, async () => {
      const address = await server(shards);
      const caches: Cache[] = [];
      for (let i = 0; i < 3; i++) {
        const client = await Client.connect(address);
        await client.call("HELLO", 3);
        assertEquals(await client.show("CLIENT", "TRACKING", "ON", ...mode), "OK");
        caches.push(new Cache(client));
      }
      const writers = [await Client.connect(address), await Client.connect(address)];
      const seeds = [1, 2, 3, 4, 5].map(numbers);
      let kept = 0;
      for (let phase = 0; phase < PHASES; phase++) {
        await Promise.all([
          ...writers.map((client, i) => write(client, seeds[i])),
          ...caches.map((cache, i) => readAndKeep(cache, seeds[2 + i])),
        ]);
        for (const cache of caches) {
          const key = KEYS[phase % KEYS.length];
          cache.client.send("GET", key);
          cache.keep(key, await cache.reply());
        }
        // Expired keys go when they are asked for, which is a change that is told like any.
        const truth = new Map<string, string>();
        for (const key of KEYS) truth.set(key, await writers[0].show("GET", key));
        for (const cache of caches) {
          // What a turn has to tell comes no later than the reply of the next but one.
          for (let i = 0; i < 2; i++) {
            cache.client.send("PING");
            await cache.reply();
          }
          for (const [key, value] of cache.values) assertEquals(value, truth.get(key), `${key} in phase ${phase}`);
          kept += cache.values.size;
        }
      }
      assert(kept >= PHASES, `${kept} values were kept`);
    });
  }
}
