/**
 * The protocol fuzzer: sends the same damaged byte streams, cut at random places, to two servers and compares the bytes
 * that come back and whether the connection was closed.
 */

import { Buffer } from "node:buffer";
import { createConnection, type Socket } from "node:net";
import { Client, encodeRequest } from "../client.ts";
import { quote } from "../reply.ts";
import type { Random } from "./random.ts";

/** A connection that keeps the bytes it received, as a binary string. */
class RawConnection {
  received = "";
  closed = false;
  /** True when the server closed with bytes of ours unread: the kernel may then have dropped its last replies. */
  reset = false;
  #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Uint8Array) => this.received += Buffer.from(chunk).toString("latin1"));
    socket.on("error", () => this.closed = this.reset = true);
    socket.on("close", () => this.closed = true);
  }

  static connect(port: number): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ port, host: "127.0.0.1" });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new RawConnection(socket));
      });
    });
  }

  write(text: string): void {
    if (!this.closed) this.#socket.write(Buffer.from(text, "latin1"));
  }

  close(): void {
    this.#socket.destroy();
  }
}

const REQUESTS: string[][] = [
  ["PING"],
  ["PING", "howdy"],
  ["ECHO", "\x00\r\n\xff"],
  ["SET", "k", "v"],
  ["GET", "k"],
  ["SET", "binary\x00", "a\r\nb"],
  ["GET", "binary\x00"],
  ["STRLEN", "k"],
  ["NOPE", "a", "b"],
  ["GET"],
  [""],
  ["ECHO", "x".repeat(300)],
];

const INLINE = [
  "PING\r\n",
  "ping\n",
  "\r\n",
  "GET k\r\n",
  "  GET   k  \r\n",
  'SET k "a b\\x41\\n"\r\n',
  "ECHO 'it\\'s'\r\n",
  'ECHO "open\r\n',
  "ECHO 'open\r\n",
  'ECHO "a"b\r\n',
  "NOPE\tx\r\n",
];

const HEADERS = [
  "*1\r\n$4\r\n",
  "*0\r\n",
  "*-1\r\n",
  "*-10\r\n",
  "*\r\n",
  "*x\r\n",
  "*1x\r\n",
  "* 1\r\n",
  "*+1\r\n",
  "*01\r\n",
  "*2147483647\r\n",
  "*2147483648\r\n",
  "*9223372036854775808\r\n",
  "*1\r\n$-1\r\n",
  "*1\r\n$x\r\n",
  "*1\r\n$\r\n",
  "*1\r\n$01\r\n",
  "*1\r\n$536870912\r\n",
  "*1\r\n$536870913\r\n",
  "*1\r\n$9223372036854775808\r\n",
  "*1\r\n:4\r\nPING\r\n",
  "*1\r\n*1\r\n",
  "*1\r\n\r\n",
  "*1\n$4\nPING\n",
  "*1\r\n$4\r\nPING\n\n",
  "*1\r\n$4\r\nPINGxx",
  "*1\r\n$3\r\nPING\r\n",
  "*1\r\n$5\r\nPING\r\n",
  "$4\r\nPING\r\n",
  "+OK\r\n",
  ":1\r\n",
];

/** Longer than the 64 KB that Redis allows for an inline request or a header line. */
const LONG = 70_000;

/** A random stream: some whole requests, then perhaps damage. */
export function randomStream(random: Random): string {
  let text = "";
  for (let i = random.between(0, 5); i > 0; i--) {
    text += random.chance(0.75)
      ? Buffer.from(encodeRequest(random.pick(REQUESTS))).toString("latin1")
      : random.pick(INLINE);
  }
  const roll = random.between(0, 99);
  if (roll < 30) text += random.pick(HEADERS);
  else if (roll < 40) text = withoutNul(text + random.bytes(random.between(1, 60)));
  else if (roll < 42) text += "x".repeat(LONG);
  else if (roll < 44) text += "*" + "1".repeat(LONG);
  else if (roll < 46) text += "*1\r\n$" + "1".repeat(LONG);
  else if (roll < 80) text = withoutNul(damage(random, text));
  return text;
}

/** Redis looks for an inline request's end up to the first NUL only, then waits for ever: a quirk that is not copied. */
function withoutNul(text: string): string {
  return text.replaceAll("\0", "\x01");
}

function damage(random: Random, text: string): string {
  for (let i = random.between(1, 3); i > 0 && text.length > 0; i--) {
    const at = random.between(0, text.length - 1);
    switch (random.between(0, 4)) {
      case 0:
        text = text.slice(0, at) + random.bytes(1) + text.slice(at + 1);
        break;
      case 1:
        text = text.slice(0, at) + text.slice(at + random.between(1, 4));
        break;
      case 2:
        text = text.slice(0, at) + random.bytes(random.between(1, 3)) + text.slice(at);
        break;
      case 3:
        text = text.slice(0, at);
        break;
      case 4:
        text = text.slice(0, at) + String(random.between(-3, 12)) + text.slice(at + 1);
        break;
    }
  }
  return text;
}

/** How long two answers may stay different: a busy machine delivers late. */
const SETTLE_MS = 10_000;

/** What to run. */
export interface ProtocolFuzzOptions {
  random: Random;
  cases: number;
  reference: { port: number };
  ringshard: { port: number };
}

/** Runs the cases; returns undefined when every answer was the same, else the first case that differs. */
export async function fuzzProtocol(options: ProtocolFuzzOptions): Promise<string | undefined> {
  const { random } = options;
  const controls = [await Client.connect(options.reference), await Client.connect(options.ringshard)];
  // DBSIZE asks every shard: when its reply is there, what was sent before it has been answered too.
  const barrier = () => Promise.all(controls.map((control) => control.call("DBSIZE")));
  let report: string | undefined;
  for (let i = 0; i < options.cases && report === undefined; i++) {
    const stream = randomStream(random);
    const pieces = cut(random, stream);
    const both = await Promise.all([
      RawConnection.connect(options.reference.port),
      RawConnection.connect(options.ringshard.port),
    ]);
    for (const piece of pieces) {
      for (const connection of both) connection.write(piece);
      await barrier();
    }
    const [reference, ringshard] = both;
    const same = () => sameAnswer(reference, ringshard);
    const until = Date.now() + SETTLE_MS;
    await barrier();
    while (!same() && Date.now() < until) await barrier();
    if (!same()) {
      const show = (connection: RawConnection) =>
        quote(connection.received) + (connection.closed ? " closed" : " open");
      const sent = pieces.map((piece) => piece.length > 2000 ? quote(piece.slice(0, 40)) + "..." : quote(piece));
      report = `case ${i}\nsent ${sent.join("\n     ")}\nreference: ${show(reference)}\nringshard: ${show(ringshard)}`;
    }
    for (const connection of both) connection.close();
  }
  for (const control of controls) control.close();
  return report;
}

function sameAnswer(a: RawConnection, b: RawConnection): boolean {
  if (a.closed !== b.closed) return false;
  if (a.reset || b.reset) return a.received.startsWith(b.received) || b.received.startsWith(a.received);
  return a.received === b.received;
}

function cut(random: Random, text: string): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const length = random.chance(0.5) ? text.length : random.between(1, Math.max(1, text.length >> 1));
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces;
}
