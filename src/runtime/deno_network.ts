/**
 * The portable network on Deno: Deno.listen and Deno.connect, one read loop and one write loop a connection. Main thread.
 *
 * 1. Deno has no write that takes what the kernel takes now, so `write` takes what fits in a bounded output buffer,
 *    which is sent behind the group of callbacks; it is full when the kernel is.
 * 2. Each connection owns its receive buffer, since a read is always under way. Neither loop allocates per byte moved;
 *    Deno makes one promise per read and write, and one view where a write starts.
 * 3. A shut connection is closed when its output is sent or fails.
 */

import { errorCode, errorText } from "./errors.ts";
import { guarded } from "./guarded_handler.ts";
import {
  type ConnectOptions,
  type Listener,
  type ListenOptions,
  type Network,
  NetworkError,
  type Socket,
  type SocketHandler,
} from "./network.ts";
import { joinAddress, resolveHost } from "./sockaddr.ts";
import { removeSocketFile, setMode } from "./socket_file.ts";
import { TurnLoop } from "./turn_loop.ts";
import type { WakeHandle } from "./wake.ts";

/** Redis's own query buffer: 16 KiB hold any pipeline of small commands, and 1000 idle clients cost 16 MiB. */
const RECEIVE_BYTES = 16 * 1024;

/** First size of an output buffer, made at the first write; doubles while it is too small, up to the bound. */
const OUTPUT_FIRST_BYTES = 4 * 1024;
const OUTPUT_MAX_BYTES = 256 * 1024;

/** How long to leave a listener alone when the process has no descriptors left. */
const STARVED_MS = 100;

type NativeListener = Deno.Listener<Deno.Conn> & { addr: Deno.Addr };

export class DenoNetwork implements Network {
  readonly name = "deno";
  readonly loop: TurnLoop = new TurnLoop(() => this.#settle());
  readonly sockets: Set<Connection> = new Set();
  readonly #listeners = new Set<PortableListener>();
  #closing: Connection[] = [];
  #writing: Connection[] = [];

  get turn(): () => number {
    return this.loop.turn;
  }

  set turn(turn: () => number) {
    this.loop.turn = turn;
  }

  get wakeHandle(): WakeHandle {
    return this.loop.wakeHandle;
  }

  async listen(options: ListenOptions, handler: SocketHandler): Promise<Listener> {
    const { path, port = 0, mode } = options;
    let native: NativeListener;
    if (path !== undefined) {
      removeSocketFile(path);
      native = attempt(`bind ${path}`, () => Deno.listen({ transport: "unix", path }) as NativeListener);
      if (mode !== undefined) setMode(path, mode);
    } else {
      const hostname = await resolveHost(options.hostname ?? "*");
      native = attempt(`bind ${hostname}:${port}`, () => Deno.listen({ hostname, port }) as NativeListener);
    }
    const listener = new PortableListener(this.#listeners, native, path);
    this.#acceptAll(native, guarded(handler), (options.keepAliveSeconds ?? 0) > 0, path);
    this.loop.touch();
    return listener;
  }

  async connect(options: ConnectOptions, handler: SocketHandler): Promise<Socket> {
    const { path, port = 0 } = options;
    const hostname = path === undefined ? await resolveHost(options.hostname ?? "127.0.0.1") : "";
    try {
      const native = path === undefined
        ? await Deno.connect({ hostname, port })
        : await Deno.connect({ transport: "unix", path });
      return this.#open(native, guarded(handler), false, path);
    } catch (error) {
      throw networkError(`connect ${path ?? joinAddress(hostname, port)}`, error);
    }
  }

  close(): void {
    this.loop.close();
    for (const listener of this.#listeners) listener.close();
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  bury(connection: Connection): void {
    this.#closing.push(connection);
    this.loop.touch();
  }

  /** Sends a connection's output behind the current group of callbacks. */
  flushLater(connection: Connection): void {
    this.#writing.push(connection);
    this.loop.touch();
  }

  async #acceptAll(
    native: NativeListener,
    handler: SocketHandler,
    keepAlive: boolean,
    path: string | undefined,
  ): Promise<void> {
    for (;;) {
      try {
        this.#open(await native.accept(), handler, keepAlive, path);
      } catch (error) {
        // Closing the listener ends its accept with one of these two.
        if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
        await new Promise((resolve) => setTimeout(resolve, STARVED_MS));
      }
    }
  }

  #open(native: Deno.Conn, handler: SocketHandler, keepAlive: boolean, path: string | undefined): Connection {
    if (path === undefined) {
      (native as Deno.TcpConn).setNoDelay(true);
      if (keepAlive) (native as Deno.TcpConn).setKeepAlive(true);
    }
    const connection = new Connection(this, native, handler, path);
    this.sockets.add(connection);
    handler.open(connection);
    this.loop.touch();
    connection.start();
    return connection;
  }

  #settle(): void {
    const writing = this.#writing;
    if (writing.length > 0) {
      this.#writing = [];
      for (const connection of writing) connection.flush();
    }
    while (this.#closing.length > 0) {
      const closing = this.#closing;
      this.#closing = [];
      for (let i = 0; i < closing.length; i++) closing[i].finish();
    }
  }
}

class Connection implements Socket {
  session: unknown = undefined;
  open = true;
  readonly fd = -1;
  readonly #network: DenoNetwork;
  readonly #native: Deno.Conn;
  readonly #handler: SocketHandler;
  readonly #path: string | undefined;
  readonly #received = new Uint8Array(RECEIVE_BYTES);
  /** Bytes of #received that came while paused. */
  #held = 0;
  #paused = false;
  #reading = false;
  #ended = false;
  #endTold = false;
  #output: Uint8Array = new Uint8Array(0);
  #outputBytes = 0;
  #queued = false;
  #sending = false;
  #draining = false;
  #told = false;
  #error: string | undefined;

