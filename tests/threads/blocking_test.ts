/** Clients that wait: timeouts, CLIENT UNBLOCK, connections that go, keys in several shards; inline, with 1 and with 4 shards. */
import { assert, assertEquals } from "@std/assert";
import { start } from "../../src/mod.ts";
import { Client } from "../client.ts";
import { seededRandom } from "../engine.ts";
import { cleanup, test, waitFor } from "../harness.ts";
import { format } from "../reply.ts";

/** Any fixed moment will do. */
const START_MS = 1_700_000_000_000;

class Stage {
  /** The server's time. */
  nowMs = START_MS;
  control!: Client;
  private server!: { port: number };

  static async open(shards: number, clock: "simulated" | "real" = "simulated"): Promise<Stage> {
    const stage = new Stage();
    const server = await start({
      port: 0,
      shards,
      clock: { nowMs: () => clock === "real" ? Date.now() : stage.nowMs },
    });
    cleanup(() => server.close());
    stage.server = server;
    stage.control = await Client.connect(server);
    // All shards run from here on.
    await stage.control.call("DBSIZE");
    return stage;
  }

  connect(): Promise<Client> {
    return Client.connect(this.server);
  }

  /** A field of INFO clients. */
  async figure(name: string): Promise<number> {
    const reply = await this.control.call("INFO", "clients");
    assert("text" in reply);
    return Number(new RegExp(`\r\n${name}:(\\d+)`).exec(reply.text)?.[1]);
  }

  /** A connection of its own that waits in the command. */
  async block(...args: (string | number)[]): Promise<Client> {
    const client = await this.connect();
    await this.blockOn(client, ...args);
    return client;
  }

  async blockOn(client: Client, ...args: (string | number)[]): Promise<void> {
    const before = await this.figure("blocked_clients");
    client.send(...args);
    await waitFor(async () => await this.figure("blocked_clients") > before, `${args.join(" ")} to wait`);
  }

  /** Nobody waits, and no shard remembers anyone. */
  async quiet(): Promise<void> {
    for (const name of ["blocked_clients", "clients_in_timeout_table", "total_blocking_keys"]) {
      await waitFor(async () => await this.figure(name) === 0, `${name} to be 0`);
    }
    assertEquals(await this.figure("total_blocking_keys_on_nokey"), 0);
  }
}

async function idOf(client: Client): Promise<number> {
  const reply = await client.call("CLIENT", "ID");
  assert(reply.type === "int");
  return Number(reply.text);
}

