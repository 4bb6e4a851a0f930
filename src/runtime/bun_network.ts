/**
 * The portable network on Bun: Bun.listen and Bun.connect. Main thread.
 *
 * 1. A shut socket is closed natively in `settle`, never inside a callback of the handler; `close` is called there.
 * 2. Bun allocates each chunk it delivers; there is no way to lend it a buffer.
 */

import { bun, type BunListener, type BunSocket, type BunSocketHandler } from "./host.ts";
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

const DEFAULT_BACKLOG = 511;

type Native = BunSocket<Connection>;

export class BunNetwork implements Network {
  readonly name = "bun";
  readonly loop: TurnLoop = new TurnLoop(() => this.#settle());
  readonly sockets: Set<Connection> = new Set();
  readonly #listeners = new Set<PortableListener>();
  #closing: Connection[] = [];

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
    const socket = this.#callbacks(handler, options.keepAliveSeconds ?? 0, path);
    let native: BunListener;
    if (path !== undefined) {
      removeSocketFile(path);
      native = attempt(`bind ${path}`, () => bun!.listen({ unix: path, allowHalfOpen: true, socket }));
      if (mode !== undefined) setMode(path, mode);
    } else {
      const hostname = await resolveHost(options.hostname ?? "*");
      native = attempt(
        `bind ${hostname}:${port}`,
        () =>
          bun!.listen({
            hostname,
            port,
            allowHalfOpen: true,
            ipv6Only: hostname.includes(":"),
            exclusive: true,
            backlog: options.backlog ?? DEFAULT_BACKLOG,
            socket,
          }),
      );
    }
    const listener = new PortableListener(this.#listeners, native, path);
    this.loop.touch();
    return listener;
  }

  async connect(options: ConnectOptions, handler: SocketHandler): Promise<Socket> {
    const { path, port = 0 } = options;
    const where = path ?? joinAddress(await resolveHost(options.hostname ?? "127.0.0.1"), port);
    const socket = this.#callbacks(handler, 0, path);
    socket.connectError = () => {};
    try {
      const native = path === undefined
        ? await bun!.connect<Connection>({
          hostname: await resolveHost(options.hostname ?? "127.0.0.1"),
          port,
          allowHalfOpen: true,
          socket,
        })
        : await bun!.connect<Connection>({ unix: path, allowHalfOpen: true, socket });
      return native.data;
    } catch (error) {
      throw networkError(`connect ${where}`, error);
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

  #callbacks(
    unguarded: SocketHandler,
    keepAliveSeconds: number,
    path: string | undefined,
  ): BunSocketHandler<Connection> {
    const handler = guarded(unguarded);
    return {
      open: (native) => {
        if (path === undefined) {
          native.setNoDelay(true);
          if (keepAliveSeconds > 0) native.setKeepAlive(true, keepAliveSeconds * 1000);
        }
        const connection = new Connection(this, native, handler, path);
        native.data = connection;
        this.sockets.add(connection);
        handler.open(connection);
        this.loop.touch();
      },
      data: (native, chunk) => native.data.received(chunk),
      drain: (native) => native.data.drained(),
      end: (native) => native.data.peerEnded(),
      error: (native, error) => native.data.failed(error),
      close: (native, error) => native.data.gone(error),
    };
  }

  #settle(): void {
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
  readonly #network: BunNetwork;
  readonly #native: Native;
  readonly #handler: SocketHandler;
  readonly #path: string | undefined;
  #draining = false;
  #paused = false;
  #ended = false;
  #endTold = false;
  #closed = false;
  #error: string | undefined;
  /** What Bun delivered although the socket was paused, in order. */
  #held: Uint8Array[] = [];
  #remoteAddress: string | undefined;
  #localAddress: string | undefined;

  constructor(network: BunNetwork, native: Native, handler: SocketHandler, path: string | undefined) {
    this.#network = network;
    this.#native = native;
    this.#handler = handler;
    this.#path = path;
  }

  get remoteAddress(): string {
    if (this.#path !== undefined) return `${this.#path}:0`;
    return this.#remoteAddress ??= joinAddress(this.#native.remoteAddress ?? "", this.#native.remotePort ?? 0);
  }

  get localAddress(): string {
    if (this.#path !== undefined) return `${this.#path}:0`;
    return this.#localAddress ??= joinAddress(this.#native.localAddress ?? "", this.#native.localPort ?? 0);
  }

  write(buf: Uint8Array, from: number, to: number): number {
    if (!this.open || this.#draining || from === to) return 0;
    const sent = Math.max(0, this.#native.write(buf, from, to - from));
    if (sent < to - from) this.#draining = true;
    if (sent === 0 && this.#isReset) {
      this.#error ??= errorText("ECONNRESET");
      this.shut();
    }
    return sent;
  }

  /** Of a socket that is paused when its peer resets it Bun says nothing more; but then it has no peer any longer. */
  get #isReset(): boolean {
    return this.#path === undefined && this.#native.remotePort === undefined;
  }

  pause(): void {
    if (this.#paused || !this.open) return;
    this.#paused = true;
    this.#native.pause();
  }

  resume(): void {
    if (!this.#paused || !this.open) return;
    this.#paused = false;
    setImmediate(() => this.#release());
    this.#native.resume();
  }

  shut(): void {
    if (!this.open) return;
    this.open = false;
    this.#network.bury(this);
  }

  received(chunk: Uint8Array): void {
    if (!this.open) return;
    if (this.#paused || this.#held.length > 0) {
      this.#held.push(chunk);
      return;
    }
    this.#handler.data(this, chunk, 0, chunk.length);
    this.#network.loop.touch();
  }

  drained(): void {
    if (!this.open || !this.#draining) return;
    this.#draining = false;
    this.#handler.drain(this);
    this.#network.loop.touch();
  }

  peerEnded(): void {
    this.#ended = true;
    if (this.#held.length === 0 && !this.#paused) this.#tellEnd();
  }

  failed(error: Error): void {
    this.#error ??= errorText(errorCode(error));
  }

  /** Bun closed the socket: `finish` tells the handler. */
  gone(error: Error | undefined): void {
    if (error !== undefined) this.failed(error);
    this.#closed = true;
    this.shut();
  }

  finish(): void {
    this.#network.sockets.delete(this);
    this.#held = [];
    this.#handler.close(this, this.#error);
    this.#network.loop.touch();
    this.destroy();
  }

  destroy(): void {
    this.open = false;
    if (this.#closed) return;
    this.#closed = true;
    // The FIN goes behind everything written; with the other side told, closing the descriptor resets nothing.
    this.#native.shutdown();
    this.#native.end();
  }

  #release(): void {
    while (this.#held.length > 0 && this.open && !this.#paused) {
      const chunk = this.#held.shift()!;
      this.#handler.data(this, chunk, 0, chunk.length);
      this.#network.loop.touch();
    }
    if (this.#ended && this.#held.length === 0 && !this.#paused) this.#tellEnd();
  }

  #tellEnd(): void {
    if (!this.open || this.#endTold) return;
    this.#endTold = true;
    if (this.#handler.end === undefined) return this.shut();
    this.#handler.end(this);
    this.#network.loop.touch();
  }
}

class PortableListener implements Listener {
  readonly port: number;
  readonly #all: Set<PortableListener>;
  readonly #native: BunListener;
  readonly #path: string | undefined;

  constructor(all: Set<PortableListener>, native: BunListener, path: string | undefined) {
    this.#all = all;
    this.#native = native;
    this.#path = path;
    this.port = path === undefined ? native.port : 0;
    all.add(this);
  }

  close(): void {
    if (!this.#all.delete(this)) return;
    this.#native.stop(false);
    if (this.#path !== undefined) removeSocketFile(this.#path);
  }
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
