/**
 * Host: which runtime this is. The only feature detection in Ringshard; everything else in this room asks here.
 *
 * Deno describes itself to the type checker; of Bun only the members this room calls are described below. Node's
 * built-in modules exist in both, and are preferred where they are exact and not on a hot path.
 */

import process from "node:process";

/** A native call of `bun:ffi`: numbers, addresses as numbers, and typed arrays by their address. */
export type BunForeign = (...args: (number | Uint8Array | Int32Array | null)[]) => number;

/** What this room calls of the module `bun:ffi`. */
export interface BunFfi {
  dlopen(
    name: string,
    symbols: Record<string, { args: string[]; returns: string }>,
  ): { symbols: Record<string, BunForeign> };
  ptr(view: ArrayBufferView): number;
  read: { i32(address: number, offset: number): number };
}

/** A socket of Bun.listen or Bun.connect. `data` is for its user. */
export interface BunSocket<D> {
  data: D;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly remoteFamily: string;
  readonly localAddress: string;
  readonly localPort: number;
  readonly localFamily: string;
  write(buf: Uint8Array, offset?: number, length?: number): number;
  flush(): void;
  pause(): void;
  resume(): void;
  end(): void;
  shutdown(): void;
  terminate(): void;
  setNoDelay(on: boolean): boolean;
  setKeepAlive(on: boolean, delayMs: number): boolean;
}

/** Callbacks of Bun's sockets. */
export interface BunSocketHandler<D> {
  open(socket: BunSocket<D>): void;
  data(socket: BunSocket<D>, chunk: Uint8Array): void;
  drain(socket: BunSocket<D>): void;
  end(socket: BunSocket<D>): void;
  close(socket: BunSocket<D>, error?: Error): void;
  error(socket: BunSocket<D>, error: Error): void;
  connectError?(socket: BunSocket<D>, error: Error): void;
}

/** A listener of Bun.listen. */
export interface BunListener {
  readonly port: number;
  stop(closeConnections?: boolean): void;
}

/** What this room calls of the global `Bun`. */
export interface BunHost {
  readonly version: string;
  /** Collects garbage: all of it, before this returns, or (`complete` false) what is young, beside the thread. */
  gc(complete: boolean): number;
  listen<D>(
    options: {
      hostname?: string;
      port?: number;
      unix?: string;
      allowHalfOpen: boolean;
      ipv6Only?: boolean;
      exclusive?: boolean;
      backlog?: number;
      socket: BunSocketHandler<D>;
      data?: D;
    },
  ): BunListener;
  connect<D>(
    options: {
      hostname?: string;
      port?: number;
      unix?: string;
      fd?: number;
      allowHalfOpen: boolean;
      socket: BunSocketHandler<D>;
      data?: D;
    },
  ): Promise<BunSocket<D>>;
}

/** Bun's global in Bun, else undefined. */
export const bun: BunHost | undefined = (globalThis as { Bun?: BunHost }).Bun;

/** True in Deno. */
export const isDeno: boolean = typeof Deno !== "undefined" && bun === undefined;

/** The runtime's name and version, such as "deno 2.9.6". */
export const runtimeVersion: string = bun === undefined ? `deno ${Deno.version.deno}` : `bun ${bun.version}`;

/** The module `bun:ffi` in Bun, else undefined. Asked for by name at run time, since Deno could not resolve an import. */
export function bunFfi(): BunFfi | undefined {
  if (bun === undefined) return undefined;
  return process.getBuiltinModule("bun:ffi") as unknown as BunFfi | undefined;
}
