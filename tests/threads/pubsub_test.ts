/** Pub/sub beyond what sessions show: many and slow subscribers, order within pipelines, messages among large replies. */
import { assert, assertEquals } from "@std/assert";
import { type RunningServer, start } from "../../src/mod.ts";
import { Client } from "../client.ts";
import { cleanup, test, waitFor } from "../harness.ts";
import type { Reply } from "../reply.ts";

const START_MS = 1_700_000_000_000;

async function serve(shards: number, directives: Record<string, unknown> = {}) {
  let nowMs = START_MS;
  const server: RunningServer = await start({ ...directives, port: 0, shards, clock: { nowMs: () => nowMs } });
  cleanup(() => server.close());
  return { port: server.port, advance: (ms: number) => nowMs += ms };
}

/** A connection under RESP3. */
async function connect3(port: number): Promise<Client> {
  const client = await Client.connect({ port });
  await client.call("HELLO", 3);
  return client;
}

function words(reply: Reply): string[] {
  return "items" in reply ? reply.items.map((item) => "text" in item ? String(item.text) : item.type) : [];
}

function statistic(info: Reply, name: string): number {
  return Number(new RegExp(`${name}:(\\d+)`).exec("text" in info ? String(info.text) : "")![1]);
}

for (const shards of [0, 1, 4]) {
  const where = shards === 0 ? "inline" : `${shards} shards`;

  test(`a thousand subscribers of both protocols get every message in order: ${where}`, async () => {
    const { port } = await serve(shards);
    const publisher = await Client.connect({ port });
    const listeners = await Promise.all(
      Array.from({ length: 1000 }, (_, i) => i % 2 === 0 ? Client.connect({ port }) : connect3(port)),
    );
    for (const [i, client] of listeners.entries()) {
      client.pushesAreReplies = true;
      await client.call(i % 5 === 0 ? "PSUBSCRIBE" : "SUBSCRIBE", i % 5 === 0 ? "n?ws" : "news");
    }
    const messages = Array.from({ length: 20 }, (_, i) => `message ${i}`);
    const counts = await publisher.pipeline(messages.map((message) => ["PUBLISH", "news", message]));
    for (const count of counts) assertEquals(count, { type: "int", text: "1000" });
    for (const [i, client] of listeners.entries()) {
      for (const message of messages) {
        const expected = i % 5 === 0 ? ["pmessage", "n?ws", "news", message] : ["message", "news", message];
        assertEquals(words(await client.read()), expected);
      }
    }
    for (const client of listeners) client.close();
    await waitFor(async () => words(await publisher.call("PUBSUB", "NUMSUB", "news"))[1] === "0", "the end of all");
  }, { timeoutMs: 120_000 });

  test(`a subscriber that does not read is closed at the hard limit: ${where}`, async () => {
    const { port } = await serve(shards, { "client-output-buffer-limit": "pubsub 1mb 0 0" });
    const publisher = await Client.connect({ port });
    const slow = await Client.connect({ port });
    const quick = await Client.connect({ port });
    await slow.call("SUBSCRIBE", "news");
    await quick.call("SUBSCRIBE", "news");
    slow.pause(true);
    const message = "x".repeat(100_000);
    let sent = 0;
    // What the sockets' own buffers take does not count.
    while ((await publisher.show("PUBLISH", "news", message)) === "(integer) 2") {
      sent++;
      await quick.read();
      assert(sent < 1000, "the slow subscriber was never closed");
    }
    await quick.read();
    const info = await publisher.call("INFO", "stats");
    assertEquals(statistic(info, "client_output_buffer_limit_disconnections"), 1);
    await publisher.call("PUBLISH", "news", "the end");
    assertEquals(words(await quick.read()), ["message", "news", "the end"]);
    slow.pause(false);
    await slow.closed;
  });

  test(`a subscriber that stays above the soft limit is closed after its time: ${where}`, async () => {
    const { port, advance } = await serve(shards, { "client-output-buffer-limit": "pubsub 0 100kb 10" });
    const publisher = await Client.connect({ port });
    const slow = await Client.connect({ port });
    await slow.call("SUBSCRIBE", "news");
    slow.pause(true);
    const message = "x".repeat(100_000);
    const unsent = async () => {
      const found = /omem=(\d+)/.exec(await publisher.show("CLIENT", "LIST", "TYPE", "pubsub"));
      return found === null ? 0 : Number(found[1]);
    };
    while (await unsent() < 200_000) await publisher.call("PUBLISH", "news", message);
    advance(9_000);
    assertEquals(await publisher.show("PUBLISH", "news", message), "(integer) 1");
    advance(2_000);
    await waitFor(
      async () => await publisher.show("PUBSUB", "NUMSUB", "news") === '1) "news"\n2) (integer) 0',
      "its end",
    );
  });

  test(`messages never stand within a reply: ${where}`, async () => {
    const { port } = await serve(shards);
    const publisher = await Client.connect({ port });
    const reader = await connect3(port);
    const value = "v".repeat(3_000_000);
    await publisher.call("SET", "large", value);
    reader.send("SUBSCRIBE", "news");
    assertEquals(words(await reader.readPush())[0], "subscribe");
    const rounds = 20;
    const replies: Promise<Reply>[] = [];
    for (let i = 0; i < rounds; i++) {
      reader.send("GET", "large");
      replies.push(reader.read());
      publisher.send("PUBLISH", "news", i);
    }
    for (const reply of replies) assertEquals(await reply, { type: "bulk", text: value });
    for (let i = 0; i < rounds; i++) assertEquals(words(await reader.readPush()), ["message", "news", String(i)]);
  });

  test(`in a pipeline messages keep their place among replies and events: ${where}`, async () => {
    const { port } = await serve(shards, { "notify-keyspace-events": "K$" });
    const listener = await Client.connect({ port });
    await listener.call("PSUBSCRIBE", "*");
    const publisher = await Client.connect({ port });
    const requests: string[][] = [];
    const expected: string[] = [];
    const replies: string[] = [];
    for (let i = 0; i < 200; i++) {
      requests.push(["SET", `key:${i}`, "v"], ["PUBLISH", "news", String(i)]);
      expected.push(`__keyspace@0__:key:${i} set`, `news ${i}`);
      replies.push("OK", "1");
    }
    for (let i = 0; i < 200; i++) {
      requests.push(["SET", `next:${i}`, "v"]);
      expected.push(`__keyspace@0__:next:${i} set`);
      replies.push("OK");
    }
    requests.push(["MULTI"], ["SET", "key:a", "v"], ["PUBLISH", "news", "between"], ["SET", "key:b", "v"], ["EXEC"]);
    expected.push("__keyspace@0__:key:a set", "news between", "__keyspace@0__:key:b set");
    const answers = await publisher.pipeline(requests);
    const shown = answers.slice(0, replies.length).map((reply) => "text" in reply ? reply.text : reply.type);
    assertEquals(shown, replies);
    const told: string[] = [];
    while (told.length < expected.length) {
      const [, , channel, message] = words(await listener.read());
      told.push(`${channel} ${message}`);
    }
    assertEquals(told, expected);
  });

  test(`a connection's own messages follow its replies: ${where}`, async () => {
    const { port } = await serve(shards, { "notify-keyspace-events": "K$" });
    const client = await connect3(port);
    client.pushesAreReplies = true;
    await client.call("SUBSCRIBE", "news", "__keyspace@0__:k");
    await client.read();
    for (const request of [["SET", "k", "v"], ["PUBLISH", "news", "x"], ["GET", "k"]]) client.send(...request);
    const kinds: string[] = [];
    for (let i = 0; i < 5; i++) {
      const reply = await client.read();
      kinds.push("items" in reply ? words(reply)[2] : "text" in reply ? reply.text : reply.type);
    }
    assertEquals(kinds, ["OK", "set", "1", "x", "v"]);
    for (const request of [["MULTI"], ["PUBLISH", "news", "y"], ["SET", "k", "w"], ["GET", "k"], ["EXEC"]]) {
      client.send(...request);
    }
    for (let i = 0; i < 4; i++) await client.read();
    const exec = await client.read();
    assertEquals("items" in exec ? exec.items.length : 0, 3);
    const after = [words(await client.read())[2], words(await client.read())[2]];
    assertEquals(after, ["y", "set"]);
  });

  test(`a connection that ends in the midst of its EXEC leaves nothing: ${where}`, async () => {
    const { port } = await serve(shards);
    const observer = await Client.connect({ port });
    for (let i = 0; i < 50; i++) {
      const client = await Client.connect({ port });
      for (const request of [["MULTI"], ["GET", "k"], ["SUBSCRIBE", "a"], ["GET", "l"], ["SUBSCRIBE", "b"], ["EXEC"]]) {
        client.send(...request);
      }
      await client.read();
      client.close();
    }
    const left = async () => {
      const info = await observer.call("INFO", "clients");
      return statistic(info, "connected_clients") - 1 + statistic(info, "pubsub_clients");
    };
    await waitFor(async () => await left() === 0, "the end of all");
    assertEquals(words(await observer.call("PUBSUB", "CHANNELS")), []);
  });

  test(`a blocked RESP3 connection gets messages: ${where}`, async () => {
    const { port } = await serve(shards);
    const publisher = await Client.connect({ port });
    const client = await connect3(port);
    client.pushesAreReplies = true;
    await client.call("SUBSCRIBE", "news");
    client.send("BLPOP", "list", 0);
    await waitFor(
      async () => statistic(await publisher.call("INFO", "clients"), "blocked_clients") === 1,
      "it to block",
    );
    await publisher.call("PUBLISH", "news", "x");
    assertEquals(words(await client.read()), ["message", "news", "x"]);
    await publisher.call("RPUSH", "list", "element");
    assertEquals(words(await client.read()), ["list", "element"]);
  });
}
