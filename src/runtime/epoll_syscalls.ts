/**
 * Syscalls: the Linux system calls the epoll network needs, as each runtime's FFI offers them (epoll_bun.ts,
 * epoll_deno.ts), with the numbers of the kernel's interface.
 *
 * 1. A call returns what libc returns; -1 means failure, and `errno()` right after it tells which.
 * 2. Sizes and counts stay below 2^31, so that every argument and result is a small integer and no BigInt is made.
 * 3. Addresses are taken once, of buffers that live as long as the object; `send` alone takes a caller's buffer.
 * 4. One object belongs to one thread: it holds the scratch memory that calls read and write.
 */

export interface Syscalls {
  /** What `epollWait` fills: see EVENT_WORDS. */
  readonly events: Int32Array;
  /** What `recv` fills, from 0. */
  readonly received: Uint8Array;
  /** What `bind`, `connect` read and `accept`, `getsockname`, `getpeername` fill: a sockaddr. */
  readonly address: Uint8Array;
  errno(): number;

  epollCreate(): number;
  epollCtl(epfd: number, op: number, fd: number, events: number): number;
  /** Waits up to `timeoutMs`; returns how many events were put in `events`. */
  epollWait(epfd: number, timeoutMs: number): number;
  /** Receives up to `most` bytes, at most RECEIVE_BYTES. */
  recv(fd: number, most: number): number;
  /** Sends buf[from, to) without SIGPIPE. */
  send(fd: number, buf: Uint8Array, from: number, to: number): number;
  /** accept4 as nonblocking, close-on-exec. */
  accept(fd: number): number;
  close(fd: number): number;

  /** Nonblocking, close-on-exec stream socket. */
  socket(family: number): number;
  bind(fd: number, addressBytes: number): number;
  connect(fd: number, addressBytes: number): number;
  listen(fd: number, backlog: number): number;
  setsockopt(fd: number, level: number, option: number, value: number): number;
  /** The option's integer value, or -1. */
  getsockopt(fd: number, level: number, option: number): number;
  getsockname(fd: number): number;
  getpeername(fd: number): number;
  eventfd(): number;
  /** Adds 1 to an eventfd. */
  raise(fd: number): number;

  /**
   * Gives the thread to the runtime until the set has events: `done` is called once, soon after, and not from inside
   * this call. Returns false where the runtime can't; then it must be given the thread in small pieces.
   */
  park(epfd: number, done: () => void): boolean;
  /**
   * The runtime looks at its own sockets and signals only when it parks, or after many rounds without: the loop must
   * park this often, in ms. Infinity where every round looks.
   */
  readonly breathMs: number;
}

/** Adds 1 to an eventfd. */
export type EventfdWrite = () => void;

/** The C library: glibc, or musl's where there is no glibc. */
export const LIBC_NAMES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** Most events taken in one wait. More clients than this only means more waits; a batch this long hides their cost. */
export const MAX_EVENTS = 256;

/**
 * Bytes of the receive buffer, and so the most one client gets in a group: a value of a megabyte takes few system calls,
 * and the buffer fits in a core's second-level cache beside what the commands touch.
 */
export const RECEIVE_BYTES = 256 * 1024;
/** Bytes of a client's receive while others want something, too: the first, and those that follow a full one (receive_queue.ts). */
export const RECEIVE_FIRST = 32 * 1024;
export const RECEIVE_NEXT = 160 * 1024;
/** So many events in a group are few: each client may fill the buffer. */
export const FEW_EVENTS = 2;

// struct epoll_event is { u32 events; u64 data }, packed on x86-64 only.
/** Words of an event in `events`. */
export const EVENT_WORDS_X64 = 3;
export const EVENT_WORDS_OTHER = 4;

// <sys/epoll.h>, <sys/socket.h>, <netinet/tcp.h>, <errno.h> of Linux; the same on x86-64 and arm64.
export const EPOLLIN = 0x1;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLET = 1 << 31;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLL_CLOEXEC = 0x80000;

export const SOCK_STREAM = 1;
export const SOCK_NONBLOCK = 0x800;
export const SOCK_CLOEXEC = 0x80000;
export const MSG_NOSIGNAL = 0x4000;
export const EFD_NONBLOCK = 0x800;
export const EFD_CLOEXEC = 0x80000;

export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_ERROR = 4;
export const SO_KEEPALIVE = 9;
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;
export const TCP_KEEPIDLE = 4;
export const TCP_KEEPINTVL = 5;
export const TCP_KEEPCNT = 6;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;

export const F_DUPFD_CLOEXEC = 1030;

export const EINTR = 4;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const ENFILE = 23;
export const EMFILE = 24;
export const ENOBUFS = 105;
export const EINPROGRESS = 115;
