/**
 * The epoll network: Linux sockets through the runtime's FFI. Main thread. This is the hot path of the whole server:
 * one epoll_wait per group of requests, one recv and one send per request, and nothing else.
 *
 * 1. `table[fd]` is the connection or listener behind a file descriptor. A descriptor is closed only in `reap`, between
 *    groups, so no event of a group can belong to a number that was given out again within it.
 * 2. Level-triggered: what a bounded receive leaves behind is reported by the next wait, in the kernel's round robin; who has
 *    filled one waits in `receives` for the next.
 * 3. Interest in EPOLLOUT exists only while `draining`, in EPOLLIN only while neither paused nor ended; `interest` is
 *    what the kernel was told, so a system call is made only when it changes.
 * 4. The loop lends the thread to the runtime (timers, signals, messages, promises) after SLICE_MS of work and after
 *    every wait that found nothing. Exactly one of these brings it back: a setImmediate (`#scheduled`) or a park
 *    (`#parked`) with its timer; `poke` turns the second into the first.
 *
 *      busy:  runtime --setImmediate--> slice: reap, turn, epoll_wait, callbacks, turn, epoll_wait, ... --> runtime
 *      idle:  runtime sleeps on the epoll set beside its own sockets and timers --> slice
 */

import process from "node:process";
import { ReceiveQueue } from "./receive_queue.ts";
import { Connection, EpollListener, type Pollable } from "./epoll_socket.ts";
import * as os from "./epoll_syscalls.ts";
import type { Syscalls } from "./epoll_syscalls.ts";
import { errnoName, errorText } from "./errors.ts";
import {
  type ConnectOptions,
  type Listener,
  type ListenOptions,
  type Network,
  NetworkError,
  type Socket,
  type SocketHandler,
} from "./network.ts";
import * as sockaddr from "./sockaddr.ts";
import { ASLEEP, AWAKE, createWakeWord, type WakeHandle } from "./wake.ts";
import { removeSocketFile, setMode } from "./socket_file.ts";

/** Longest the loop keeps the thread while there is work: timers and messages are late by at most this much. */
const SLICE_MS = 3;

/**
 * Longest wait in epoll_wait itself, which holds the thread. The kernel's smallest step: whoever sends requests one by
 * one is answered from inside the wait, and the runtime is not kept from its own work longer than that.
 */
const WAIT_MS = 1;

/** Without an event for this long, the loop parks: waking from that costs more, but an idle server costs nothing. */
const PARK_AFTER_MS = 5;

/** Longest wait where the runtime can't park: 1 % of a core when idle would be 10 times this often. */
const UNPARKED_WAIT_MS = 10;

/**
 * Reading the clock costs as much as a small request's callbacks (0.2 µs in Deno), so it is read once in this many
 * events; a wait that was told not to sleep and found nothing counts for UNDATED_SPIN of them.
 */
const UNDATED_MAX = 16;
const UNDATED_SPIN = 4;

/** Connections accepted per event; level-triggered, so more of them come with the next wait. */
const ACCEPT_BOUND = 64;

/** How long to leave a listener alone when the process has no descriptors left, unless one is closed earlier. */
const STARVED_MS = 100;

const DEFAULT_BACKLOG = 511;

/** Longest a timer of the runtimes can be set, about 24 days; a longer wish is none. */
const MAX_TIMER_MS = 0x7fff_ffff;

export class EpollNetwork implements Network {
  readonly name = "epoll";
  turn: () => number = () => Infinity;
  /** Every pollable by its descriptor; filled up to the highest one, so that the array stays dense. */
  readonly table: (Pollable | undefined)[] = [];
  readonly sys: Syscalls;
  readonly epfd: number;
  readonly #eventWords = process.arch === "x64" ? os.EVENT_WORDS_X64 : os.EVENT_WORDS_OTHER;
  /** True while the group at hand is of a few events only. */
  fewEvents = false;
  readonly receives = new ReceiveQueue();
  #closing: Connection[] = [];
  #starvedUntilMs = 0;
  #nowMs = 0;
  /** Events since the clock was read. */
  #undated = 0;
  #lastEventMs = 0;
  #lastParkMs = 0;
  #closed = false;
  #scheduled = false;
  #immediate: ReturnType<typeof setImmediate> | undefined;
  #parked = false;
  #parkTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #wakeFd: number;
  #wakeWord: Int32Array | undefined;
  readonly #slice = () => this.#runSlice();
  readonly #poke = () => this.poke();
  readonly #parkDone = () => this.#unpark();

