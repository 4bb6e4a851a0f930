/**
 * Set algebra: intersection, union and difference of sets that may lie in different stores. Results go to a MemberSink: a reply, a
 * count, or a SetBuilder for the *STORE forms.
 *
 * Invariants:
 * 1. Sources don't change while a result is gathered; a builder only takes memory.
 */
import type { Reply } from "../../codec/resp/reply.ts";
import { Encoding, Type } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import { type MemberSink, SetBuilder } from "../../store/types/set_builder.ts";
import { setCount, setHas } from "../../store/types/set.ts";
import { SetCursor } from "../../store/types/set_cursor.ts";
import { type Call, NotifyClass } from "../call.ts";

/** A source of a command; `e` is 0 when the key is not there. */
interface Source {
  store: Store;
  e: number;
  count: number;
}

/** Up to this many sets a union looks members up in the sets before theirs, and needs no memory to tell which came already. */
const UNION_LOOKUP_SETS = 6;

/** Looks up the `n` keys from argument `first` on. */
export function readSources(call: Call, first: number, n: number): Source[] {
  const sources: Source[] = [];
  for (let i = first; i < first + n; i++) {
    const e = call.readTyped(i, Type.SET);
    const store = call.storeOf(i);
    sources.push({ store, e, count: e === 0 ? 0 : setCount(store, e) });
  }
  return sources;
}

/** Writes members to a reply and counts them. */
export class ReplySink implements MemberSink {
  count = 0;
  constructor(private readonly reply: Reply) {}
  add(bytes: Uint8Array, at: number, len: number): boolean {
    this.reply.bulk(bytes, at, len);
    this.count++;
    return true;
  }
}

/** Counts members up to a limit. */
export class CountSink implements MemberSink {
  count = 0;
  constructor(private readonly limit: number) {}
  add(): boolean {
    return ++this.count < this.limit;
  }
}

/** The members that all sources have. */
export function intersect(sources: Source[], sink: MemberSink): void {
  if (sources.some((source) => source.e === 0)) return;
  // From the smallest set on: few members are looked up, and most fail early.
  const sorted = sources.slice().sort((a, b) => a.count - b.count);
  const smallest = sorted[0];
  const cursor = new SetCursor();
  cursor.open(smallest.store, smallest.e);
  while (cursor.next()) {
    let everywhere = true;
    for (let j = 1; j < sorted.length && everywhere; j++) {
      everywhere = setHas(sorted[j].store, sorted[j].e, cursor.bytes, cursor.at, cursor.len);
    }
    if (everywhere && !sink.add(cursor.bytes, cursor.at, cursor.len)) break;
  }
}

function addAll(source: Source, sink: MemberSink): void {
  if (source.e === 0) return;
  const cursor = new SetCursor();
  cursor.open(source.store, source.e);
  while (cursor.next()) sink.add(cursor.bytes, cursor.at, cursor.len);
}

/** The members that any source has, into a builder. */
export function unite(sources: Source[], builder: SetBuilder): void {
  for (const source of sources) addAll(source, builder);
}

/** True when looking up is the way to unite for a reply. */
export function unitesByLookup(sources: Source[]): boolean {
  return sources.length <= UNION_LOOKUP_SETS;
}

/** The members that any source has, each once, into any sink. */
export function uniteByLookup(sources: Source[], sink: MemberSink): void {
  const cursor = new SetCursor();
  for (let j = 0; j < sources.length; j++) {
    if (sources[j].e === 0) continue;
    cursor.open(sources[j].store, sources[j].e);
    while (cursor.next()) {
      let met = false;
      for (let i = 0; i < j && !met; i++) met = hasMember(sources[i], cursor);
      if (!met) sink.add(cursor.bytes, cursor.at, cursor.len);
    }
  }
}

function hasMember(source: Source, cursor: SetCursor): boolean {
  return source.e !== 0 && setHas(source.store, source.e, cursor.bytes, cursor.at, cursor.len);
}

/** True when looking each of the first set's members up in the others is less work than taking the others' members out of it. */
export function subtractsByLookup(sources: Source[]): boolean {
  let all = 0;
  for (const source of sources) all += source.count;
  return (sources[0].count * sources.length) / 2 <= all;
}

/** The members of the first source that no other has, into any sink. */
export function subtractByLookup(sources: Source[], sink: MemberSink): void {
  if (sources[0].e === 0) return;
  const cursor = new SetCursor();
  cursor.open(sources[0].store, sources[0].e);
  while (cursor.next()) {
    let met = false;
    for (let i = 1; i < sources.length && !met; i++) met = hasMember(sources[i], cursor);
    if (!met) sink.add(cursor.bytes, cursor.at, cursor.len);
  }
}

/** The same into a builder, by taking out. */
export function subtract(sources: Source[], builder: SetBuilder): void {
  addAll(sources[0], builder);
  const cursor = new SetCursor();
  for (let i = 1; i < sources.length && builder.count > 0; i++) {
    if (sources[i].e === 0) continue;
    cursor.open(sources[i].store, sources[i].e);
    while (cursor.next()) builder.remove(cursor.bytes, cursor.at, cursor.len);
  }
}

/** Replies with what `gather` puts into a builder. */
export function replyBuilt(call: Call, gather: (builder: SetBuilder) => void): void {
  const builder = new SetBuilder(call.store, call.limits);
  try {
    gather(builder);
    const { reply } = call;
    reply.set(builder.count);
    const cursor = new SetCursor();
    cursor.openValue(call.store, Encoding.HASHTABLE, builder.root << 2);
    while (cursor.next()) reply.bulk(cursor.bytes, cursor.at, cursor.len);
  } finally {
    builder.discard();
  }
}

/**
 * Makes the key in argument 1 hold what `gather` puts into a builder, or removes it when that is nothing; replies with the count.
 */
export function storeBuilt(call: Call, event: string, gather: (builder: SetBuilder) => void): void {
  const { buf, at, len, db } = call;
  const store = call.storeOf(1);
  const builder = new SetBuilder(store, call.limits);
  try {
    gather(builder);
  } catch (error) {
    builder.discard();
    throw error;
  }
  const n = builder.count;
  if (n > 0) {
    builder.finish(db, buf, at[1], len[1]);
    call.changed(1);
    call.notify(NotifyClass.SET, event, 1);
  } else if (store.delete(db, buf, at[1], len[1])) {
    call.changed(1);
    call.notify(NotifyClass.GENERIC, "del", 1);
  }
  call.reply.int(n);
}
