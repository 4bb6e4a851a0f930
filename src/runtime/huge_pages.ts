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
/** Bytes of a huge page. */
export const HUGE_PAGE = 2 << 20;

/**
 * Advises the kernel for the buffer's first `bytes` bytes. Returns the offset in the buffer at which the first huge page begins; -1 where the
 * kernel can't be asked (no Linux, no permission) or has no such pages: nothing is lost then.
 */
export function adviseHugePages(buffer: SharedArrayBuffer, bytes: number): number {
  if (process.platform !== "linux") return -1;
  for (const name of LIBC_NAMES) {
    try {
      return isDeno ? adviseInDeno(name, buffer, bytes) : adviseInBun(name, buffer, bytes);
    } catch {
      // Not this C library: the next name.
    }
  }
  return -1;
}

function adviseInDeno(library: string, buffer: SharedArrayBuffer, bytes: number): number {
  // Asked first: without the permission, dlopen would stop at a question on a terminal.
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return -1;
  const libc = Deno.dlopen(library, { madvise: { parameters: ["pointer", "usize", "i32"], result: "i32" } });
  try {
    const at = Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(new Uint8Array(buffer) as never)));
    const pages = wholePages(at, bytes);
    const from = Deno.UnsafePointer.create(BigInt(pages.from));
    const status = libc.symbols.madvise(from, BigInt(pages.bytes), MADV_HUGEPAGE);
    return status === 0 ? firstHugePage(at) : -1;
  } finally {
    libc.close();
  }
}

function adviseInBun(library: string, buffer: SharedArrayBuffer, bytes: number): number {
  const ffi = bunFfi();
  if (ffi === undefined) return -1;
  const { madvise } = ffi.dlopen(library, { madvise: { args: ["ptr", "u64", "i32"], returns: "i32" } }).symbols;
  const at = ffi.ptr(new Uint8Array(buffer));
  const pages = wholePages(at, bytes);
  return madvise!(pages.from, pages.bytes, MADV_HUGEPAGE) === 0 ? firstHugePage(at) : -1;
}

/** The offset of the first huge page in a buffer at address `at`. */
function firstHugePage(at: number): number {
  return Math.ceil(at / HUGE_PAGE) * HUGE_PAGE - at;
}

/** The whole pages within `bytes` at an address; user space ends at 2^47, well inside what a number holds exactly. */
function wholePages(at: number, bytes: number): { from: number; bytes: number } {
  const from = Math.ceil(at / PAGE) * PAGE;
  const to = Math.floor((at + bytes) / PAGE) * PAGE;
  return { from, bytes: to - from };
}
