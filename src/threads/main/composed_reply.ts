/** ComposedReply: a reply that main puts together in steps, some of which shards answer through their rings. Main thread. */
import type { Request } from "../../codec/resp/request.ts";
import type { CommandEntry } from "./command_entry.ts";
import { type Collector, join } from "./gather.ts";
import type { Composition } from "./shards.ts";

export class ComposedReply implements Composition, Collector {
  private pieces: Uint8Array[] = [];
  private answered: (reply: Uint8Array) => void = () => {};

  /** `send` routes a request whose reply comes back here; `finish` completes the client's reply. */
  constructor(
    private readonly send: (entry: CommandEntry, request: Request) => void,
    readonly finish: (reply: Uint8Array) => void,
  ) {}

  run(entry: CommandEntry, request: Request, answered: (reply: Uint8Array) => void): void {
    this.answered = answered;
    this.send(entry, request);
  }

  /** Never the client's reply: what comes is a step's, and `answered` goes on from there. */
  add(_part: number, buf: Uint8Array, from: number, len: number, last: boolean): boolean {
    this.pieces.push(buf.slice(from, from + len));
    if (!last) return false;
    const reply = join(this.pieces);
    this.pieces = [];
    this.answered(reply);
    return false;
  }

  result(): Uint8Array[] {
    return this.pieces;
  }
}
