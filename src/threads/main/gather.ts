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

/** What makes a record's reply of messages from shards. */
export interface Collector {
  /** A piece of a part's reply. Returns true when the whole reply can be made. */
  add(part: number, buf: Uint8Array, from: number, len: number, last: boolean): boolean;
  /** The whole reply, in pieces that are the caller's to keep. An error is one piece. */
  result(): Uint8Array[];
}

export class Gathering implements Collector {
  /** Each part's reply: in pieces while they come, then whole. */
  private readonly pieces: Uint8Array[][];
  private parts: readonly Uint8Array[] = [];
  private missing: number;

  /** `owners`: for scatter, the part that answers for each key, in the order of the request's keys. */
  constructor(private readonly kind: Gather, parts: number, private readonly owners?: Int32Array) {
    this.pieces = Array.from({ length: parts }, () => []);
    this.missing = parts;
  }

  add(part: number, buf: Uint8Array, from: number, len: number, last: boolean): boolean {
    this.pieces[part].push(buf.slice(from, from + len));
    if (last) this.missing--;
    return this.missing === 0;
  }

  result(): Uint8Array[] {
    this.parts = this.pieces.map(join);
    for (const part of this.parts) if (part[0] === MINUS) return [part];
    switch (this.kind) {
      case "ok":
        return [this.parts[0]];
      case "sum":
        return [text.encode(`:${this.parts.reduce((sum, part) => sum + number(part, 1), 0)}\r\n`)];
      case "concat":
        return this.concat();
      case "scatter":
        return this.scatter();
      case "any":
        return [this.any()];
    }
  }

  private any(): Uint8Array {
    const found = this.parts.filter((part) => part[0] === BULK && part[1] !== MINUS);
    return found.length === 0 ? this.parts[0] : found[Math.floor(Math.random() * found.length)];
  }

  private concat(): Uint8Array[] {
    let count = 0;
    const pieces: Uint8Array[] = [new Uint8Array(0)];
    for (const part of this.parts) {
      count += number(part, 1);
      pieces.push(part.subarray(lineLength(part, 0)));
    }
    pieces[0] = text.encode(`${String.fromCharCode(this.parts[0][0])}${count}\r\n`);
    return pieces;
  }

  private scatter(): Uint8Array[] {
    const owners = this.owners!;
    const pieces: Uint8Array[] = [text.encode(`*${owners.length}\r\n`)];
    const places = this.parts.map((part) => lineLength(part, 0));
    for (const owner of owners) {
      const part = this.parts[owner];
      const from = places[owner];
      const line = lineLength(part, from);
      const bulk = part[from] === BULK ? number(part, from + 1) : -1;
      const to = from + line + (bulk < 0 ? 0 : bulk + 2);
      pieces.push(part.subarray(from, to));
      places[owner] = to;
    }
    return pieces;
  }
}

/** The pieces as one. */
export function join(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
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