for (const shards of [0, 1, 4]) {
  const where = shards === 0 ? "inline" : `${shards} shards`;

  test(`blocking: CLIENT UNBLOCK, CLIENT LIST and INFO, ${where}`, async () => {
    const stage = await Stage.open(shards);
    const { control } = stage;
    const client = await stage.connect();
    const id = await idOf(client);
    assertEquals(await control.show("CLIENT", "UNBLOCK", id), "(integer) 0");
    await stage.blockOn(client, "BLPOP", "a", "b", "c", "d", "e", 0);
    const list = await control.call("CLIENT", "LIST", "ID", id);
    assert("text" in list && list.text.includes(" flags=b ") && list.text.includes(" cmd=blpop "));
    await waitFor(async () => await stage.figure("total_blocking_keys") === 5, "5 keys to be waited for");
    assertEquals(await control.show("CLIENT", "UNBLOCK", id), "(integer) 1");
    assertEquals((await client.read()).type, "null");
    await stage.blockOn(client, "BZPOPMIN", "a", "b", "c", 100);
    assertEquals(await stage.figure("clients_in_timeout_table"), 1);
    assertEquals(await control.show("CLIENT", "UNBLOCK", id, "ERROR"), "(integer) 1");
    const error = await client.read();
    assert(error.type === "error" && error.text === "UNBLOCKED client unblocked via CLIENT UNBLOCK");
    assertEquals(await control.show("CLIENT", "UNBLOCK", id, "TIMEOUT"), "(integer) 0");
    await stage.quiet();
    assertEquals(await control.show("RPUSH", "b", "v"), "(integer) 1");
    assertEquals(await client.show("PING"), "PONG");
    const group = await stage.connect();
    await control.call("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
    await stage.blockOn(group, "XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">");
    await waitFor(
      async () => await stage.figure("total_blocking_keys_on_nokey") === 1,
      "a key's going to be waited for",
    );
    group.close();
    await stage.quiet();
  });

  test(`blocking: a client that goes, or says no more, leaves nothing behind, ${where}`, async () => {
    const stage = await Stage.open(shards);
    const { control } = stage;
    const gone = await stage.block("BLPOP", "a", "b", "c", "d", 0);
    gone.close();
    await stage.quiet();
    const half = await stage.block("BLPOP", "a", "b", "c", "d", 0);
    half.finish();
    await half.closed;
    await stage.quiet();
    const early = await stage.connect();
    early.send("BLPOP", "a", "b", "c", "d", 0);
    early.finish();
    await early.closed;
    const killed = await stage.connect();
    const id = await idOf(killed);
    await stage.blockOn(killed, "BLMOVE", "a", "b", "LEFT", "LEFT", 50);
    // The next push comes right behind: the killed client must not get it.
    const replies = await control.pipeline([["CLIENT", "KILL", "ID", id], ["RPUSH", "a", "v"], ["LLEN", "a"]]);
    assertEquals(replies.map((reply) => format(reply)), Array(3).fill("(integer) 1"));
    await killed.closed;
    await stage.quiet();
    assertEquals(await control.show("DEL", "a", "b"), "(integer) 1");
  });

  test(`blocking: timeouts come in time and in order, ${where}`, async () => {
    const stage = await Stage.open(shards);
    const order: number[] = [];
    const seconds = [0.3, 0.1, 0.2, 0.05];
    for (const [i, timeout] of seconds.entries()) {
      const client = await stage.block("BLPOP", `k${i}`, "other", timeout);
      client.read().then((reply) => {
        assertEquals(reply.type, "null");
        order.push(i);
      });
    }
    assertEquals(await stage.figure("clients_in_timeout_table"), 4);
    for (const [n, i] of [3, 1, 2, 0].entries()) {
      stage.nowMs = START_MS + seconds[i] * 1000 - 1;
      assertEquals(await stage.control.show("PING"), "PONG");
      assertEquals(order.length, n);
      stage.nowMs++;
      await waitFor(() => order.length > n, `the ${n + 1}. timeout`);
      assertEquals(order[n], i);
    }
    await stage.quiet();
  });

  test(`blocking: replies that a client does not want, ${where}`, async () => {
    const stage = await Stage.open(shards);
    const { control } = stage;
    const skips = await stage.connect();
    skips.send("CLIENT", "REPLY", "SKIP");
    await stage.blockOn(skips, "BLPOP", "k", "l", 0);
    await control.call("RPUSH", "l", "v");
    assertEquals(await skips.show("PING"), "PONG");
    const off = await stage.connect();
    off.send("CLIENT", "REPLY", "OFF");
    await stage.blockOn(off, "BLPOP", "k", "l", 0);
    await control.call("RPUSH", "k", "v");
    await stage.quiet();
    assertEquals(await off.show("CLIENT", "REPLY", "ON"), "OK");
  });

  test(`blocking: a list feeds clients whose targets lie anywhere, in their order, ${where}`, async () => {
    const stage = await Stage.open(shards);
    const { control } = stage;
    const clients: Client[] = [];
    for (let i = 0; i < 12; i++) {
      clients.push(
        i % 3 === 0
          ? await stage.block("BLPOP", "src", 0)
          : await stage.block("BLMOVE", "src", `dst${i}`, "LEFT", "RIGHT", 0),
      );
    }
    const values = Array.from({ length: 14 }, (_, i) => `v${i}`);
    await control.call("RPUSH", "src", ...values);
    for (const [i, client] of clients.entries()) {
      const expected = i % 3 === 0 ? `1) "src"\n2) "v${i}"` : `"v${i}"`;
      assertEquals(format(await client.read()), expected);
      if (i % 3 !== 0) assertEquals(await control.show("LRANGE", `dst${i}`, 0, -1), `1) "v${i}"`);
    }
    assertEquals(await control.show("LRANGE", "src", 0, -1), '1) "v12"\n2) "v13"');
    await stage.quiet();
  });

  test(`blocking: a request with many keys is larger than a ring's messages, ${where}`, async () => {
    const stage = await Stage.open(shards);
    const { control } = stage;
    const keys = Array.from(
      { length: 16_000 },
      (_, i) => `a-key-with-a-rather-long-name-so-that-it-takes-some-room-${i}`,
    );
    const client = await stage.block("BLPOP", ...keys, 0);
    await waitFor(async () => await stage.figure("total_blocking_keys") === keys.length, "all keys to be waited for");
    await control.call("RPUSH", keys[12_345], "v");
    const reply = await client.read();
    assert(reply.type === "array" && reply.items[0].type === "bulk" && reply.items[0].text === keys[12_345]);
    await stage.quiet();
    assertEquals(await control.show("DBSIZE"), "(integer) 0");
  });

  test(`blocking: random waits, pushes and kills lose and double nothing, ${where}`, async () => {
    const stage = await Stage.open(shards, "real");
    const { control } = stage;
    const random = seededRandom(shards + 7);
    const below = (n: number) => Math.floor(random() * n);
    const key = () => `k${below(12)}`;
    const got = new Set<string>();
    let doubled = 0;
    /** Elements that went to clients before these read them. */
    let lost = 0;
    let stopping = false;
    const worker = async () => {
      while (!stopping) {
        const client = await stage.connect();
        const lives = 1 + below(6);
        for (let n = 0; n < lives && !stopping; n++) {
          const what = below(4);
          if (what === 0) client.send("BLMOVE", key(), key(), "LEFT", "RIGHT", 0.05);
          else if (what === 1) client.send("BLMPOP", 0.05, 3, key(), key(), key(), "LEFT", "COUNT", 2);
          else client.send(what === 2 ? "BLPOP" : "BRPOP", key(), key(), key(), 0.05);
          if (random() < 0.1) {
            client.close();
            if (what !== 0) lost += 2;
            break;
          }
          const reply = await client.read();
          if (reply.type !== "array") continue;
          const items = reply.items[1].type === "array" ? reply.items[1].items : [reply.items[1]];
          for (const item of items) {
            assert(item.type === "bulk");
            if (got.has(item.text)) doubled++;
            got.add(item.text);
          }
        }
        client.close();
      }
    };
    const workers = Array.from({ length: 24 }, worker);
    const pushed = 3000;
    for (let n = 0; n < pushed; n += 10) {
      const requests = Array.from({ length: 10 }, (_, i) => ["RPUSH", key(), `v${n + i}`]);
      // Some in a transaction over several shards.
      if (random() < 0.3) await control.pipeline([["MULTI"], ...requests, ["EXEC"]]);
      else await control.pipeline(requests);
    }
    stopping = true;
    await Promise.all(workers);
    await stage.quiet();
    let left = 0;
    for (let k = 0; k < 12; k++) {
      const reply = await control.call("LRANGE", `k${k}`, 0, -1);
      assert(reply.type === "array");
      for (const item of reply.items) {
        assert(item.type === "bulk");
        if (got.has(item.text)) doubled++;
        got.add(item.text);
        left++;
      }
    }
    assertEquals(doubled, 0);
    assert(
      got.size <= pushed && got.size + lost >= pushed,
      `${got.size} of ${pushed} seen, ${left} left, ${lost} may be lost`,
    );
    assert(got.size > pushed / 2);
  });
}
