/**
 * Linux system calls through `Deno.dlopen`.
 *
 * Signatures are chosen so that V8 calls C directly: i32, u32 and pointer arguments and i32 results cost 10-20 ns over
 * the system call, "buffer" 50, while usize would make BigInts at 180. An address can't be moved by an offset without an
 * object, so a buffer that is not sent from its start goes through sendmsg with a message built in memory.
 */

import process from "node:process";
import { isDeno } from "./host.ts";
import * as os from "./epoll_syscalls.ts";
import type { EventfdWrite, Syscalls } from "./epoll_syscalls.ts";
import { SOCKADDR_BYTES } from "./sockaddr.ts";

const SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "pointer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "pointer", "i32", "i32"], result: "i32" },
  recv: { parameters: ["i32", "pointer", "u32", "i32"], result: "i32" },
  send: { parameters: ["i32", "pointer", "u32", "i32"], result: "i32" },
  sendBuffer: { name: "send", parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  sendmsg: { parameters: ["i32", "pointer", "i32"], result: "i32" },
  accept4: { parameters: ["i32", "pointer", "pointer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "pointer", "u32"], result: "i32" },
  connect: { parameters: ["i32", "pointer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "pointer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "pointer", "pointer"], result: "i32" },
  getsockname: { parameters: ["i32", "pointer", "pointer"], result: "i32" },
  getpeername: { parameters: ["i32", "pointer", "pointer"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
} as const;

/** On a thread of Deno's own, with a promise: for waits that leave this thread to the runtime. */
const PARK_SYMBOL = {
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32", nonblocking: true },
} as const;

const WRITE_SYMBOL = { write: { parameters: ["i32", "buffer", "u32"], result: "i32" } } as const;

type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
type Parking = Deno.DynamicLibrary<typeof PARK_SYMBOL>["symbols"];

/** The system calls, or undefined where there is no Deno, no Linux, no permission or no C library to open. */
export function openDenoSyscalls(): Syscalls | undefined {
  const libc = openLibc(SYMBOLS);
  const parking = openLibc(PARK_SYMBOL);
  return libc === undefined || parking === undefined ? undefined : new DenoSyscalls(libc, parking);
}

/** A writer for an eventfd that another thread waits on, or undefined as above. */
export function openDenoEventfd(fd: number): EventfdWrite | undefined {
  const libc = openLibc(WRITE_SYMBOL);
  if (libc === undefined) return undefined;
  return () => void libc.write(fd, ONE, 8);
}

/** What adds 1 to an eventfd. */
const ONE = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);

function openLibc<S extends Deno.ForeignLibraryInterface>(symbols: S): Deno.DynamicLibrary<S>["symbols"] | undefined {
  if (!isDeno || process.platform !== "linux") return undefined;
  // Asked first: without the permission, dlopen would stop at a question on a terminal.
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  for (const name of os.LIBC_NAMES) {
    try {
      return Deno.dlopen(name, symbols).symbols;
    } catch {
      // Not this C library: the next name, or the portable network.
    }
  }
  return undefined;
}

class DenoSyscalls implements Syscalls {
  readonly events = new Int32Array(os.MAX_EVENTS * os.EVENT_WORDS_OTHER);
  readonly received = new Uint8Array(os.RECEIVE_BYTES);
  readonly address = new Uint8Array(SOCKADDR_BYTES);
  /**
   * While something is always ready to run, Deno looks at its sockets and signals only every 61st round (tokio's
   * event_interval). A park costs about 0.1 ms, so this often costs 1 % and bounds the delay of its own I/O.
   */
  readonly breathMs = 10;
  readonly #libc: Libc;
  readonly #parking: Parking;
  /** Where a parked wait puts its one event, which nobody reads: level-triggered, it is reported again. */
  readonly #parkEvents = new Uint8Array(16);
  readonly #errno: Deno.UnsafePointerView;
  readonly #eventsPtr = addressOf(this.events);
  readonly #receivedPtr = addressOf(this.received);
  readonly #addressPtr = addressOf(this.address);
  /** One epoll_event, or one option's value. */
  readonly #scratch = new Int32Array(4);
  readonly #scratchPtr = addressOf(this.#scratch);
  readonly #length = new Int32Array(1);
  readonly #lengthPtr = addressOf(this.#length);
  /** struct msghdr with one struct iovec behind it: see MESSAGE_*. */
  readonly #message = new Uint32Array(MESSAGE_WORDS);
  readonly #messagePtr = addressOf(this.#message);
  /**
   * The buffer whose address is known, the address as an object and as a number, and the buffer sent last. Servers
   * answer from one buffer again and again: one sent twice in a row becomes the known one.
   */
  #known: Uint8Array = this.received;
  #knownPtr = this.#receivedPtr;
  #knownAddress = numberOf(this.#receivedPtr);
  #last: Uint8Array = this.received;

  constructor(libc: Libc, parking: Parking) {
    this.#libc = libc;
    this.#parking = parking;
    this.#errno = new Deno.UnsafePointerView(libc.__errno_location()!);
    setAddress(this.#message, MESSAGE_IOVECS, numberOf(this.#messagePtr) + MESSAGE_IOVEC * 4);
    this.#message[MESSAGE_IOVEC_COUNT] = 1;
  }

  errno(): number {
    return this.#errno.getInt32();
  }

  epollCreate(): number {
    return this.#libc.epoll_create1(os.EPOLL_CLOEXEC);
  }

  epollCtl(epfd: number, op: number, fd: number, events: number): number {
    this.#scratch[0] = events;
    this.#scratch[EVENT_FD] = fd;
    return this.#libc.epoll_ctl(epfd, op, fd, this.#scratchPtr);
  }

  epollWait(epfd: number, timeoutMs: number): number {
    return this.#libc.epoll_wait(epfd, this.#eventsPtr, os.MAX_EVENTS, timeoutMs);
  }

  recv(fd: number, most: number): number {
    return this.#libc.recv(fd, this.#receivedPtr, most, 0);
  }

  send(fd: number, buf: Uint8Array, from: number, to: number): number {
    if (buf !== this.#known) {
      const again = buf === this.#last;
      this.#last = buf;
      if (!again && from === 0) {
        return this.#libc.sendBuffer(fd, buf as Uint8Array<ArrayBuffer>, to, os.MSG_NOSIGNAL);
      }
      this.#known = buf;
      this.#knownPtr = addressOf(buf);
      this.#knownAddress = numberOf(this.#knownPtr);
    }
    if (from === 0) return this.#libc.send(fd, this.#knownPtr, to, os.MSG_NOSIGNAL);
    setAddress(this.#message, MESSAGE_IOVEC, this.#knownAddress + from);
    this.#message[MESSAGE_IOVEC + 2] = to - from;
    return this.#libc.sendmsg(fd, this.#messagePtr, os.MSG_NOSIGNAL);
  }

  accept(fd: number): number {
    this.#length[0] = SOCKADDR_BYTES;
    return this.#libc.accept4(fd, this.#addressPtr, this.#lengthPtr, os.SOCK_NONBLOCK | os.SOCK_CLOEXEC);
  }

  close(fd: number): number {
    return this.#libc.close(fd);
  }

  socket(family: number): number {
    return this.#libc.socket(family, os.SOCK_STREAM | os.SOCK_NONBLOCK | os.SOCK_CLOEXEC, 0);
  }

  bind(fd: number, addressBytes: number): number {
    return this.#libc.bind(fd, this.#addressPtr, addressBytes);
  }

  connect(fd: number, addressBytes: number): number {
    return this.#libc.connect(fd, this.#addressPtr, addressBytes);
  }

  listen(fd: number, backlog: number): number {
    return this.#libc.listen(fd, backlog);
  }

  setsockopt(fd: number, level: number, option: number, value: number): number {
    this.#scratch[0] = value;
    return this.#libc.setsockopt(fd, level, option, this.#scratchPtr, 4);
  }

  getsockopt(fd: number, level: number, option: number): number {
    this.#length[0] = 4;
    const result = this.#libc.getsockopt(fd, level, option, this.#scratchPtr, this.#lengthPtr);
    return result === 0 ? this.#scratch[0] : -1;
  }

  getsockname(fd: number): number {
    this.#length[0] = SOCKADDR_BYTES;
    return this.#libc.getsockname(fd, this.#addressPtr, this.#lengthPtr);
  }

  getpeername(fd: number): number {
    this.#length[0] = SOCKADDR_BYTES;
    return this.#libc.getpeername(fd, this.#addressPtr, this.#lengthPtr);
  }

  eventfd(): number {
    return this.#libc.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC);
  }

  raise(fd: number): number {
    return this.#libc.write(fd, ONE, 8);
  }

  park(epfd: number, done: () => void): boolean {
    this.#parking.epoll_wait(epfd, this.#parkEvents, 1, -1).then(done);
    return true;
  }
}

/** Word of an epoll_event in which the caller's data begins. */
const EVENT_FD = process.arch === "x64" ? os.EVENT_WORDS_X64 - 2 : os.EVENT_WORDS_OTHER - 2;

// struct msghdr on 64 bits, in words: name 2, namelen 1, pad 1, iov 2, iovlen 2, control 2, controllen 2, flags 1, pad 1;
// then struct iovec: base 2, length 2.
const MESSAGE_IOVECS = 4;
const MESSAGE_IOVEC_COUNT = 6;
const MESSAGE_IOVEC = 14;
const MESSAGE_WORDS = 18;

function addressOf(view: ArrayBufferView): Deno.PointerObject {
  return Deno.UnsafePointer.of(view as Uint8Array<ArrayBuffer>)!;
}

/** An address as a number: user space ends at 2^47, well inside what a number holds exactly. */
function numberOf(pointer: Deno.PointerObject): number {
  return Number(Deno.UnsafePointer.value(pointer));
}

function setAddress(words: Uint32Array, at: number, address: number): void {
  words[at] = address;
  words[at + 1] = address / 0x1_0000_0000;
}
