/** Coordinates as text: "%.17Lf" without trailing zeros, as Redis prints them; without strings or BigInt. Any thread. */
import { formatHumanDouble } from "../../base/long_doubles.ts";
import type { Reply } from "../../codec/resp/reply.ts";

const LIMB = 2 ** 26;
const HALF = LIMB / 2;
const ZERO = 48;
/** Bytes of the longest coordinate as a bulk string: a sign, three digits, a point, 17 digits; length and line ends. */
const REPLY_MAX = 32;

/** Replies degrees as a double (RESP3) or a bulk string. */
export function replyCoordinate(reply: Reply, degrees: number): void {
  reply.ensure(REPLY_MAX);
  const { buf } = reply;
  const start = reply.pos;
  const from = start + (reply.resp3 ? 1 : 5);
  let at = writeCoordinate(buf, from, degrees);
  if (reply.resp3) buf[start] = 0x2c;
  else {
    // The text stands behind a length of two digits, and moves when one was enough.
    const len = at - from;
    buf[start] = 0x24;
    reply.pos = start + 1;
    reply.digits(len);
    const text = reply.pos + 2;
    if (text !== from) buf.copyWithin(text, from, at);
    buf[text - 2] = 13;
    buf[text - 1] = 10;
    at = text + len;
  }
  buf[at] = 13;
  buf[at + 1] = 10;
  reply.pos = at + 2;
}

/** Writes |degrees| <= 180 at out[at]; returns the end. */
export function writeCoordinate(out: Uint8Array, at: number, degrees: number): number {
  const magnitude = Math.abs(degrees);
  let whole = Math.floor(magnitude);
  // The fraction in limbs of 26 bits: every step below is exact.
  let a = (magnitude - whole) * LIMB;
  let b = (a - Math.floor(a)) * LIMB;
  let c = (b - Math.floor(b)) * LIMB;
  a = Math.floor(a);
  b = Math.floor(b);
  if (c !== Math.floor(c)) return writeText(out, at, formatHumanDouble(degrees));
  // 17 decimals in groups of 6, 6 and 5, each the carry of a multiplication.
  let high = 0;
  let middle = 0;
  let low = 0;
  for (let group = 0; group < 3; group++) {
    const scale = group < 2 ? 1e6 : 1e5;
    c *= scale;
    const carryC = Math.floor(c / LIMB);
    c -= carryC * LIMB;
    b = b * scale + carryC;
    const carryB = Math.floor(b / LIMB);
    b -= carryB * LIMB;
    a = a * scale + carryB;
    const digits = Math.floor(a / LIMB);
    a -= digits * LIMB;
    if (group === 0) high = digits;
    else if (group === 1) middle = digits;
    else low = digits;
  }
  const isTie = a === HALF && b === 0 && c === 0;
  if (isTie ? low % 2 === 1 : a >= HALF) {
    if (++low === 1e5) {
      low = 0;
      if (++middle === 1e6) {
        middle = 0;
        if (++high === 1e6) {
          high = 0;
          whole++;
        }
      }
    }
  }
  if (degrees < 0 && (whole > 0 || high > 0 || middle > 0 || low > 0)) out[at++] = 45;
  if (whole >= 100) out[at++] = ZERO + Math.floor(whole / 100);
  if (whole >= 10) out[at++] = ZERO + Math.floor(whole / 10) % 10;
  out[at++] = ZERO + whole % 10;
  if (high === 0 && middle === 0 && low === 0) return at;
  out[at++] = 46;
  at = writeGroup(out, at, high, 6);
  at = writeGroup(out, at, middle, 6);
  at = writeGroup(out, at, low, 5);
  while (out[at - 1] === ZERO) at--;
  return at;
}

function writeGroup(out: Uint8Array, at: number, n: number, width: number): number {
  for (let i = at + width - 1; i >= at; i--) {
    const q = (n / 10) | 0;
    out[i] = ZERO + (n - q * 10);
    n = q;
  }
  return at + width;
}

function writeText(out: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
  return at + text.length;
}
