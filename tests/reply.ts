/**
 * Replies as tests see them: a parser for RESP2 and RESP3 that keeps every type apart, redis-cli's formatting, and
 * redis-cli's way to split a typed line into arguments.
 *
 * Invariants:
 * 1. Text is binary-safe: a string holds one character (0-255) a byte, both ways.
 * 2. `parse(bytes)` then `encode` gives back the same bytes, except that doubles and lengths are taken as sent.
 */

import { Buffer } from "node:buffer";

/** One reply. `text` is binary (invariant 1); maps and attributes list key, value, key, value. */
export type Reply = ReplyBody & { attribute?: Reply[] };

type ReplyBody =
  | { type: "simple" | "error" | "bulk" | "bulkerror" | "double" | "bignum"; text: string }
  /** `form` is the three-letter format, usually "txt". */
  | { type: "verbatim"; form: string; text: string }
  /** The decimal digits, so that 64 bits survive. */
  | { type: "int"; text: string }
  /** Which null: RESP2's bulk or array, or RESP3's. */
  | { type: "null"; wire: "$-1" | "*-1" | "_" }
  | { type: "bool"; value: boolean }
  | { type: "array" | "map" | "set" | "push"; items: Reply[] };

/** What `parse` throws on bytes that are no reply. */
export class ReplySyntaxError extends Error {}

const CR = 13;

/** Takes replies out of a growing buffer. */
export class ReplyParser {
  #buffer = Buffer.alloc(65_536);
  #start = 0;
  #end = 0;
  /** Cursor of the reply being read; falls back to #start when it is incomplete. */
  #at = 0;

