/** SLOWLOG and LATENCY tell of calls that took long, wherever they ran. */
import { assert, assertEquals } from "@std/assert";
import { start } from "../../src/mod.ts";
import { Client } from "../client.ts";
import { cleanup, test, waitFor } from "../harness.ts";
import type { Reply } from "../reply.ts";

async function startAt(shards: number, directives: Record<string, unknown>): Promise<Client> {
  const server = await start({ port: 0, shards, ...directives });
  cleanup(() => server.close());
  return await Client.connect(server);
}

function items(reply: Reply): readonly Reply[] {
  assert("items" in reply, `an aggregate, not ${reply.type}`);
  return reply.items;
}

function text(reply: Reply): string {
  return "text" in reply ? reply.text : "value" in reply ? String(reply.value) : reply.type;
}

/** The arguments of each entry, newest first. */
async function calls(client: Client): Promise<string[]> {
  return items(await client.call("SLOWLOG", "GET", "-1")).map((entry) => items(items(entry)[3]).map(text).join(" "));
}

for (const shards of [0, 2]) {
  const where = shards === 0 ? "inline" : `${shards} shards`;

  test(`SLOWLOG keeps calls as they were sent, shortened and without passwords, ${where}`, async () => {
    const client = await startAt(shards, { "slowlog-log-slower-than": 0 });
    await client.call("CLIENT", "SETNAME", "me");
    await client.call("SLOWLOG", "RESET");
    await client.call("SET", "k", "x".repeat(200));
    const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
    await client.call("SINTER", ...keys);
    await client.call("AUTH", "wrong", "password");
    await client.call("CONFIG", "SET", "masterauth", "secret");
    const found = await calls(client);
    assertEquals(found[0], "CONFIG SET masterauth (redacted)");
    assertEquals(found[1], "AUTH (redacted) (redacted)");
    assertEquals(found[2], `SINTER ${keys.slice(0, 30).join(" ")} ... (10 more arguments)`);
    assertEquals(found[3], `SET k ${"x".repeat(128)}... (72 more bytes)`);
    const newest = items(items(await client.call("SLOWLOG", "GET", "1"))[0]);
    assertEquals(newest.length, 6);
    assert(Number(text(newest[2])) > 0);
    assertEquals(text(newest[5]), "me");
    await client.call("CONFIG", "SET", "slowlog-max-len", "2");
    assertEquals(text(await client.call("SLOWLOG", "LEN")), "2");
  });

  test(`a blocking call is told of when it is served, ${where}`, async () => {
    const server = await start({ port: 0, shards, "slowlog-log-slower-than": 0 });
    cleanup(() => server.close());
    const [client, waiting] = [await Client.connect(server), await Client.connect(server)];
    waiting.send("BLPOP", "list", "0");
    await waitFor(async () => (await client.show("INFO", "clients")).includes("blocked_clients:1"), "BLPOP to wait");
    assert(!(await calls(client)).includes("BLPOP list 0"));
    await client.call("RPUSH", "list", "element");
    await waiting.read();
    await waitFor(async () => (await calls(client)).includes("BLPOP list 0"), "BLPOP's entry");
    assertEquals((await calls(client)).filter((call) => call === "BLPOP list 0").length, 1);
  });

  test(`SLOWLOG's numbers count what was kept, ${where}`, async () => {
    const client = await startAt(shards, { "slowlog-log-slower-than": 0, "slowlog-max-len": 0 });
    for (let i = 0; i < 5; i++) await client.call("PING");
    await client.call("CONFIG", "SET", "slowlog-max-len", "10");
    const [entry] = items(await client.call("SLOWLOG", "GET"));
    assertEquals(text(items(entry)[0]), "0");
  });

  test(`only calls beyond the thresholds are kept, ${where}`, async () => {
    const client = await startAt(shards, { "slowlog-log-slower-than": 5000, "latency-monitor-threshold": 5 });
    const members = Array.from({ length: 100_000 }, (_, i) => String(i));
    for (let i = 0; i < members.length; i += 20_000) await client.call("SADD", "s", ...members.slice(i, i + 20_000));
    await client.call("SLOWLOG", "RESET");
    await client.call("LATENCY", "RESET");
    for (let i = 0; i < 200; i++) await client.call("STRLEN", "none");
    await client.call("SORT", "s");
    assert((await calls(client)).includes("SORT s"), "SORT of 100,000 members takes more than 5 ms");
    const [event] = items(await client.call("LATENCY", "LATEST")).map(items).filter((each) =>
      text(each[0]) === "command"
    );
    assert(Number(text(event[3])) >= 5);
    assert(items(await client.call("LATENCY", "HISTORY", "command")).length >= 1);
    assert(text(await client.call("LATENCY", "GRAPH", "command")).startsWith("command - high"));
    assert(Number(text(await client.call("LATENCY", "RESET"))) >= 1);
    await client.call("CONFIG", "SET", "slowlog-log-slower-than", "-1", "latency-monitor-threshold", "0");
    await client.call("SLOWLOG", "RESET");
    await client.call("SORT", "s");
    assertEquals(await calls(client), []);
  });

  test(`LATENCY HISTOGRAM counts calls, ${where}`, async () => {
    const client = await startAt(shards, {});
    for (let i = 0; i < 5; i++) await client.call("GET", "none");
    await waitFor(async () => items(await client.call("LATENCY", "HISTOGRAM", "get")).length > 0, "GET's histogram");
    const [name, facts] = items(await client.call("LATENCY", "HISTOGRAM", "get", "nope"));
    assertEquals(text(name), "get");
    assertEquals(items(facts).slice(0, 3).map(text), ["calls", "5", "histogram_usec"]);
    const pairs = items(items(facts)[3]).map(text).map(Number);
    assertEquals(pairs.at(-1), 5);
    await client.call("CONFIG", "SET", "latency-tracking", "no");
    await client.call("CONFIG", "RESETSTAT");
    await client.call("GET", "none");
    assertEquals(items(await client.call("LATENCY", "HISTOGRAM")).length, 0);
  });
}
