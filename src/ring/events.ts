/**
 * Events: what happened to keys, as records that an engine writes and main reads: the payload of EVENT messages (messages.ts). Both ends
 * are here. Any thread.
 *
 *   record   word 0 kind | 1 database | 2 length of the event's name (SWAPPING: the other database) | 3 length of the key
 *            then the name, the key, and bytes up to a multiple of 4
 *
 * Several records stand one behind the other, in the order in which they happened.
 */
import { copyBytes } from "../base/bytes.ts";

export const EventKind = {
  /** A keyspace event, with its name and key. */
  KEYSPACE: 0,
  /** A key was changed. */
  CHANGED: 1,
  /** A database is about to be emptied; -1: all. */
  FLUSHING: 2,
  /** Two databases are about to be exchanged. */
  SWAPPING: 3,
} as const;

const HEAD_WORDS = 4;
const START_BYTES = 1024;
/** A buffer that a long key grew is given up above this. */
const KEEP_BYTES = 1 << 18;

/** Who reads events. The bytes are good during the call only. */
export interface KeyEvents {
  event(db: number, buf: Uint8Array, nameAt: number, nameLen: number, keyAt: number, keyLen: number): void;
  changed(db: number, buf: Uint8Array, keyAt: number, keyLen: number): void;
  flushing(db: number): void;
  swapping(a: number, b: number): void;
}

export class EventWriter {
  /** buf[0, pos) are whole records. */
  buf: Uint8Array = new Uint8Array(START_BYTES);
  words: Int32Array = new Int32Array(this.buf.buffer);
  pos = 0;

  /** Appends a record; `name` is ASCII, and the key may have no bytes. `other` is SWAPPING's. */
  add(kind: number, db: number, name: string, buf: Uint8Array, from: number, len: number, other = name.length): void {
    const size = HEAD_WORDS * 4 + ((name.length + len + 3) & ~3);
    if (this.pos + size > this.buf.length) this.enlarge(size);
    const w = this.pos >> 2;
    this.words[w] = kind;
    this.words[w + 1] = db;
    this.words[w + 2] = other;
    this.words[w + 3] = len;
    let at = this.pos + HEAD_WORDS * 4;
    for (let i = 0; i < name.length; i++) this.buf[at++] = name.charCodeAt(i);
    copyBytes(this.buf, at, buf, from, len);
    this.pos += size;
  }

  /** Forgets all records. */
  clear(): void {
    this.pos = 0;
    if (this.buf.length <= KEEP_BYTES) return;
    this.buf = new Uint8Array(START_BYTES);
    this.words = new Int32Array(this.buf.buffer);
  }

  private enlarge(size: number): void {
    let length = this.buf.length * 2;
    while (length < this.pos + size) length *= 2;
    const next = new Uint8Array(length);
    next.set(this.buf.subarray(0, this.pos));
    this.buf = next;
    this.words = new Int32Array(next.buffer);
  }
}

/** Tells `to` the records in u8[from, to); `i32` are the words of the same memory and `from` is a multiple of 4. */
export function readEvents(u8: Uint8Array, i32: Int32Array, from: number, end: number, to: KeyEvents): void {
  while (from < end) {
    const w = from >> 2;
    const db = i32[w + 1];
    const nameLen = i32[w + 2];
    const keyLen = i32[w + 3];
    let at = from + HEAD_WORDS * 4;
    from = at + ((keyLen + 3) & ~3);
    switch (i32[w]) {
      case EventKind.KEYSPACE:
        from = at + ((nameLen + keyLen + 3) & ~3);
        to.event(db, u8, at, nameLen, at += nameLen, keyLen);
        break;
      case EventKind.CHANGED:
        to.changed(db, u8, at, keyLen);
        break;
      case EventKind.FLUSHING:
        to.flushing(db);
        break;
      case EventKind.SWAPPING:
        to.swapping(db, nameLen);
        break;
    }
  }
}
