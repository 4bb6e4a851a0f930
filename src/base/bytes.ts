/** Bytes: copying, comparing and number text over Uint8Array ranges, without views or strings. Any thread. */

/**
 * Up to this many bytes a plain loop beats `set(subarray())`, because making the view costs 50-150 ns
 * (bench/micro/copy.ts; the crossing point lies between 64 and 160 in both runtimes).
 */
const LOOP_COPY_MAX = 96;
/** The same for moves within one buffer: copyWithin needs no view, so it pays earlier. */
const LOOP_MOVE_MAX = 48;

/** Copies src[from, from+len) to dst[at, at+len). The ranges may not overlap when both are one buffer. */
export function copyBytes(dst: Uint8Array, at: number, src: Uint8Array, from: number, len: number): void {
  if (len <= LOOP_COPY_MAX) {
    for (let i = 0; i < len; i++) dst[at + i] = src[from + i];
  } else if (dst === src) {
    dst.copyWithin(at, from, from + len);
  } else {
    dst.set(src.subarray(from, from + len), at);
  }
}

/** Moves buf[from, from+len) to buf[at...]; the ranges may overlap. */
export function moveBytes(buf: Uint8Array, at: number, from: number, len: number): void {
  if (len > LOOP_MOVE_MAX) buf.copyWithin(at, from, from + len);
  else if (at <= from) { for (let i = 0; i < len; i++) buf[at + i] = buf[from + i]; }
  else for (let i = len - 1; i >= 0; i--) buf[at + i] = buf[from + i];
}

/** True when a[i, i+len) and b[j, j+len) hold the same bytes. */
export function equalBytes(a: Uint8Array, i: number, b: Uint8Array, j: number, len: number): boolean {
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
  for (let k = 0; k < n; k++) {
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