  /** Appends what arrived; the bytes are copied. */
  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#buffer.length) {
      const held = this.#end - this.#start;
      let size = this.#buffer.length;
      while (size < held + chunk.length) size *= 2;
      const grown = size === this.#buffer.length ? this.#buffer : Buffer.alloc(size);
      this.#buffer.copy(grown, 0, this.#start, this.#end);
      this.#buffer = grown;
      this.#start = 0;
      this.#end = held;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next whole reply, or undefined when it has not arrived. Throws ReplySyntaxError on anything else. */
  next(): Reply | undefined {
    this.#at = this.#start;
    const reply = this.#read();
    if (reply === undefined) return undefined;
    this.#start = this.#at;
    if (this.#start === this.#end) this.#start = this.#end = 0;
    return reply;
  }

  /** Bytes that belong to no whole reply yet. */
  rest(): string {
    return this.#buffer.toString("latin1", this.#start, this.#end);
  }

  #line(): string | undefined {
    const at = this.#buffer.indexOf(CR, this.#at);
    if (at < 0 || at + 1 >= this.#end) return undefined;
    const text = this.#buffer.toString("latin1", this.#at, at);
    this.#at = at + 2;
    return text;
  }

  #blob(length: number): string | undefined {
    if (this.#at + length + 2 > this.#end) return undefined;
    const text = this.#buffer.toString("latin1", this.#at, this.#at + length);
    this.#at += length + 2;
    return text;
  }

  #items(count: number): Reply[] | undefined {
    const items: Reply[] = [];
    for (let i = 0; i < count; i++) {
      const item = this.#read();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }

  #read(): Reply | undefined {
    if (this.#at >= this.#end) return undefined;
    const mark = String.fromCharCode(this.#buffer[this.#at++]);
    const line = this.#line();
    if (line === undefined) return undefined;
    switch (mark) {
      case "+":
        return { type: "simple", text: line };
      case "-":
        return { type: "error", text: line };
      case ":":
        if (!/^[+-]?\d+$/.test(line)) break;
        return { type: "int", text: line };
      case ",":
        return { type: "double", text: line };
      case "(":
        return { type: "bignum", text: line };
      case "#":
        if (line !== "t" && line !== "f") break;
        return { type: "bool", value: line === "t" };
      case "_":
        if (line !== "") break;
        return { type: "null", wire: "_" };
    }
    const length = Number(line);
    if (!/^(-1|\d+)$/.test(line)) throw new ReplySyntaxError(`not a reply: ${quote(mark + line)}`);
    switch (mark) {
      case "$": {
        if (length < 0) return { type: "null", wire: "$-1" };
        const text = this.#blob(length);
        return text === undefined ? undefined : { type: "bulk", text };
      }
      case "!": {
        const text = this.#blob(length);
        return text === undefined ? undefined : { type: "bulkerror", text };
      }
      case "=": {
        const text = this.#blob(length);
        return text === undefined ? undefined : { type: "verbatim", form: text.slice(0, 3), text: text.slice(4) };
      }
      case "*": {
        if (length < 0) return { type: "null", wire: "*-1" };
        const items = this.#items(length);
        return items && { type: "array", items };
      }
      case "~": {
        const items = this.#items(length);
        return items && { type: "set", items };
      }
      case ">": {
        const items = this.#items(length);
        return items && { type: "push", items };
      }
      case "%": {
        const items = this.#items(length * 2);
        return items && { type: "map", items };
      }
      case "|": {
        const attribute = this.#items(length * 2);
        const reply = attribute && this.#read();
        return reply && { ...reply, attribute };
      }
    }
    throw new ReplySyntaxError(`not a reply: ${quote(mark + line)}`);
  }
}

const ESCAPES: Record<string, string> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\x07": "\\a",
  "\b": "\\b",
};

/** A binary string in double quotes, as redis-cli shows it. */
export function quote(text: string): string {
  let out = '"';
  for (const char of text) {
    const code = char.charCodeAt(0);
    if (char in ESCAPES) out += ESCAPES[char];
    else if (code >= 32 && code < 127) out += char;
    else out += "\\x" + code.toString(16).padStart(2, "0");
  }
  return out + '"';
}

const EMPTY = { array: "(empty array)", map: "(empty hash)", set: "(empty set)", push: "(empty push)" };
const NUMBER_MARK = { array: ")", map: "#", set: "~", push: ")" };

/** A reply as redis-cli prints it to a terminal (`--no-raw`), without the last line end. */
export function format(reply: Reply, prefix = ""): string {
  switch (reply.type) {
    case "simple":
    case "verbatim":
      return reply.text;
    case "error":
    case "bulkerror":
      return `(error) ${reply.text}`;
    case "int":
      return `(integer) ${reply.text}`;
    case "double":
      return `(double) ${reply.text}`;
    case "bignum":
      return `(big number) ${reply.text}`;
    case "bulk":
      return quote(reply.text);
    case "null":
      return "(nil)";
    case "bool":
      return reply.value ? "(true)" : "(false)";
  }
  const { type, items } = reply;
  if (items.length === 0) return EMPTY[type];
  const pair = type === "map" ? 2 : 1;
  const width = String(items.length / pair).length;
  const inner = prefix + " ".repeat(width + 2);
  let out = "";
  for (let i = 0; i < items.length; i += pair) {
    const value = items[i + pair - 1];
    const number = String(i / pair + 1).padStart(width);
    out += `${i === 0 ? "" : "\n" + prefix}${number}${NUMBER_MARK[type]} ${format(items[i], inner)}`;
    // redis-cli starts a nested collection of several lines on a new one (and leaves a blank after the arrow).
    if (pair === 2) {
      const text = format(value, inner);
      out += ` =>${"items" in value && text.includes("\n") ? "\n" + inner : " "}${text}`;
    }
  }
  return out;
}

const UNESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };

/** Splits a line as redis-cli does ("double" with escapes, 'single', bare words); throws on unbalanced quotes. */
export function splitLine(line: string): string[] {
  const args: string[] = [];
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"(?=\s|$)|'((?:[^'\\]|\\.)*)'(?=\s|$)|([^\s"'][^\s]*))/y;
  let at = 0;
  const end = line.trimEnd().length;
  while (at < end) {
    pattern.lastIndex = at;
    const found = pattern.exec(line);
    if (found === null) throw new Error(`unbalanced quotes: ${line}`);
    if (found[1] !== undefined) {
      args.push(
        found[1].replace(
          /\\(?:x([0-9a-fA-F]{2})|(.))/g,
          (_all, hex?: string, char?: string) =>
            hex !== undefined ? String.fromCharCode(parseInt(hex, 16)) : UNESCAPES[char!] ?? char!,
        ),
      );
    } else if (found[2] !== undefined) args.push(found[2].replaceAll("\\'", "'"));
    else args.push(found[3]);
    at = pattern.lastIndex;
  }
  return args;
}
