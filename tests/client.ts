/**
 * A raw client for tests: RESP2 and RESP3 over TCP or a Unix socket through `node:net`, which both runtimes have. It
 * hides nothing: replies keep their types, pushes are kept apart, and any bytes can be sent.
 *
 * Invariants:
 * 1. Replies are handed out in the order in which they arrive; each `call` or `read` takes one.
 * 2. A push (RESP3) is never taken for a reply; it waits in `pushes` unless `pushesAreReplies` is set.
 * 3. When the connection ends, every waiting `read` rejects; none hangs.
 */

import { Buffer } from "node:buffer";
import { createConnection, type Socket } from "node:net";
import { cleanup } from "./harness.ts";
import { format, type Reply, ReplyParser } from "./reply.ts";

/** A command's argument. Strings are binary: one character (0-255) a byte; others go as UTF-8 through `utf8`. */
export type Argument = string | Uint8Array | number | bigint;

/** Text as a binary string of its UTF-8 bytes. */
export function utf8(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** The bytes of a request: an array of bulk strings. */
export function encodeRequest(args: readonly Argument[]): Uint8Array {
  let text = `*${args.length}\r\n`;
  for (const arg of args) {
    const body = arg instanceof Uint8Array ? Buffer.from(arg).toString("latin1") : String(arg);
    text += `$${body.length}\r\n${body}\r\n`;
  }
  return Buffer.from(text, "latin1");
}

/** Where to connect to. */
export type Address = { port: number; host?: string } | { path: string };

/** One connection. */
export class Client {
  /** Pushes that arrived so far, oldest first (see invariant 2). */
  readonly pushes: Reply[] = [];
  /** Hands pushes out as replies, for commands whose whole answer is pushes (SUBSCRIBE under RESP3). */
  pushesAreReplies = false;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  #socket: Socket;
  #parser = new ReplyParser();
  #replies: Reply[] = [];
  #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void }[] = [];
  #failure: Error | undefined;
  #pushWaiting: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Uint8Array) => this.#take(chunk));
    socket.on("error", (error: Error) => this.#end(error));
    this.closed = new Promise((resolve) =>
      socket.on("close", () => {
        this.#end(new Error("connection closed"));
        resolve();
      })
    );
  }

  /** Connects; the connection is closed when the running test ends. */
  static connect(to: Address): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = "path" in to
        ? createConnection({ path: to.path })
        : createConnection({ port: to.port, host: to.host ?? "127.0.0.1" });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        const client = new Client(socket);
        cleanup(() => client.close());
        resolve(client);
      });
    });
  }

  /** True until the connection ends. */
  get open(): boolean {
    return this.#failure === undefined;
  }

  /** Sends one command without waiting; `read` takes its reply. */
  send(...args: Argument[]): void {
    this.write(encodeRequest(args));
  }

  /** Sends one command and waits for one reply. */
  call(...args: Argument[]): Promise<Reply> {
    this.send(...args);
    return this.read();
  }

  /** The same, as redis-cli would print the reply. */
  async show(...args: Argument[]): Promise<string> {
    return format(await this.call(...args));
  }

  /** Sends commands in one write and waits for one reply each. */
  pipeline(commands: readonly (readonly Argument[])[]): Promise<Reply[]> {
    this.write(Buffer.concat(commands.map(encodeRequest)));
    return Promise.all(commands.map(() => this.read()));
  }

  /** Sends bytes as they are; strings are binary. */
  write(bytes: Uint8Array | string): void {
    if (this.#failure !== undefined) return;
    this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** The next reply. Rejects when the connection ended before one, or when what arrived is no RESP. */
  read(): Promise<Reply> {
    const reply = this.#replies.shift();
    if (reply !== undefined) return Promise.resolve(reply);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** The next push, waiting for it if none is there. */
  async readPush(): Promise<Reply> {
    while (this.pushes.length === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => this.#pushWaiting.push(resolve));
    }
    return this.pushes.shift()!;
  }

  /** Replies that arrived and were not asked for yet, and bytes of an unfinished one. */
  unread(): { replies: number; bytes: number } {
    return { replies: this.#replies.length, bytes: this.#parser.rest().length };
  }

  /** Half-closes: the server sees the end of our requests, we still read its replies. */
  finish(): void {
    this.#socket.end();
  }

  /** Stops or resumes reading from the socket, as a slow client would. */
  pause(stopped: boolean): void {
    if (stopped) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Closes at once. */
  close(): void {
    this.#socket.destroy();
    this.#end(new Error("connection closed"));
  }

  #take(chunk: Uint8Array): void {
    this.#parser.push(chunk);
    try {
      for (let reply = this.#parser.next(); reply !== undefined; reply = this.#parser.next()) this.#deliver(reply);
    } catch (error) {
      this.#end(error as Error);
      this.#socket.destroy();
    }
  }

  #deliver(reply: Reply): void {
    if (reply.type === "push" && !this.pushesAreReplies) {
      this.pushes.push(reply);
      for (const wake of this.#pushWaiting.splice(0)) wake();
      return;
    }
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting.resolve(reply);
    else this.#replies.push(reply);
  }

  #end(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    for (const wake of this.#pushWaiting.splice(0)) wake();
  }
}
