/**
 * Network: the socket interface the rest of Ringshard sees. Main thread only.
 *
 * Three implementations stand behind it, all held to one conformance suite (tests/runtime/network_test.ts):
 * `epoll` (Linux system calls through the runtime's FFI), `bun` (Bun.listen) and `deno` (Deno.listen).
 *
 * Invariants:
 * 1. Callbacks run one at a time, on the thread that created the network; none runs inside `write`, `pause`,
 *    `resume` or `shut` of the same socket.
 * 2. Bytes handed to `data` belong to the network again as soon as the callback returns.
 * 3. `write` takes what the kernel takes now. A count below `to - from` promises exactly one later `drain`.
 * 4. After `close` was called back, nothing more is called for that socket.
 * 5. `turn` runs after every group of callbacks, so that what they produced can leave in one batch.
 * 6. No client can keep the others waiting: one group holds at most one receive of each socket, bounded in bytes.
 */

/** One open connection. `session` belongs to the handler; the network never reads it. */
export interface Socket {
  session: unknown;
  /** "ip:port", "[v6]:port" or "path:0" of the peer; made when asked for. */
  readonly remoteAddress: string;
  /** The same of our end. */
  readonly localAddress: string;
  /** True while the connection can still be written to. */
  readonly open: boolean;
  /** File descriptor where the implementation knows it, else -1. */
  readonly fd: number;
  /** Sends buf[from, to); returns how many bytes were taken, 0 when none can be now (also when closed). */
  write(buf: Uint8Array, from: number, to: number): number;
  /** Stops `data` callbacks (the kernel's window then closes to the peer) until `resume`. */
  pause(): void;
  resume(): void;
  /** Closes at once; what `write` took is still delivered by the kernel. `close` is called back later, once. */
  shut(): void;
}

/** What a network calls. One object serves all sockets of a listener: no closure per connection. */
export interface SocketHandler {
  open(socket: Socket): void;
  /** buf[from, to) arrived. */
  data(socket: Socket, buf: Uint8Array, from: number, to: number): void;
  /** Room again after a short `write`. */
  drain(socket: Socket): void;
  /**
   * The peer will send no more but still reads; the handler must `shut` when its last reply is written. A handler
   * without `end` has such a socket closed at once.
   */
  end?(socket: Socket): void;
  /** The connection is gone: by the peer (`error` undefined), by `shut`, or by an error (its text). */
  close(socket: Socket, error?: string): void;
}

export interface ListenOptions {
  /** Host name or address, for TCP. */
  hostname?: string;
  /** 0 lets the kernel choose. */
  port?: number;
  /** Path of a Unix-domain socket instead of TCP. */
  path?: string;
  /** Octal mode of the Unix socket's file, e.g. 0o700. */
  mode?: number;
  backlog?: number;
  /** Seconds of idleness before TCP keep-alive probes; 0 = off. */
  keepAliveSeconds?: number;
}

/** Where to connect: a host name or address and a port, or the path of a Unix-domain socket. */
export interface ConnectOptions {
  hostname?: string;
  port?: number;
  path?: string;
}

export interface Listener {
  /** The port bound (TCP), or 0. */
  readonly port: number;
  /** Stops accepting; open connections stay. */
  close(): void;
}

/** Error of `listen` and `connect`; `code` is the system's name, such as "EADDRINUSE". */
export class NetworkError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Network {
  readonly name: "epoll" | "bun" | "deno";
  /** Throws NetworkError. */
  listen(options: ListenOptions, handler: SocketHandler): Promise<Listener>;
  /**
   * Outgoing connection (replication, tests); `handler.open` is called before the promise resolves. Throws
   * NetworkError.
   */
  connect(options: ConnectOptions, handler: SocketHandler): Promise<Socket>;
  /**
   * Called after each group of callbacks and each wake-up. Returns how many ms the network may sleep before it
   * must call `turn` again: 0 = come back at once (work is under way in other threads), Infinity = no wish.
   */
  turn: () => number;
  /**
   * A wake-up for this network from another thread: `wakeHandle` is structured-cloneable and goes to the other
   * thread, which turns it into a function with `openWake(handle)` of this room. Calling that function makes
   * `turn` run soon. Cheap when the network is not asleep: the handle's shared word says so (Atomics inside).
   */
  readonly wakeHandle: unknown;
  /** Closes every listener and socket and ends the loop; no callback runs afterwards. */
  close(): void;
}
