/**
 * PagesTask: has the system provide the arenas' next huge pages before their engines come to need them. Persistence thread.
 *
 * The first touch of a huge page clears 2 MiB; in a virtual machine whose host has yet to find the memory that takes 5 ms, for which an
 * engine would stand still. One page ahead costs memory for one page; a large arena, which may grow faster, gets some more.
 */
import { Arena } from "../../memory/arena.ts";
import { HUGE_PAGE } from "../../runtime/mod.ts";
import type { Task, TaskHost } from "./task.ts";

/** Pages ahead: one for so many that are in use, at least one. */
const PAGES_PER_PAGE = 32;
const AHEAD_MAX = 8;

/** One arena's pages. */
class Pages {
  private readonly arena: Arena;
  /** The next page to be provided: its offset. */
  private next: number;

  constructor(buffer: SharedArrayBuffer, first: number) {
    this.arena = new Arena(buffer, true);
    this.next = first;
  }

  /** Whether the engine has come so far that the next page should be there. */
  get wanted(): boolean {
    return this.arena.touchedBytes > this.enough && this.next < this.arena.mapOffset;
  }

  /** Bytes that the engine may use before the next page should be there. */
  private get enough(): number {
    const used = this.arena.touchedBytes;
    const ahead = Math.min(AHEAD_MAX, Math.max(1, Math.floor(used / (PAGES_PER_PAGE * HUGE_PAGE))));
    return Math.max(0, this.next - ahead * HUGE_PAGE);
  }

  /** Provides a page, if it is wanted. */
  provide(): void {
    const { arena } = this;
    if (this.wanted) {
      // Where the engine was faster, its own touch has provided the pages.
      this.next += Math.max(0, Math.floor((arena.touchedBytes - this.next) / HUGE_PAGE)) * HUGE_PAGE;
      arena.provide(Math.min(this.next, arena.mapOffset - 4));
      this.next += HUGE_PAGE;
    }
    if (!this.wanted) arena.askBytes = this.enough;
  }
}

export class PagesTask implements Task {
  readonly name = "pages";
  private readonly all: readonly Pages[];

  constructor(host: TaskHost) {
    this.all = host.setup.pages.map(({ buffer, first }) => new Pages(buffer, first));
  }

  receive(): void {
    // Nobody sends any messages.
  }

  /** Provides one page of each arena at most: others may have work that is more urgent. */
  step(): number {
    for (const pages of this.all) pages.provide();
    return this.ready() ? 0 : Infinity;
  }

  ready(): boolean {
    for (const pages of this.all) if (pages.wanted) return true;
    return false;
  }

  close(): void {
    // Nothing is left to do.
  }
}
