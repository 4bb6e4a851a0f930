/**
 * Huge pages: asks Linux to back a large buffer with pages of 2 MiB. Any thread; once per buffer, for the whole process.
 *
 * Random access to a large store waits for address translation nearly as often as for memory itself, and twice as long in a
 * virtual machine; a page of 2 MiB is also filled by one fault where 4 KiB pages need 512.
 *
 * Source: madvise(2), Linux kernel documentation "Transparent Hugepage Support".
 */

import process from "node:process";
import { bunFfi, isDeno } from "./host.ts";
import { LIBC_NAMES } from "./epoll_syscalls.ts";

const MADV_HUGEPAGE = 14;
const PAGE = 4096;

/** Advises the kernel; false where it can't be asked (no Linux, no permission) or has no such pages: nothing is lost then. */
export function adviseHugePages(buffer: SharedArrayBuffer): boolean {
  if (process.platform !== "linux") return false;
  for (const name of LIBC_NAMES) {
    try {
      return isDeno ? adviseInDeno(name, buffer) : adviseInBun(name, buffer);
    } catch {
      // Not this C library: the next name.
    }
  }
  return false;
}

function adviseInDeno(library: string, buffer: SharedArrayBuffer): boolean {
  // Asked first: without the permission, dlopen would stop at a question on a terminal.
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return false;
  const libc = Deno.dlopen(library, { madvise: { parameters: ["pointer", "usize", "i32"], result: "i32" } });
  try {
    const at = Deno.UnsafePointer.value(Deno.UnsafePointer.of(new Uint8Array(buffer) as never));
    const { from, bytes } = wholePages(Number(at), buffer.byteLength);
    return libc.symbols.madvise(Deno.UnsafePointer.create(BigInt(from)), BigInt(bytes), MADV_HUGEPAGE) === 0;
  } finally {
    libc.close();
  }
}

function adviseInBun(library: string, buffer: SharedArrayBuffer): boolean {
  const ffi = bunFfi();
  if (ffi === undefined) return false;
  const { madvise } = ffi.dlopen(library, { madvise: { args: ["ptr", "u64", "i32"], returns: "i32" } }).symbols;
  const { from, bytes } = wholePages(ffi.ptr(new Uint8Array(buffer)), buffer.byteLength);
  return madvise!(from, bytes, MADV_HUGEPAGE) === 0;
}

/** The whole pages within `bytes` at an address; user space ends at 2^47, well inside what a number holds exactly. */
function wholePages(at: number, bytes: number): { from: number; bytes: number } {
  const from = Math.ceil(at / PAGE) * PAGE;
  const to = Math.floor((at + bytes) / PAGE) * PAGE;
  return { from, bytes: to - from };
}
