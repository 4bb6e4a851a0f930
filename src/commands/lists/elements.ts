/** What the list commands share: elements into the reply, and what follows when some were taken away. */
import { SYNTAX_ERROR } from "../../base/reply_error.ts";
import { Encoding } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import { listLength, listPopRead, listReadEnd, listRemoveRange, listSeek, listShrink } from "../../store/types/list.ts";
import { type Call, NotifyClass } from "../call.ts";
import { replyEntries } from "../listpack_reply.ts";

/** Argument `i` as an end of the list: true for LEFT, the head. Throws for what is neither LEFT nor RIGHT. */
export function endArgument(call: Call, i: number): boolean {
  if (call.is(i, "left")) return true;
  if (call.is(i, "right")) return false;
  throw SYNTAX_ERROR;
}

/** Appends the `n` elements from `start` on to the reply, without the array's head; all of them exist. */
export function replyElements(call: Call, store: Store, e: number, start: number, n: number): void {
  if (n <= 0) return;
  const { quicklists, listpack, u8 } = store;
  const { reply } = call;
  listSeek(store, e, start);
  if (store.encoding(e) === Encoding.LISTPACK) {
    replyEntries(reply, listpack, u8, quicklists.p, n);
    return;
  }
  for (;;) {
    const here = Math.min(n, quicklists.restOfNode);
    if (quicklists.p !== 0) replyEntries(reply, listpack, u8, quicklists.p, here);
    else {
      quicklists.read();
      reply.bulk(listpack.bytes, listpack.at, listpack.len);
    }
    n -= here;
    if (n === 0) return;
    quicklists.nextNode();
  }
}

/** Appends the last `n` elements to the reply, last one first; all of them exist. */
function replyElementsBackwards(call: Call, store: Store, e: number, n: number): void {
  const { quicklists, listpack } = store;
  listSeek(store, e, listLength(store, e) - 1);
  for (;;) {
    quicklists.read();
    call.reply.bulk(listpack.bytes, listpack.at, listpack.len);
    if (--n === 0) return;
    quicklists.prev();
  }
}

/**
 * Ends the removal of `count` elements from the list `e` of the key in argument `i`, of which `left` remain: the key
 * goes when none does, and who listens is told. `event`: Redis's name for what was done.
 */
export function elementsRemoved(call: Call, i: number, e: number, left: number, count: number, event: string): void {
  const store = call.storeOf(i);
  call.notify(NotifyClass.LIST, event, i);
  if (left === 0) {
    store.deleteEntry(call.db, e);
    call.notify(NotifyClass.GENERIC, "del", i);
  } else listShrink(store, call.db, e, call.limits);
  call.changed(i, count);
}

/** Name of the event of a pop. */
export function popEvent(atHead: boolean): string {
  return atHead ? "lpop" : "rpop";
}

/** Replies with the first or last element of the list `e` of the key in argument `i`, and removes it. */
export function popElement(call: Call, i: number, e: number, atHead: boolean): void {
  const store = call.storeOf(i);
  const { listpack } = store;
  listReadEnd(store, e, atHead);
  call.reply.bulk(listpack.bytes, listpack.at, listpack.len);
  elementsRemoved(call, i, e, listPopRead(store, e, atHead), 1, popEvent(atHead));
}

/**
 * Replies with an array of up to `count` > 0 elements from the list `e` of the key in argument `i`, taken from the head
 * or the tail in that order, and removes them.
 */
export function popElements(call: Call, i: number, e: number, atHead: boolean, count: number): void {
  const store = call.storeOf(i);
  const length = listLength(store, e);
  const n = Math.min(count, length);
  call.reply.array(n);
  if (atHead) replyElements(call, store, e, 0, n);
  else replyElementsBackwards(call, store, e, n);
  // A list that goes as a whole is freed by deleting its key.
  if (n < length) listRemoveRange(store, e, atHead ? 0 : length - n, n);
  elementsRemoved(call, i, e, length - n, n, popEvent(atHead));
}
