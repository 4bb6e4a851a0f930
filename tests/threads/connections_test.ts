/** Connections: requests cut anywhere, and replies that leave together, over sockets that only record. */
import { assert, assertEquals } from "@std/assert";
import { latin1Text } from "../../src/base/bytes.ts";
import { Log } from "../../src/base/log.ts";
import { Config } from "../../src/config/config.ts";
import type { Socket } from "../../src/runtime/mod.ts";
import { Server } from "../../src/threads/main/server.ts";
import { encodeRequest } from "../client.ts";
import { Random } from "../fuzz/random.ts";
import { cleanup, test, waitFor } from "../harness.ts";

/** Takes everything at once, and keeps it. */
class Recorder implements Socket {
  session: unknown;
  readonly remoteAddress = "127.0.0.1:1";
  readonly localAddress = "127.0.0.1:2";
  readonly fd = -1;
  open = true;
  text = "";
  /** Every write of all recorders that share it: who wrote. */
  constructor(private readonly order: Recorder[] = []) {}

  write(buf: Uint8Array, from: number, to: number): number {
    if (!this.open) return 0;
    this.text += latin1Text(buf, from, to);
    this.order.push(this);
    return to - from;
  }
  pause(): void {}
  resume(): void {}
  shut(): void {
    this.open = false;
  }
}

async function serve(shards: number): Promise<Server> {
  const config = new Config({ current: () => "/", change: () => undefined });
  config.load("shards", [String(shards)], false);
  const server = new Server(config, new Log(0, Date.now, () => {}), { loads: false });
  cleanup(() => server.close());
  await server.load();
  return server;
}

function send(server: Server, socket: Socket, ...args: string[]): void {
  const bytes = encodeRequest(args);
  server.connections.data(socket, bytes, 0, bytes.length);
}

function below(random: Random, n: number): number {
  return random.between(0, n - 1);
}

function joined(parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

async function waitForText(server: Server, socket: Recorder, end: string): Promise<void> {
  await waitFor(() => {
    server.network.turn();
    return socket.text.endsWith(end);
  }, "the last reply");
}

/** Requests on few keys, some with many arguments and some with long ones. */
function requests(random: Random, count: number): string[][] {
  const word = () => "x".repeat(random.chance(0.1) ? below(random, 40_000) : below(random, 30)) + below(random, 100);
  const key = () => `key:${below(random, 20)}`;
  return Array.from({ length: count }, () => {
    const many = 1 + below(random, random.chance(0.3) ? 60 : 4);
    switch (below(random, 6)) {
      case 0:
        return ["SET", key(), word()];
      case 1:
        return ["GET", key()];
      case 2:
        return ["MSET", ...Array.from({ length: many }, () => [key(), word()]).flat()];
      case 3:
        return ["MGET", ...Array.from({ length: many }, key)];
      case 4:
        return [random.chance(0.5) ? "DEL" : "EXISTS", ...Array.from({ length: many }, key)];
      default:
        return ["ECHO", word()];
    }
  });
}

for (const shards of [0, 2]) {
  const where = shards === 0 ? "inline" : `${shards} shards`;

  test(`connections: a pipeline cut anywhere is answered as a whole one, ${where}`, async () => {
    const server = await serve(shards);
    const random = new Random(20261130);
    const other = new Recorder();
    server.connections.open(other);
    for (let round = 0; round < 40; round++) {
      const bytes = joined([...requests(random, 40), ["PING", "last"]].map(encodeRequest));
      const [whole, cut] = [new Recorder(), new Recorder()];
      for (const socket of [whole, cut]) {
        server.connections.open(socket);
        send(server, socket, "FLUSHALL");
        await waitForText(server, socket, "+OK\r\n");
        const most = random.chance(0.3) ? 50 : random.chance(0.5) ? 3000 : 70_000;
        for (let from = 0, to = 0; from < bytes.length; from = to) {
          to = socket === whole ? bytes.length : Math.min(bytes.length, from + 1 + below(random, most));
          // The network's buffer is used again for what comes next.
          const received = bytes.slice(from, to);
          server.connections.data(socket, received, 0, received.length);
          received.fill(0);
          if (random.chance(0.2)) server.network.turn();
          if (socket === cut && random.chance(0.1)) send(server, other, "CLIENT", "PAUSE", "100000", "WRITE");
          if (random.chance(0.2)) send(server, other, "CLIENT", "UNPAUSE");
        }
        send(server, other, "CLIENT", "UNPAUSE");
        await waitForText(server, socket, "$4\r\nlast\r\n");
      }
      assert(cut.text === whole.text, `round ${round}: the replies differ`);
      for (const socket of [whole, cut]) server.connections.close(socket);
    }
  });
}

test("connections: replies leave at a turn's end, in the order of requests", async () => {
  const server = await serve(0);
  const order: Recorder[] = [];
  const [a, b, c] = [new Recorder(order), new Recorder(order), new Recorder(order)];
  for (const socket of [a, b, c]) server.connections.open(socket);
  send(server, a, "PING");
  send(server, b, "ECHO", "hello");
  send(server, c, "ECHO", "x".repeat(30_000));
  server.network.turn();
  assertEquals([a.text, b.text, c.text.length], ["+PONG\r\n", "$5\r\nhello\r\n", 30_010]);
  // One write each; the long reply to a single request may overtake the others.
  assertEquals(order.length, 3);
  assert(order.indexOf(a) < order.indexOf(b));
});

test("connections: what follows a reply never overtakes it", async () => {
  const server = await serve(0);
  const [reader, writer] = [new Recorder(), new Recorder()];
  for (const socket of [reader, writer]) server.connections.open(socket);
  send(server, reader, "HELLO", "3");
  send(server, reader, "SUBSCRIBE", "news");
  server.network.turn();
  reader.text = "";
  // A message, then the reply to what was asked after it.
  send(server, reader, "PING");
  send(server, writer, "PUBLISH", "news", "first");
  send(server, reader, "PING");
  server.network.turn();
  const message = ">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nfirst\r\n";
  assertEquals(reader.text, `+PONG\r\n${message}+PONG\r\n`);
  // A second request of the same turn, and one that is answered later.
  writer.text = reader.text = "";
  send(server, writer, "PING");
  send(server, writer, "BLPOP", "queue", "0");
  send(server, reader, "RPUSH", "queue", "job");
  server.network.turn();
  assertEquals(writer.text, "+PONG\r\n*2\r\n$5\r\nqueue\r\n$3\r\njob\r\n");
  assertEquals(reader.text, ":1\r\n");
});

test("connections: a client that is closed has its replies", async () => {
  const server = await serve(0);
  const [killed, killer, leaving] = [new Recorder(), new Recorder(), new Recorder()];
  for (const socket of [killed, killer, leaving]) server.connections.open(socket);
  send(server, killed, "CLIENT", "ID");
  server.network.turn();
  const id = /:(\d+)/.exec(killed.text)![1]!;
  killed.text = "";
  send(server, killed, "INCR", "counter");
  send(server, killer, "CLIENT", "KILL", "ID", id);
  send(server, leaving, "INCR", "counter");
  server.connections.end(leaving);
  server.network.turn();
  assertEquals([killed.text, killer.text, leaving.text], [":1\r\n", ":1\r\n", ":2\r\n"]);
  assertEquals([killed.open, killer.open, leaving.open], [false, true, false]);
  // The whole server ends.
  send(server, killer, "PING");
  await server.close();
  assertEquals(killer.text, ":1\r\n+PONG\r\n");
});
