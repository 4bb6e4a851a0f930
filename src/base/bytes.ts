/** Bytes: copying, comparing and number text over Uint8Array ranges, without views or strings. Any thread. */

import { INT64_IN_REGISTERS } from "../runtime/int64.ts";
import { copyWords, equalWords, moveWords, WORDWISE_MIN } from "./byte_words.ts";

/**
 * Up to this many bytes a loop beats `set(subarray())`: making the view costs 25-100 ns, and V8 moves what is shared between threads and
 * lies at different alignments 7 bytes a ns (bench/micro/copy.ts).
 */
export const LOOP_COPY_MAX = INT64_IN_REGISTERS ? 1024 : 128;

/** The same for moves within one buffer: copyWithin needs no view, so it pays earlier. */
const LOOP_MOVE_MAX = INT64_IN_REGISTERS ? 256 : 48;

// The DataViews last used. Making one costs 50 ns to some hundred, hence this memory of the few buffers that hot code works on: an arena, a
// receive buffer or a ring of requests, a reply, a ring of replies, effects and their ring. It is a cache of pure functions: which
// buffers it holds changes no result.
let buf0: Uint8Array = new Uint8Array(0);
let view0: DataView = new DataView(buf0.buffer);
let buf1 = buf0;
let view1 = view0;
let buf2 = buf0;
let view2 = view0;
let buf3 = buf0;
let view3 = view0;
let buf4 = buf0;
let view4 = view0;
let buf5 = buf0;
let view5 = view0;
let buf6 = buf0;
let view6 = view0;
let buf7 = buf0;
let view7 = view0;

/** The DataView over the same bytes as `buf`. */
export function viewOf(buf: Uint8Array): DataView {
  if (buf === buf0) return view0;
  if (buf === buf1) return view1;
  if (buf === buf2) return view2;
  if (buf === buf3) return view3;
  if (buf === buf4) return view4;
  if (buf === buf5) return view5;
  if (buf === buf6) return view6;
  if (buf === buf7) return view7;
  return remember(buf);
}

/** Makes the DataView of a buffer and forgets the one made longest ago. Apart, so that what calls `viewOf` stays small. */
function remember(buf: Uint8Array): DataView {
  buf7 = buf6;
  view7 = view6;
  buf6 = buf5;
  view6 = view5;
  buf5 = buf4;
  view5 = view4;
  buf4 = buf3;
  view4 = view3;
  buf3 = buf2;
  view3 = view2;
  buf2 = buf1;
  view2 = view1;
  buf1 = buf0;
  view1 = view0;
  buf0 = buf;
  return view0 = new DataView(buf.buffer, buf.byteOffset, buf.byteLength);
}

/** Copies src[from, from+len) to dst[at, at+len). The ranges may not overlap when both are one buffer. */
export function copyBytes(dst: Uint8Array, at: number, src: Uint8Array, from: number, len: number): void {
  if (len < WORDWISE_MIN) {
    for (let i = 0; i < len; i++) dst[at + i] = src[from + i];
  } else if (len <= LOOP_COPY_MAX) {
    copyWords(viewOf(dst), at, viewOf(src), from, len);
  } else if (dst === src) {
    dst.copyWithin(at, from, from + len);
  } else {
    dst.set(src.subarray(from, from + len), at);
  }
}

/** Moves buf[from, from+len) to buf[at...]; the ranges may overlap. */
export function moveBytes(buf: Uint8Array, at: number, from: number, len: number): void {
  if (len > LOOP_MOVE_MAX) buf.copyWithin(at, from, from + len);
  else if (len < WORDWISE_MIN) {
    if (at <= from) { for (let i = 0; i < len; i++) buf[at + i] = buf[from + i]; }
    else for (let i = len - 1; i >= 0; i--) buf[at + i] = buf[from + i];
  } else moveWords(viewOf(buf), at, from, len);
}

/** True when a[i, i+len) and b[j, j+len) hold the same bytes. */
export function equalBytes(a: Uint8Array, i: number, b: Uint8Array, j: number, len: number): boolean {
  if (len >= WORDWISE_MIN) return equalWords(viewOf(a), i, viewOf(b), j, len);
  for (let k = 0; k < len; k++) if (a[i + k] !== b[j + k]) return false;
  return true;
}

/** memcmp with length as tie-break: negative, 0 or positive. */
export function compareBytes(
  a: Uint8Array,
  i: number,
  aLen: number,
  b: Uint8Array,
  j: number,
  bLen: number,
): number {
  const n = aLen < bLen ? aLen : bLen;
  let k = 0;
  if (n >= WORDWISE_MIN) {
    // Past the common beginning, which members of one set often have.
    const va = viewOf(a);
    const vb = viewOf(b);
    while (k < n - 3 && va.getInt32(i + k, true) === vb.getInt32(j + k, true)) k += 4;
  }
  for (; k < n; k++) {
    const d = a[i + k] - b[j + k];
    if (d !== 0) return d;
  }
  return aLen - bLen;
}

/** True when the bytes equal the ASCII text, letters of either case alike; `lower` is given in lower case. */
export function equalsIgnoreCase(a: Uint8Array, from: number, len: number, lower: string): boolean {
  if (len !== lower.length) return false;
  for (let k = 0; k < len; k++) {
    let c = a[from + k];
    if (c >= 65 && c <= 90) c |= 32;
    if (c !== lower.charCodeAt(k)) return false;
  }
  return true;
}

const utf8 = new TextEncoder();
const latin1Pieces = 8192; // String.fromCharCode's argument list stays far below every engine's limit

/** UTF-8 bytes of a string (cold paths). */
export function encodeText(text: string): Uint8Array {
  return utf8.encode(text);
}

/** One char per byte (latin-1), so that any bytes survive a round trip through `latin1Bytes` (cold paths). */
export function latin1Text(buf: Uint8Array, from = 0, to = buf.length): string {
  let text = "";
  for (let i = from; i < to; i += latin1Pieces) {
    const end = i + latin1Pieces < to ? i + latin1Pieces : to;
    text += String.fromCharCode.apply(null, Array.from(buf.subarray(i, end)));
  }
  return text;
}

/** Inverse of `latin1Text`. */
export function latin1Bytes(text: string): Uint8Array {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}
