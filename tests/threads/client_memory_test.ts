/** maxmemory-clients: clients that take too much together are closed, the largest first. */
import { assert, assertEquals } from "@std/assert";
import { start } from "../../src/mod.ts";
import { Client } from "../client.ts";
import { cleanup, test, waitFor } from "../harness.ts";

const LIMIT = 3_000_000;

async function serve(shards: number, directives: Record<string, unknown> = {}): Promise<() => Promise<Client>> {
  const server = await start({ port: 0, shards, "maxmemory-clients": LIMIT, ...directives });
  cleanup(() => server.close());
  return async () => {
    const client = await Client.connect(server);
    cleanup(() => client.close());
    return client;
  };
}

async function named(connect: () => Promise<Client>, name: string): Promise<Client> {
  const client = await connect();
  await client.show("CLIENT", "SETNAME", name);
  return client;
}

/** The lines of a reply that is text. */
async function lines(client: Client, ...command: string[]): Promise<string[]> {
  const reply = await client.call(...command);
  assert(reply.type === "bulk", reply.type);
  return reply.text.split("\n");
}

/** Names of the clients that are connected, in order. */
async function names(watcher: Client): Promise<string[]> {
  return (await lines(watcher, "CLIENT", "LIST")).flatMap((line) => / name=(\S+) /.exec(line)?.[1] ?? []).sort();
}

async function field(watcher: Client, name: string, of: string): Promise<number> {
  const line = (await lines(watcher, "CLIENT", "LIST")).find((each) => each.includes(` name=${name} `));
  return Number(new RegExp(` ${of}=(\\d+)`).exec(line!)![1]);
}

async function evicted(watcher: Client): Promise<string> {
  return /evicted_clients:(\d+)/.exec(await watcher.show("INFO", "stats"))![1];
}

/** Sends the beginning of a request: a command's name that is never complete. */
function begin(client: Client, bytes: number): void {
  client.write(`*1\r\n$${bytes + 1}\r\n${"x".repeat(bytes)}`);
}

for (const shards of [0, 2]) {
  const where = shards === 0 ? "inline" : `${shards} shards`;

  test(`maxmemory-clients: requests that are not complete, ${where}`, async () => {
    const connect = await serve(shards);
    const watcher = await connect();
    const [small, large] = [await named(connect, "small"), await named(connect, "large")];
    begin(small, LIMIT / 6);
    await waitFor(async () => await field(watcher, "small", "tot-mem") > LIMIT / 6, "the request's beginning");
    assertEquals(await evicted(watcher), "0");
    begin(large, LIMIT);
    await large.closed;
    assertEquals(await names(watcher), ["small"]);
    assertEquals(await evicted(watcher), "1");
    await watcher.show("CONFIG", "RESETSTAT");
    assertEquals(await evicted(watcher), "0");
  });

  test(`maxmemory-clients: a complete request that is too large is not run, ${where}`, async () => {
    const connect = await serve(shards);
    const [watcher, client] = [await connect(), await named(connect, "client")];
    assertEquals(await client.show("MSET", "k", "v", "l", "x".repeat(LIMIT / 3)), "OK");
    client.send("SET", "k", "x".repeat(LIMIT));
    await client.closed;
    assertEquals(await watcher.show("GET", "k"), '"v"');
  });

  test(`maxmemory-clients: queues, watched keys and subscriptions, ${where}`, async () => {
    const connect = await serve(shards);
    const watcher = await connect();
    const queueing = await named(connect, "queueing");
    await queueing.show("MULTI");
    await queueing.show("SET", "k", "x".repeat(LIMIT / 4));
    assert(await field(watcher, "queueing", "multi-mem") >= LIMIT / 4);
    for (let i = 0; i < 5; i++) queueing.send("SET", "k", "x".repeat(LIMIT / 4));
    await queueing.closed;
    assertEquals(await watcher.show("CONFIG", "SET", "maxmemory-clients", "200000"), "OK");
    for (const command of ["WATCH", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"]) {
      const client = await named(connect, command);
      for (let i = 0; i < 3000; i++) client.send(command, `a name that takes some room ${i}`);
      await client.closed;
    }
    const tracking = await named(connect, "tracking");
    const prefixes = Array.from({ length: 3000 }, (_, i) => ["PREFIX", `p${String(i).padStart(6, "0")}`]).flat();
    tracking.send("CLIENT", "TRACKING", "ON", "BCAST", ...prefixes);
    await tracking.closed;
    assertEquals(await evicted(watcher), "6");
  });

  test(`maxmemory-clients: a lower bound ends the largest, CLIENT NO-EVICT spares, ${where}`, async () => {
    const connect = await serve(shards);
    const watcher = await connect();
    const sizes = { a: 100_000, b: 400_000, c: 200_000, spared: 700_000 };
    const clients: Record<string, Client> = {};
    for (const [name, bytes] of Object.entries(sizes)) {
      const client = clients[name] = await named(connect, name);
      if (name === "spared") await client.show("CLIENT", "NO-EVICT", "ON");
      begin(client, bytes);
      await waitFor(async () => await field(watcher, name, "tot-mem") > bytes, "the request's beginning");
    }
    assertEquals(await names(watcher), ["a", "b", "c", "spared"]);
    // A percentage is one of maxmemory.
    assertEquals(await watcher.show("CONFIG", "SET", "maxmemory", "10mb", "maxmemory-clients", "15%"), "OK");
    assertEquals(await names(watcher), ["a", "c", "spared"]);
    assertEquals(await watcher.show("CONFIG", "SET", "maxmemory-clients", "1100000"), "OK");
    await clients.a.closed;
    assertEquals(await names(watcher), ["spared"]);
    assertEquals(await evicted(watcher), "3");
  });

  test(`maxmemory-clients: messages that nobody takes, ${where}`, async () => {
    const connect = await serve(shards);
    const [watcher, listener] = [await connect(), await named(connect, "listener")];
    await listener.show("SUBSCRIBE", "channel");
    listener.pause(true);
    const message = "x".repeat(500_000);
    await waitFor(async () => {
      await watcher.show("PUBLISH", "channel", message);
      return (await names(watcher)).length === 0;
    }, "the listener's end");
    assertEquals(await evicted(watcher), "1");
  });
}
