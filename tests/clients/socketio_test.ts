/** @socket.io/redis-adapter: two socket.io servers, whose clients hear of each other through pub/sub. */

import { assertEquals } from "@std/assert";
import { createAdapter, type RedisAdapter } from "@socket.io/redis-adapter";
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis as IoRedis } from "ioredis";
import { createClient } from "redis";
import { Server } from "socket.io";
import { io as connect, type Socket } from "socket.io-client";
import { cleanup, waitFor } from "../harness.ts";
import { testSession } from "./servers.ts";

/** Longest that a server waits for the others' answers. */
const requestsTimeout = 5000;

interface Node {
  readonly io: Server;
  readonly port: number;
}

/** A socket.io server over a publishing and a subscribing client. */
async function startNode(pub: unknown, sub: unknown): Promise<Node> {
  const http = createServer();
  const io = new Server(http, { adapter: createAdapter(pub, sub, { requestsTimeout }) });
  io.on("connection", (socket) => {
    socket.on("join", (room: string, done: () => void) => {
      socket.join(room);
      done();
    });
    socket.on("say", (room: string, words: string) => socket.to(room).emit("said", words));
  });
  io.on("sum", (a: number, b: number, done: (sum: number) => void) => done(a + b));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  cleanup(async () => {
    await io.close();
  });
  return { io, port: (http.address() as AddressInfo).port };
}

/** A client of one of the servers, and all that it hears. */
async function join(node: Node, transport: "websocket" | "polling", namespace = "/"): Promise<[Socket, unknown[][]]> {
  const socket = connect(`http://127.0.0.1:${node.port}${namespace}`, { transports: [transport], forceNew: true });
  cleanup(() => {
    socket.disconnect();
  });
  const heard: unknown[][] = [];
  socket.onAny((event, ...args) => {
    const done = args.at(-1);
    if (typeof done !== "function") return void heard.push([event, ...args]);
    heard.push([event, ...args.slice(0, -1)]);
    done(`answer of ${transport}`);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", () => resolve());
    socket.once("connect_error", reject);
  });
  return [socket, heard];
}

/** Two servers with a client each. */
async function session(pairs: [pub: unknown, sub: unknown][]): Promise<void> {
  const [one, two] = [await startNode(...pairs[0]), await startNode(...pairs[1])];
  await waitFor(async () => await one.io.of("/").adapter.serverCount() === 2, "both servers to listen");
  const [ann, annHeard] = await join(one, "websocket");
  const [bob, bobHeard] = await join(two, "polling");

  // To everybody, from either server; bytes stay bytes; order stays.
  one.io.emit("news", 1, { list: [true, null, "Ä"] });
  two.io.emit("news", 2, Buffer.from([0, 255, 13, 10]));
  await waitFor(() => annHeard.length === 2 && bobHeard.length === 2, "the news");
  const news = [["news", 1, { list: [true, null, "Ä"] }], ["news", 2, Buffer.from([0, 255, 13, 10])]];
  const sorted = (heard: unknown[][]) =>
    heard.map((args) => args.map((arg) => arg instanceof Uint8Array ? Buffer.from(arg) : arg))
      .sort((a, b) => Number(a[1]) - Number(b[1]));
  assertEquals([sorted(annHeard), sorted(bobHeard)], [news, news]);
  annHeard.length = bobHeard.length = 0;
  for (let i = 0; i < 100; i++) one.io.emit("count", i);
  await waitFor(() => bobHeard.length === 100, "a hundred events");
  assertEquals(bobHeard.map(([, i]) => i), Array.from({ length: 100 }, (_, i) => i));

  // Rooms: Bob hears what Ann says in theirs, and nothing of others.
  await ann.emitWithAck("join", "room");
  await bob.emitWithAck("join", "room");
  await ann.emitWithAck("join", "Ann's");
  const rooms = one.io.of("/").adapter as RedisAdapter;
  assertEquals([...await rooms.allRooms()].sort(), ["Ann's", "room", ann.id, bob.id].sort());
  annHeard.length = bobHeard.length = 0;
  ann.emit("say", "room", "hello");
  two.io.to("Ann's").emit("said", "to Ann");
  two.io.to("room").except("Ann's").emit("said", "to others");
  await waitFor(() => annHeard.length === 1 && bobHeard.length === 2, "what was said");
  assertEquals([annHeard, bobHeard.sort()], [[["said", "to Ann"]], [["said", "hello"], ["said", "to others"]]]);

  // What asks the other server, and waits for its answer.
  assertEquals((await one.io.fetchSockets()).map((socket) => socket.id).sort(), [ann.id, bob.id].sort());
  assertEquals((await two.io.in("Ann's").fetchSockets()).map((socket) => socket.id), [ann.id]);
  assertEquals(await one.io.serverSideEmitWithAck("sum", 1, 2), [3]);
  const answers = await two.io.timeout(requestsTimeout).emitWithAck("question");
  assertEquals([...answers].sort(), ["answer of polling", "answer of websocket"]);

  // What changes the other server's sockets.
  one.io.in(bob.id!).socketsJoin("new");
  await waitFor(async () => (await one.io.in("new").fetchSockets()).length === 1, "Bob to join");
  one.io.in(bob.id!).socketsLeave("new");
  await waitFor(async () => (await one.io.in("new").fetchSockets()).length === 0, "Bob to leave");
  two.io.in("Ann's").disconnectSockets();
  await waitFor(() => !ann.connected, "Ann's end");
  assertEquals((await two.io.fetchSockets()).map((socket) => socket.id), [bob.id]);

  // A namespace has channels of its own.
  for (const { io } of [one, two]) io.of("/side");
  const [, carlHeard] = await join(two, "websocket", "/side");
  await waitFor(async () => await one.io.of("/side").adapter.serverCount() === 2, "both servers' namespaces");
  bobHeard.length = 0;
  one.io.of("/side").emit("aside", "for Carl");
  one.io.emit("end");
  await waitFor(() => carlHeard.length === 1 && bobHeard.length === 1, "both namespaces");
  assertEquals([carlHeard, bobHeard], [[["aside", "for Carl"]], [["end"]]]);
}

testSession("socket.io, ioredis", async (port) => {
  const clients = Array.from({ length: 4 }, () => new IoRedis({ port, host: "127.0.0.1" }));
  cleanup(() => clients.forEach((client) => client.disconnect()));
  await session([[clients[0], clients[1]], [clients[2], clients[3]]]);
});

for (const RESP of [2, 3] as const) {
  testSession(`socket.io, node-redis, RESP${RESP}`, async (port) => {
    const clients = await Promise.all(Array.from({ length: 4 }, async () => {
      const client = createClient({ socket: { port, host: "127.0.0.1" }, RESP });
      await client.connect();
      cleanup(() => client.close());
      return client;
    }));
    await session([[clients[0], clients[1]], [clients[2], clients[3]]]);
  });
}
