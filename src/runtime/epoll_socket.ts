/**
 * What the epoll network polls: connections and listeners. Main thread.
 *
 *   connecting --> open <--> draining (a write was short)
 *                   |  <--> paused
 *                   |  ---> ended (the peer sends no more)
 *                   v
 *                 shut --> closed (EpollNetwork.#reap, between groups)
 *
 * Invariants are those of network.ts and epoll.ts.
 */

import type { EpollNetwork } from "./epoll.ts";
import * as os from "./epoll_syscalls.ts";
import { errnoName, errorText } from "./errors.ts";
import type { Listener, Socket, SocketHandler } from "./network.ts";
import { decodeAddress } from "./sockaddr.ts";
import { removeSocketFile } from "./socket_file.ts";

/** Something with a descriptor in the network's table. */
export interface Pollable {
  readonly fd: number;
  /** The events the kernel was asked for. */
  interest: number;
  /** The kernel reports `events`. */
  ready(events: number): void;
  /** Closes the descriptor without any callback. */
  destroy(): void;
}

export class Connection implements Socket, Pollable {
  session: unknown = undefined;
  open = true;
  interest = 0;
  readonly fd: number;
  readonly remoteAddress: string;
  /** Set while connect(2) is under way: called once with 0 or an errno. */
  connecting: ((errno: number) => void) | undefined = undefined;
  readonly #network: EpollNetwork;
  readonly #handler: SocketHandler;
  #paused = false;
  #draining = false;
  #ended = false;
  /** In the network's queue of those that have more to be received. */
  #queued = false;
  /** Taken out of the kernel's set: see `ready`. */
  #detached = false;
  #error: string | undefined = undefined;
  #localAddress: string | undefined = undefined;

  constructor(network: EpollNetwork, fd: number, handler: SocketHandler, remoteAddress: string) {
    this.#network = network;
    this.fd = fd;
    this.#handler = handler;
    this.remoteAddress = remoteAddress;
  }

  get localAddress(): string {
    if (this.#localAddress === undefined) {
      const { sys } = this.#network;
      if (!this.open || sys.getsockname(this.fd) === -1) return "";
      // A Unix socket's own path is the one its peer was found at.
      this.#localAddress = decodeAddress(sys.address) || this.remoteAddress;
    }
    return this.#localAddress;
  }

  write(buf: Uint8Array, from: number, to: number): number {
    if (!this.open || this.#draining || from === to) return 0;
    const { sys } = this.#network;
    const sent = sys.send(this.fd, buf, from, to);
    if (sent === to - from) return sent;
    if (sent === -1) {
      const errno = sys.errno();
      if (errno !== os.EAGAIN && errno !== os.EINTR) {
        this.#fail(errno);
        return 0;
      }
    }
    this.#draining = true;
    this.#updateInterest();
    return sent === -1 ? 0 : sent;
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#updateInterest();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#updateInterest();
  }

  shut(): void {
    if (!this.open) return;
    this.open = false;
    this.#network.bury(this);
  }

  ready(events: number): void {
    if (!this.open) return;
    if (this.connecting !== undefined) return this.#connected();
    if ((events & os.EPOLLOUT) !== 0 && this.#draining) this.#drained();
    if (!this.open) return;
    if (this.#queued) return;
    if (!this.#paused && !this.#ended) return this.#receive(os.RECEIVE_FIRST);
    if ((events & os.EPOLLERR) !== 0) {
      const errno = this.#network.sys.getsockopt(this.fd, os.SOL_SOCKET, os.SO_ERROR);
      if (errno > 0) return this.#fail(errno);
    }
    if ((events & os.EPOLLHUP) !== 0) {
      if (this.#ended) return this.shut();
      // Gone in both directions with data still unread: EPOLLHUP can't be masked, so leave the set until `resume`.
      this.#detached = true;
      this.#network.sys.epollCtl(this.#network.epfd, os.EPOLL_CTL_DEL, this.fd, 0);
    }
  }

  /** Its turn in the network's queue has come. */
  receiveMore(): void {
    this.#queued = false;
    if (this.open && !this.#paused && !this.#ended) this.#receive(os.RECEIVE_NEXT);
  }

  /** Last step of a shut connection: tells the handler, frees the descriptor. */
  finish(): void {
    this.#network.forget(this);
    if (this.connecting === undefined) this.#handler.close(this, this.#error);
    this.#network.sys.close(this.fd);
  }

  destroy(): void {
    this.open = false;
    this.#network.sys.close(this.fd);
  }

  #receive(most: number): void {
    const { sys, fewEvents } = this.#network;
    const count = sys.recv(this.fd, fewEvents ? os.RECEIVE_BYTES : most);
    if (count > 0) {
      if (count === most && !fewEvents) {
        this.#queued = true;
        this.#network.receives.add(this);
      }
      return this.#handler.data(this, sys.received, 0, count);
    }
    if (count === 0) {
      this.#ended = true;
      if (this.#handler.end === undefined) return this.shut();
      this.#updateInterest();
      return this.#handler.end(this);
    }
    const errno = sys.errno();
    if (errno !== os.EAGAIN && errno !== os.EINTR) this.#fail(errno);
  }

  #drained(): void {
    this.#draining = false;
    this.#handler.drain(this);
    // A drain usually writes what is left; only if that fits is the kernel told.
    if (this.open) this.#updateInterest();
  }

  #connected(): void {
    const errno = this.#network.sys.getsockopt(this.fd, os.SOL_SOCKET, os.SO_ERROR);
    const done = this.connecting!;
    if (errno !== 0) {
      this.shut();
      return done(errno);
    }
    this.connecting = undefined;
    this.#updateInterest();
    this.#handler.open(this);
    done(0);
  }

  #fail(errno: number): void {
    if (!this.open) return;
    this.#error = errorText(errnoName(errno));
    this.shut();
  }

  #updateInterest(): void {
    if (!this.open || this.connecting !== undefined) return;
    const events = (this.#draining ? os.EPOLLOUT : 0) | (this.#paused || this.#ended ? 0 : os.EPOLLIN);
    if (!this.#detached) return this.#network.setInterest(this, events);
    if (this.#paused) return;
    this.#detached = false;
    this.#network.add(this, events);
  }
}

export class EpollListener implements Listener, Pollable {
  open = true;
  interest = 0;
  readonly fd: number;
  readonly port: number;
  readonly path: string | undefined;
  readonly handler: SocketHandler;
  readonly #network: EpollNetwork;

  constructor(network: EpollNetwork, fd: number, handler: SocketHandler, port: number, path: string | undefined) {
    this.#network = network;
    this.fd = fd;
    this.handler = handler;
    this.port = port;
    this.path = path;
  }

  ready(_events: number): void {
    if (this.open) this.#network.accept(this);
  }

  close(): void {
    if (!this.open) return;
    this.#network.forget(this);
    this.destroy();
  }

  destroy(): void {
    if (!this.open) return;
    this.open = false;
    this.#network.sys.close(this.fd);
    if (this.path !== undefined) removeSocketFile(this.path);
  }
}
