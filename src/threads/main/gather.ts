/**
 * Gathering: makes one reply of the replies of several shards. Main thread. One object a multi-shard command.
 *
 * Any shard's error becomes the reply. The shards' replies are complete RESP, written by our own engines.
 */
import type { Gather } from "../../commands/command.ts";

const CR = 13;
const MINUS = 45;
const BULK = 36;

const text = new TextEncoder();

export class Gathering {
  private readonly parts: Uint8Array[];
  private missing: number;

  /** `owners`: for scatter, the part that answers for each key, in the order of the request's keys. */
  constructor(private readonly kind: Gather, parts: number, private readonly owners?: Int32Array) {
    this.parts = Array.from({ length: parts }, () => new Uint8Array(0));
    this.missing = parts;
  }

  /** A piece of a part's reply. Returns true when all parts are complete. */
  add(part: number, buf: Uint8Array, from: number, len: number, last: boolean): boolean {
    const before = this.parts[part];
    const joined = new Uint8Array(before.length + len);
    joined.set(before);
    joined.set(buf.subarray(from, from + len), before.length);
    this.parts[part] = joined;
    if (last) this.missing--;
    return this.missing === 0;
  }

  /** The whole reply. */
  result(): Uint8Array {
    for (const part of this.parts) if (part[0] === MINUS) return part;
    switch (this.kind) {
      case "ok":
        return this.parts[0];
      case "sum":
        return text.encode(`:${this.parts.reduce((sum, part) => sum + number(part, 1), 0)}\r\n`);
      case "concat":
        return this.concat();
      case "scatter":
        return this.scatter();
      case "any":
        return this.any();
    }
  }

  private any(): Uint8Array {
    const found = this.parts.filter((part) => part[0] === BULK && part[1] !== MINUS);
    return found.length === 0 ? this.parts[0] : found[Math.floor(Math.random() * found.length)];
  }

  private concat(): Uint8Array {
    let count = 0;
    let size = 0;
    for (const part of this.parts) {
      count += number(part, 1);
      size += part.length - lineLength(part, 0);
    }
    const head = text.encode(`${String.fromCharCode(this.parts[0][0])}${count}\r\n`);
    const out = new Uint8Array(head.length + size);
    out.set(head);
    let at = head.length;
    for (const part of this.parts) {
      const body = part.subarray(lineLength(part, 0));
      out.set(body, at);
      at += body.length;
    }
    return out;
  }

  private scatter(): Uint8Array {
    const owners = this.owners!;
    const head = text.encode(`*${owners.length}\r\n`);
    const out = new Uint8Array(this.parts.reduce((size, part) => size + part.length, head.length));
    out.set(head);
    let at = head.length;
    const places = this.parts.map((part) => lineLength(part, 0));
    for (const owner of owners) {
      const part = this.parts[owner];
      const from = places[owner];
      const line = lineLength(part, from);
      const bulk = part[from] === BULK ? number(part, from + 1) : -1;
      const to = from + line + (bulk < 0 ? 0 : bulk + 2);
      out.set(part.subarray(from, to), at);
      at += to - from;
      places[owner] = to;
    }
    return out.subarray(0, at);
  }
}

/** The decimal integer at `at`, up to CR. */
function number(buf: Uint8Array, at: number): number {
  const negative = buf[at] === MINUS;
  let n = 0;
  for (let i = negative ? at + 1 : at; buf[i] !== CR; i++) n = n * 10 + buf[i] - 48;
  return negative ? -n : n;
}

/** Bytes of the line at `from`, CR LF included. */
function lineLength(buf: Uint8Array, from: number): number {
  let i = from;
  while (buf[i] !== CR) i++;
  return i + 2 - from;
}
