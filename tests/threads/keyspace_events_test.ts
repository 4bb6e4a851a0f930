/** Keyspace events: which commands cause which, in what order: compared with the reference server, inline and over shards. */
import { assertEquals } from "@std/assert";
import { type RunningServer, start } from "../../src/mod.ts";
import { Client } from "../client.ts";
import { cleanup, delay, hasRedis, startRedis, test, waitFor } from "../harness.ts";
import { format, type Reply, splitLine } from "../reply.ts";
import { COMMANDS, LATER } from "./keyspace_events.ts";

const START_MS = 1_700_000_000_000;

/** Runs command lines on a server and gives the events of each: "event key", with the database where that is not 0. */
class EventRecorder {
  private constructor(
    private readonly publisher: Client,
    private readonly listener: Client,
    private readonly marker: Client,
    private readonly advance: (ms: number) => Promise<void> | void,
  ) {}

  static async on(
    port: number,
    classes: string,
    advance: (ms: number) => Promise<void> | void,
  ): Promise<EventRecorder> {
    const publisher = await Client.connect({ port });
    const listener = await Client.connect({ port });
    await publisher.call("CONFIG", "SET", "notify-keyspace-events", classes);
    await listener.call("PSUBSCRIBE", "__key*__:*");
    // In a transaction the publisher's own mark would be queued.
    return new EventRecorder(publisher, listener, await Client.connect({ port }), advance);
  }

  async record(line: string): Promise<string[]> {
    const advance = /^# advance (\d+)$/.exec(line);
    if (advance !== null) await this.advance(Number(advance[1]));
    else {
      const reply = await this.publisher.call(...splitLine(line));
      if (reply.type === "error") return [format(reply)];
    }
    return await this.events();
  }

  /** What was told since the last time. */
  async events(): Promise<string[]> {
    await this.marker.call("PUBLISH", "__keyevent@0__:told", "");
    const events: string[] = [];
    for (;;) {
      const [, , channel, message] = texts(await this.listener.read());
      if (channel === "__keyevent@0__:told") return events;
      const found = /^__key(space|event)@(\d+)__:(.*)$/s.exec(channel)!;
      const [kind, db, name] = found.slice(1);
      events.push(
        `${kind[0]} ${kind === "space" ? `${message} ${name}` : `${name} ${message}`}${db === "0" ? "" : `@${db}`}`,
      );
    }
  }
}

function texts(reply: Reply): string[] {
  return "items" in reply ? reply.items.map((item) => "text" in item ? String(item.text) : "") : [];
}

async function ringshard(shards: number): Promise<{ server: RunningServer; advance: (ms: number) => void }> {
  let nowMs = START_MS;
  const server = await start({ port: 0, shards, "enable-debug-command": "yes", clock: { nowMs: () => nowMs } });
  cleanup(() => server.close());
  return { server, advance: (ms) => nowMs += ms };
}

/** The events of all lines together. */
async function recordAll(recorder: EventRecorder, lines: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for (const line of lines) all.push(...await recorder.record(line));
  return all;
}

for (const shards of [0, 1, 4]) {
  const where = shards === 0 ? "inline" : `${shards} shards`;

  if (hasRedis()) {
    test(`commands cause Redis's events: ${where}`, async () => {
      const redis = (await startRedis(["--enable-debug-command", "yes"]))!;
      const { server, advance } = await ringshard(shards);
      const differences: { line: string; found: string[]; wanted: string[] }[] = [];
      const expected = await EventRecorder.on(redis.port, "KEAmn", (ms) => delay(ms + 5));
      const actual = await EventRecorder.on(server.port, "KEAmn", advance);
      for (const line of COMMANDS) {
        const wanted = await expected.record(line);
        const found = await actual.record(line);
        if (String(found) !== String(wanted)) differences.push({ line, found, wanted });
      }
      assertEquals(differences, []);
    }, { timeoutMs: 120_000 });
  }

  test(`later commands' events: ${where}`, async () => {
    const { server, advance } = await ringshard(shards);
    const recorder = await EventRecorder.on(server.port, "EAn", advance);
    for (const [line, ...events] of LATER) {
      assertEquals(await recorder.record(line), events.map((event) => `e ${event}`), line);
    }
  });

  test(`active expiry and eviction are told: ${where}`, async () => {
    const { server, advance } = await ringshard(shards);
    const recorder = await EventRecorder.on(server.port, "Exe", advance);
    const keys = Array.from({ length: 20 }, (_, i) => `key:${i}`);
    for (const key of keys) await recorder.record(`SET ${key} v PX 10`);
    advance(11);
    const told: string[] = [];
    await waitFor(async () => {
      told.push(...await recorder.events());
      return told.length >= keys.length;
    }, "expired keys");
    assertEquals(told.sort(), keys.map((key) => `e expired ${key}`).sort());

    for (const key of keys) await recorder.record(`SET ${key} v`);
    await recorder.record("CONFIG SET maxmemory-policy allkeys-random maxmemory 1");
    const gone: string[] = [];
    await waitFor(async () => {
      gone.push(...await recorder.events());
      return gone.length >= keys.length;
    }, "evicted keys");
    assertEquals(gone.sort(), keys.map((key) => `e evicted ${key}`).sort());
  });

  test(`classes choose the events, at run time: ${where}`, async () => {
    const { server, advance } = await ringshard(shards);
    const recorder = await EventRecorder.on(server.port, "", advance);
    const seen = async (classes: string) => {
      await recorder.record(`CONFIG SET notify-keyspace-events "${classes}"`);
      const lines = ["SET k v", "GET none", "DEL k", "RPUSH l a", "DEL l"];
      return await recordAll(recorder, lines);
    };
    assertEquals(await seen(""), []);
    assertEquals(await seen("A"), []);
    assertEquals(await seen("K$"), ["s set k"]);
    assertEquals(await seen("El"), ["e rpush l"]);
    assertEquals(await seen("Kg"), ["s del k", "s del l"]);
    assertEquals(await seen("Em"), ["e keymiss none"]);
    assertEquals(await seen("En"), ["e new k", "e new l"]);
    assertEquals(await seen("KEg$"), ["s set k", "e set k", "s del k", "e del k", "s del l", "e del l"]);
    assertEquals(await seen(""), []);
  });
}
