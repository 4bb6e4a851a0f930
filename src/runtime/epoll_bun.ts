/**
 * Linux system calls through `bun:ffi`. A call costs 6-15 ns over the system call itself.
 *
 * Bun passes addresses as plain numbers, so a caller's buffer is sent from any offset without a view.
 */

import process from "node:process";
import { throwUncaught } from "./errors.ts";
import { bun, bunFfi, type BunForeign } from "./host.ts";
import * as os from "./epoll_syscalls.ts";
import type { EventfdWrite, Syscalls } from "./epoll_syscalls.ts";
import { SOCKADDR_BYTES } from "./sockaddr.ts";

const SYMBOLS = {
  __errno_location: { args: [], returns: "ptr" },
  epoll_create1: { args: ["i32"], returns: "i32" },
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u32", "i32"], returns: "i32" },
  send: { args: ["i32", "ptr", "u32", "i32"], returns: "i32" },
  accept4: { args: ["i32", "ptr", "ptr", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  getpeername: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  eventfd: { args: ["u32", "i32"], returns: "i32" },
  write: { args: ["i32", "ptr", "u32"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
};

type Symbols = Record<keyof typeof SYMBOLS, BunForeign>;

/** The system calls, or undefined where there is no Bun, no Linux or no C library to open. */
export function openBunSyscalls(): Syscalls | undefined {
  const libc = openLibc();
  return libc === undefined ? undefined : new BunSyscalls(libc);
}

/** A writer for an eventfd that another thread waits on, or undefined as above. */
export function openBunEventfd(fd: number): EventfdWrite | undefined {
  const write = openLibc()?.write;
  if (write === undefined) return undefined;
  return () => void write(fd, ONE, 8);
}

/** What adds 1 to an eventfd. */
const ONE = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);

function openLibc(): Symbols | undefined {
  const ffi = bunFfi();
  if (ffi === undefined || process.platform !== "linux") return undefined;
  for (const name of os.LIBC_NAMES) {
    try {
      return ffi.dlopen(name, SYMBOLS).symbols as Symbols;
    } catch {
      // Not this C library: the next name, or the portable network.
    }
  }
  return undefined;
}

class BunSyscalls implements Syscalls {
  readonly events = new Int32Array(os.MAX_EVENTS * os.EVENT_WORDS_OTHER);
  readonly received = new Uint8Array(os.RECEIVE_BYTES);
  readonly address = new Uint8Array(SOCKADDR_BYTES);
  readonly #libc: Symbols;
  readonly #ffi = bunFfi()!;
  readonly #errno: number;
  readonly #eventsPtr: number;
  readonly #receivedPtr: number;
  /** Bun polls its sockets in every round of its loop. */
  readonly breathMs = Infinity;
  #canPark = true;
  /** One epoll_event, or one option's value and its length. */
  readonly #scratch = new Int32Array(4);

  constructor(libc: Symbols) {
    this.#libc = libc;
    this.#errno = libc.__errno_location();
    this.#eventsPtr = this.#ffi.ptr(this.events);
    this.#receivedPtr = this.#ffi.ptr(this.received);
  }

  errno(): number {
    return this.#ffi.read.i32(this.#errno, 0);
  }

  epollCreate(): number {
    return this.#libc.epoll_create1(os.EPOLL_CLOEXEC);
  }

  epollCtl(epfd: number, op: number, fd: number, events: number): number {
    this.#scratch[0] = events;
    this.#scratch[EVENT_FD] = fd;
    return this.#libc.epoll_ctl(epfd, op, fd, this.#scratch);
  }

  epollWait(epfd: number, timeoutMs: number): number {
    return this.#libc.epoll_wait(epfd, this.#eventsPtr, os.MAX_EVENTS, timeoutMs);
  }

  recv(fd: number, most: number): number {
    return this.#libc.recv(fd, this.#receivedPtr, most, 0);
  }

  send(fd: number, buf: Uint8Array, from: number, to: number): number {
    if (from === 0) return this.#libc.send(fd, buf, to, os.MSG_NOSIGNAL);
    return this.#libc.send(fd, this.#ffi.ptr(buf) + from, to - from, os.MSG_NOSIGNAL);
  }

  accept(fd: number): number {
    this.#scratch[0] = SOCKADDR_BYTES;
    return this.#libc.accept4(fd, this.address, this.#scratch, os.SOCK_NONBLOCK | os.SOCK_CLOEXEC);
  }

  close(fd: number): number {
    return this.#libc.close(fd);
  }

  socket(family: number): number {
    return this.#libc.socket(family, os.SOCK_STREAM | os.SOCK_NONBLOCK | os.SOCK_CLOEXEC, 0);
  }

  bind(fd: number, addressBytes: number): number {
    return this.#libc.bind(fd, this.address, addressBytes);
  }

  connect(fd: number, addressBytes: number): number {
    return this.#libc.connect(fd, this.address, addressBytes);
  }

  listen(fd: number, backlog: number): number {
    return this.#libc.listen(fd, backlog);
  }

  setsockopt(fd: number, level: number, option: number, value: number): number {
    this.#scratch[0] = value;
    return this.#libc.setsockopt(fd, level, option, this.#scratch, 4);
  }

  getsockopt(fd: number, level: number, option: number): number {
    const length = new Int32Array([4]);
    return this.#libc.getsockopt(fd, level, option, this.#scratch, length) === 0 ? this.#scratch[0] : -1;
  }

  getsockname(fd: number): number {
    this.#scratch[0] = SOCKADDR_BYTES;
    return this.#libc.getsockname(fd, this.address, this.#scratch);
  }

  getpeername(fd: number): number {
    this.#scratch[0] = SOCKADDR_BYTES;
    return this.#libc.getpeername(fd, this.address, this.#scratch);
  }

  eventfd(): number {
    return this.#libc.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC);
  }

  raise(fd: number): number {
    return this.#libc.write(fd, ONE, 8);
  }

  /**
   * An epoll set is itself pollable. Bun adopts a duplicate of its descriptor as if it were a connection, so its own
   * loop sleeps on it; when the set has events Bun tries to receive, the kernel refuses (it is no socket), and Bun
   * closes the duplicate and says so. That costs about 15 µs, and only a server that was idle pays it.
   */
  park(epfd: number, done: () => void): boolean {
    if (!this.#canPark) return false;
    const fd = this.#libc.fcntl(epfd, os.F_DUPFD_CLOEXEC, 0);
    if (fd === -1) return false;
    let called = false;
    const once = () => {
      if (called) return;
      called = true;
      try {
        done();
      } catch (error) {
        throwUncaught(error);
      }
    };
    const refused = () => {
      this.#canPark = false;
      once();
    };
    const socket = { open() {}, data() {}, drain() {}, end: once, error: once, close: once, connectError: refused };
    bun!.connect({ fd, allowHalfOpen: false, socket }).catch(refused);
    return true;
  }
}

/** Word of an epoll_event in which the caller's data begins. */
const EVENT_FD = process.arch === "x64" ? os.EVENT_WORDS_X64 - 2 : os.EVENT_WORDS_OTHER - 2;
