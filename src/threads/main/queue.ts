/**
 * Queue: what a client sent between MULTI and EXEC, and the memory that queues lie in. Main thread.
 *
 * Small queues lie side by side in one buffer, because the views by which bytes are copied are remembered for a few buffers only
 * (base/bytes.ts); what a queue needs beyond its block it gets in buffers of its own.
 *
 * Invariant: a queue's requests are good until its memory is given back.
 */
import { copyBytes } from "../../base/bytes.ts";
import { Request } from "../../codec/resp/request.ts";
import type { CommandEntry } from "./command_entry.ts";

/** Holds some clients' usual transactions: ten commands with short values take a third of a block. */
const BLOCK = 2048;
const BLOCKS = 128;
/** Requests kept for queues to come; one with more arguments is given up. */
const SPARE_REQUESTS = 1024;
const SPARE_ARGS = 64;
/** Most bytes of a queue's own buffer, unless one request needs more. */
const OWN_MAX = 1 << 16;

/** A command between MULTI and EXEC; the request's bytes are its own. */
export interface Queued {
  readonly entry: CommandEntry;
  readonly request: Request;
}

export class Queue {
  readonly commands: Queued[] = [];
  /** What the requests take. */
  bytes = 0;
  /** True when a command was refused while queueing: EXEC must refuse too. */
  broken = false;
  /** Where the next request goes: buf[pos, end). */
  private pos: number;
  private end: number;

  /** `block`: the queue's number in `buf`, or -1 for one without. */
  constructor(private readonly memory: QueueMemory, private buf: Uint8Array, readonly block: number) {
    this.pos = Math.max(0, block) * BLOCK;
    this.end = block < 0 ? 0 : this.pos + BLOCK;
  }

  /** Takes a copy of the request in. */
  add(entry: CommandEntry, request: Request): void {
    const { argc, at, len } = request;
    let from = at[0];
    let to = from;
    for (let i = 0; i < argc; i++) {
      from = Math.min(from, at[i]);
      to = Math.max(to, at[i] + len[i]);
    }
    const size = to - from;
    if (this.pos + size > this.end) {
      this.buf = new Uint8Array(Math.max(size, BLOCK, Math.min(OWN_MAX, this.bytes * 2)));
      this.pos = 0;
      this.end = this.buf.length;
    }
    const copy = this.memory.request(argc);
    const { buf, pos } = this;
    copyBytes(buf, pos, request.buf, from, size);
    copy.buf = buf;
    copy.argc = argc;
    const delta = pos - from;
    for (let i = 0; i < argc; i++) {
      copy.at[i] = at[i] + delta;
      copy.len[i] = len[i];
    }
    this.pos = pos + size;
    this.bytes += size + argc * 8;
    this.commands.push({ entry, request: copy });
  }
}

export class QueueMemory {
  private buf: Uint8Array | undefined;
  private readonly free: number[] = [];
  private readonly requests: Request[] = [];

  /** An empty queue. */
  take(): Queue {
    // The first transaction takes the memory of all.
    if (this.buf === undefined) {
      this.buf = new Uint8Array(BLOCK * BLOCKS);
      for (let block = BLOCKS - 1; block >= 0; block--) this.free.push(block);
    }
    return new Queue(this, this.buf, this.free.pop() ?? -1);
  }

  /** A request with room for `argc` arguments. */
  request(argc: number): Request {
    const request = this.requests.pop() ?? new Request();
    if (request.at.length < argc) {
      request.at = new Int32Array(argc);
      request.len = new Int32Array(argc);
    }
    return request;
  }

  /** Takes a queue's memory back. */
  giveBack(queue: Queue): void {
    if (queue.block >= 0) this.free.push(queue.block);
    for (const { request } of queue.commands) {
      if (this.requests.length === SPARE_REQUESTS) return;
      if (request.at.length <= SPARE_ARGS) this.requests.push(request);
    }
  }
}