  constructor(network: DenoNetwork, native: Deno.Conn, handler: SocketHandler, path: string | undefined) {
    this.#network = network;
    this.#native = native;
    this.#handler = handler;
    this.#path = path;
  }

  get remoteAddress(): string {
    return this.#path === undefined ? textOf(this.#native.remoteAddr) : `${this.#path}:0`;
  }

  get localAddress(): string {
    return this.#path === undefined ? textOf(this.#native.localAddr) : `${this.#path}:0`;
  }

  write(buf: Uint8Array, from: number, to: number): number {
    if (!this.open || this.#draining || from === to) return 0;
    this.#reserve(to - from);
    // Bytes being sent must stay where they are until then.
    const count = Math.min(to - from, this.#output.length - this.#outputBytes);
    const output = this.#output;
    let at = this.#outputBytes;
    for (let i = from; i < from + count; i++) output[at++] = buf[i];
    this.#outputBytes = at;
    if (count < to - from) this.#draining = true;
    if (!this.#sending && !this.#queued) {
      this.#queued = true;
      this.#network.flushLater(this);
    }
    return count;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (!this.#reading) queueMicrotask(() => this.start());
  }

  shut(): void {
    if (!this.open) return;
    this.open = false;
    this.#network.bury(this);
  }

  /** Runs the read loop until the connection is paused, ended or gone. */
  async start(): Promise<void> {
    if (this.#reading || this.#paused || !this.open) return;
    this.#reading = true;
    try {
      while (this.open && !this.#ended) {
        if (this.#held === 0) {
          const count = await this.#native.read(this.#received);
          if (count === null) this.#ended = true;
          else this.#held = count;
        }
        if (this.#paused) break;
        this.#deliver();
      }
      if (this.#ended && !this.#paused) this.#tellEnd();
    } catch (error) {
      this.#failed(error);
    }
    this.#reading = false;
  }

  /** Starts sending what `write` took. */
  flush(): void {
    this.#queued = false;
    if (!this.#sending && this.#outputBytes > 0) this.#send();
  }

  /** Calls the handler's `close`; the descriptor goes now or when the output is sent. */
  finish(): void {
    this.#network.sockets.delete(this);
    this.#told = true;
    this.#handler.close(this, this.#error);
    this.#network.loop.touch();
    if (!this.#sending) this.#closeNative();
  }

  destroy(): void {
    this.open = false;
    this.#closeNative();
  }

  #deliver(): void {
    const count = this.#held;
    this.#held = 0;
    if (count === 0 || !this.open) return;
    this.#handler.data(this, this.#received, 0, count);
    this.#network.loop.touch();
  }

  #tellEnd(): void {
    if (!this.open || this.#endTold) return;
    this.#endTold = true;
    if (this.#handler.end === undefined) return this.shut();
    this.#handler.end(this);
    this.#network.loop.touch();
  }

  async #send(): Promise<void> {
    this.#sending = true;
    try {
      while (this.#outputBytes > 0) {
        const count = this.#outputBytes;
        const output = this.#output;
        for (let sent = 0; sent < count;) sent += await this.#native.write(output.subarray(sent, count));
        // `write` may have added more meanwhile, and may have moved to a larger buffer.
        this.#output.copyWithin(0, count, this.#outputBytes);
        this.#outputBytes -= count;
        if (this.#draining && this.open) this.#drained();
      }
    } catch (error) {
      this.#outputBytes = 0;
      this.#failed(error);
    }
    this.#sending = false;
    if (this.#told) this.#closeNative();
  }

  #drained(): void {
    this.#draining = false;
    this.#handler.drain(this);
    this.#network.loop.touch();
  }

  #reserve(bytes: number): void {
    const need = Math.min(this.#outputBytes + bytes, OUTPUT_MAX_BYTES);
    if (need <= this.#output.length) return;
    let size = Math.max(OUTPUT_FIRST_BYTES, this.#output.length);
    while (size < need) size *= 2;
    const larger = new Uint8Array(size);
    larger.set(this.#output);
    this.#output = larger;
  }

  #failed(error: unknown): void {
    if (!this.open) return;
    this.#error = errorText(errorCode(error));
    this.shut();
  }

  #closeNative(): void {
    try {
      this.#native.close();
    } catch {
      // Already closed: by the network, or by the write that failed.
    }
  }
}

class PortableListener implements Listener {
  readonly port: number;
  readonly #all: Set<PortableListener>;
  readonly #native: NativeListener;
  readonly #path: string | undefined;

  constructor(all: Set<PortableListener>, native: NativeListener, path: string | undefined) {
    this.#all = all;
    this.#native = native;
    this.#path = path;
    this.port = native.addr.transport === "tcp" ? native.addr.port : 0;
    all.add(this);
  }

  close(): void {
    if (!this.#all.delete(this)) return;
    this.#native.close();
    if (this.#path !== undefined) removeSocketFile(this.#path);
  }
}

function textOf(address: Deno.Addr): string {
  return address.transport === "tcp" ? joinAddress(address.hostname, address.port) : "";
}

function attempt<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw networkError(what, error);
  }
}

function networkError(what: string, error: unknown): NetworkError {
  const code = errorCode(error);
  return new NetworkError(code, `${what}: ${errorText(code)}`);
}