  constructor(sys: Syscalls) {
    this.sys = sys;
    this.epfd = sys.epollCreate();
    if (this.epfd === -1) throw this.failure("epoll_create1");
    this.#wakeFd = sys.eventfd();
    if (this.#wakeFd === -1) throw this.failure("eventfd");
    // Edge-triggered: each write ends one wait, and nobody needs to read the counter back to zero.
    if (sys.epollCtl(this.epfd, os.EPOLL_CTL_ADD, this.#wakeFd, os.EPOLLIN | os.EPOLLET) === -1) {
      throw this.failure("epoll_ctl");
    }
  }

  get wakeHandle(): WakeHandle {
    this.#wakeWord ??= createWakeWord();
    this.poke();
    return { word: this.#wakeWord, eventfd: this.#wakeFd };
  }

  async listen(options: ListenOptions, handler: SocketHandler): Promise<Listener> {
    const host = options.path === undefined ? await sockaddr.resolveHost(options.hostname ?? "*") : "";
    const fd = this.#openSocket(host, options.port ?? 0, options.path);
    try {
      if (options.path === undefined) {
        this.#check("setsockopt", this.sys.setsockopt(fd, os.SOL_SOCKET, os.SO_REUSEADDR, 1));
        // Linux hands these on to every accepted connection: no call per connection is needed.
        this.sys.setsockopt(fd, os.IPPROTO_TCP, os.TCP_NODELAY, 1);
        this.#setKeepAlive(fd, options.keepAliveSeconds ?? 0);
      } else {
        removeSocketFile(options.path);
      }
      const what = options.path ?? `${host}:${options.port ?? 0}`;
      this.#check(`bind ${what}`, this.sys.bind(fd, this.#addressBytes));
      // Before listen(2) nobody can connect, so there is no moment with the wrong mode.
      if (options.path !== undefined && options.mode !== undefined) setMode(options.path, options.mode);
      this.#check(`listen ${what}`, this.sys.listen(fd, options.backlog ?? DEFAULT_BACKLOG));
      this.sys.getsockname(fd);
      const port = sockaddr.decodePort(this.sys.address);
      const listener = new EpollListener(this, fd, handler, port, options.path);
      this.#check("epoll_ctl", this.add(listener, os.EPOLLIN));
      this.poke();
      return listener;
    } catch (error) {
      if (fd < this.table.length) this.table[fd] = undefined;
      this.sys.close(fd);
      throw error;
    }
  }

  async connect(options: ConnectOptions, handler: SocketHandler): Promise<Socket> {
    const { path, port = 0 } = options;
    const host = path === undefined ? await sockaddr.resolveHost(options.hostname ?? "127.0.0.1") : "";
    const fd = this.#openSocket(host, port, path);
    const what = `connect ${path ?? `${host}:${port}`}`;
    if (path === undefined) this.sys.setsockopt(fd, os.IPPROTO_TCP, os.TCP_NODELAY, 1);
    if (this.sys.connect(fd, this.#addressBytes) === -1 && this.sys.errno() !== os.EINPROGRESS) {
      const error = this.failure(what);
      this.sys.close(fd);
      throw error;
    }
    const socket = new Connection(
      this,
      fd,
      handler,
      path === undefined ? sockaddr.joinAddress(host, port) : `${path}:0`,
    );
    return await new Promise<Socket>((resolve, reject) => {
      socket.connecting = (error) => {
        if (error === 0) return resolve(socket);
        const code = errnoName(error);
        reject(new NetworkError(code, `${what}: ${errorText(code)}`));
      };
      this.add(socket, os.EPOLLOUT);
      this.poke();
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const pollable of this.table) pollable?.destroy();
    this.table.length = 0;
    clearTimeout(this.#parkTimer);
    // A parked wait holds the set: it is ended first, and the descriptors go in #unpark.
    if (this.#parked) this.sys.raise(this.#wakeFd);
    else this.#closeSet();
  }

  #closeSet(): void {
    this.sys.close(this.#wakeFd);
    this.sys.close(this.epfd);
  }

  /** Enters a pollable into the table and the kernel's set. Returns -1 on failure, as the system call. */
  add(pollable: Pollable, events: number): number {
    while (this.table.length <= pollable.fd) this.table.push(undefined);
    this.table[pollable.fd] = pollable;
    pollable.interest = events;
    return this.sys.epollCtl(this.epfd, os.EPOLL_CTL_ADD, pollable.fd, events);
  }

  /** Tells the kernel what a pollable waits for, if that changed. */
  setInterest(pollable: Pollable, events: number): void {
    if (pollable.interest === events) return;
    pollable.interest = events;
    this.sys.epollCtl(this.epfd, os.EPOLL_CTL_MOD, pollable.fd, events);
  }

  /** Takes over a connection that was shut: `reap` calls its `close` and gives its descriptor back. */
  bury(connection: Connection): void {
    this.#closing.push(connection);
    this.poke();
  }

  /** Takes a closed listener's descriptor out of the table. */
  forget(pollable: Pollable): void {
    this.table[pollable.fd] = undefined;
  }

  /** The last failed system call as an error; `what` says what was tried. */
  failure(what: string): NetworkError {
    const code = errnoName(this.sys.errno());
    return new NetworkError(code, `${what}: ${errorText(code)}`);
  }

  /** Accepts what waits at a listener, within bounds. */
  accept(listener: EpollListener): void {
    for (let i = 0; i < ACCEPT_BOUND; i++) {
      const fd = this.sys.accept(listener.fd);
      if (fd === -1) return this.#acceptFailed(this.sys.errno());
      const peer = listener.path === undefined ? sockaddr.decodeAddress(this.sys.address) : `${listener.path}:0`;
      const connection = new Connection(this, fd, listener.handler, peer);
      if (this.add(connection, os.EPOLLIN) === -1) {
        // No room in the kernel's set (max_user_watches): the same as having no descriptor for it.
        this.forget(connection);
        this.sys.close(fd);
        return this.#starve();
      }
      listener.handler.open(connection);
      if (!listener.open) return;
    }
  }

  #acceptFailed(errno: number): void {
    switch (errno) {
      case os.EMFILE:
      case os.ENFILE:
      case os.ENOBUFS:
      case os.ENOMEM:
        this.#starve();
    }
    // Anything else concerns a connection that is gone, or none was waiting.
  }

  /** A listener that can't accept would be reported by every wait: stop asking for a while. */
  #starve(): void {
    this.#starvedUntilMs = performance.now() + STARVED_MS;
    for (const pollable of this.table) if (pollable instanceof EpollListener) this.setInterest(pollable, 0);
  }

  #feed(): void {
    this.#starvedUntilMs = 0;
    for (const pollable of this.table) if (pollable instanceof EpollListener) this.setInterest(pollable, os.EPOLLIN);
  }

  /** Makes a slice run soon. */
  poke(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    this.#immediate = setImmediate(this.#slice);
  }

  #runSlice(): void {
    this.#scheduled = false;
    if (this.#closed) return;
    // First, so that the loop survives an exception that the process decides to survive.
    this.poke();
    this.#nowMs = performance.now();
    const untilMs = this.#nowMs + SLICE_MS;
    while (this.#round()) {
      if (this.#nowMs < untilMs) continue;
      this.#reap();
      this.turn();
      if (this.#nowMs - this.#lastParkMs >= this.sys.breathMs && !this.#parked) this.#breathe();
      return;
    }
  }

  /**
   * One turn, one wait and its callbacks; false when there was nothing to do, or the loop parked or ended. A function
   * of its own, since V8 optimizes by calls: inside a loop that leaves often, it calls C through its slow door.
   */
  #round(): boolean {
    this.#reap();
    if (this.#starvedUntilMs !== 0 && this.#nowMs >= this.#starvedUntilMs) this.#feed();
    const wishMs = this.#prepareSleep();
    if (this.#closed) return false;
    if (this.receives.waits) {
      this.receives.serve();
      if (this.#closed) return false;
      this.#undated = UNDATED_MAX; // that took a while
    }
    const mayPark = wishMs > WAIT_MS && this.#nowMs - this.#lastEventMs >= PARK_AFTER_MS;
    if (mayPark && this.#park(wishMs)) return false;
    const timeoutMs = wishMs >= WAIT_MS ? (mayPark ? UNPARKED_WAIT_MS : WAIT_MS) : wishMs > 0 ? 1 : 0;
    const count = this.sys.epollWait(this.epfd, timeoutMs);
    if (this.#wakeWord !== undefined) Atomics.store(this.#wakeWord, 0, AWAKE);
    if (count > 0) this.#dispatch(count);
    if (this.#closed) return false;
    if (count <= 0 && wishMs > 0) return false;
    this.#undated += count > 0 ? count : UNDATED_SPIN;
    if (this.#undated >= UNDATED_MAX) {
      this.#undated = 0;
      this.#nowMs = performance.now();
    }
    this.#lastEventMs = this.#nowMs;
    return true;
  }

  /** Runs `turn` and returns its wish; when that is to sleep, says so to other threads first (wake.ts, 1). */
  #prepareSleep(): number {
    let wishMs = this.turn();
    if (this.receives.waits) return 0; // awake: nobody needs to wake it
    if (this.#wakeWord !== undefined && wishMs > 0) {
      Atomics.store(this.#wakeWord, 0, ASLEEP);
      wishMs = this.turn();
    }
    return this.#closing.length > 0 ? 0 : Math.max(0, wishMs);
  }

  /** Leaves the thread to the runtime until there are events or `wishMs` is over. */
  #park(wishMs: number): boolean {
    if (!this.#parked && !this.sys.park(this.epfd, this.#parkDone)) return false;
    this.#parked = true;
    clearTimeout(this.#parkTimer);
    if (wishMs < MAX_TIMER_MS) this.#parkTimer = setTimeout(this.#poke, wishMs);
    this.#unschedule();
    return true;
  }

  /** Parks for just as long as the runtime needs to look around. */
  #breathe(): void {
    this.sys.raise(this.#wakeFd);
    this.#park(Infinity);
  }

  #unpark(): void {
    this.#parked = false;
    clearTimeout(this.#parkTimer);
    if (this.#closed) return this.#closeSet();
    this.#lastParkMs = this.#lastEventMs = performance.now();
    if (this.#wakeWord !== undefined) Atomics.store(this.#wakeWord, 0, AWAKE);
    this.#unschedule();
    this.#runSlice();
  }

  #unschedule(): void {
    this.#scheduled = false;
    clearImmediate(this.#immediate);
  }

  #dispatch(count: number): void {
    const { events } = this.sys;
    this.fewEvents = count <= os.FEW_EVENTS;
    const words = this.#eventWords;
    const fdWord = words - 2;
    for (let i = 0, at = 0; i < count; i++, at += words) {
      // Undefined for the eventfd: it only had to end the wait.
      const pollable = this.table[events[at + fdWord]];
      if (pollable !== undefined) pollable.ready(events[at]);
    }
  }

  /** Closes what was shut since the last time, including what the `close` callbacks shut. */
  #reap(): void {
    if (this.#closing.length === 0) return;
    while (this.#closing.length > 0) {
      const closing = this.#closing;
      this.#closing = [];
      for (let i = 0; i < closing.length; i++) closing[i].finish();
    }
    if (this.#starvedUntilMs !== 0) this.#feed();
  }

  /** The length of the address that #openSocket left in `sys.address`. */
  #addressBytes = 0;

  /** A socket of the family of `path` or `host`, whose address is left in `sys.address`. */
  #openSocket(host: string, port: number, path: string | undefined): number {
    const { address } = this.sys;
    this.#addressBytes = path === undefined
      ? sockaddr.encodeIp(address, host, port)
      : sockaddr.encodeUnix(address, path);
    const family = address[0];
    const fd = this.sys.socket(family);
    this.#check("socket", fd);
    // As Redis does, so that one port can be bound for each family separately.
    if (family === sockaddr.AF_INET6) this.sys.setsockopt(fd, os.IPPROTO_IPV6, os.IPV6_V6ONLY, 1);
    return fd;
  }

  #setKeepAlive(fd: number, seconds: number): void {
    if (seconds === 0) return;
    this.sys.setsockopt(fd, os.SOL_SOCKET, os.SO_KEEPALIVE, 1);
    this.sys.setsockopt(fd, os.IPPROTO_TCP, os.TCP_KEEPIDLE, seconds);
    // Redis's choice: three probes a third of the interval apart, so a dead peer is found in twice the interval.
    this.sys.setsockopt(fd, os.IPPROTO_TCP, os.TCP_KEEPINTVL, Math.max(1, Math.floor(seconds / 3)));
    this.sys.setsockopt(fd, os.IPPROTO_TCP, os.TCP_KEEPCNT, 3);
  }

  #check(what: string, result: number): void {
    if (result === -1) throw this.failure(what);
  }
}
