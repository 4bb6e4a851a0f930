/** SPOP: takes random members out of a set. */
import { ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import type { Reply } from "../../codec/resp/reply.ts";
import { Encoding, Type } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import { memberAt, memberLen } from "../../store/types/member.ts";
import { removeEntry, removeInt, setCount } from "../../store/types/set.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { replyInt, replyMembers } from "./members.ts";

/** Members that one recorded SREM names, at most; Redis's number. */
const SREM_MEMBERS = 1024;

const NOT_POSITIVE = new ReplyError("ERR value is out of range, must be positive");

export const spop: ShardCommand = {
  name: "spop",
  arity: -2,
  flags: ["write", "fast"],
  keys: [keyAt(1, "RW", "access", "delete")],
  group: "set",
  since: "1.0.0",
  summary: "Takes one or several random members out of a set and returns them.",
  complexity: "O(1) without count, else O(N) with the count",
  syntax: "key [count]",
  tips: ["nondeterministic_output"],
  history: [["3.2.0", "Takes a count."]],
  run(call: Call): void {
    const { reply, db } = call;
    if (call.argc > 3) throw SYNTAX_ERROR;
    const several = call.argc === 3;
    const count = several ? call.int(2, 0, Infinity, NOT_POSITIVE) : 1;
    let e = call.writeTyped(1, Type.SET);
    if (e === 0 || count === 0) {
      if (several) reply.set(0);
      else reply.nil();
      return;
    }
    const store = call.storeOf(1);
    const size = setCount(store, e);
    const n = Math.min(size, count);
    if (several && n === size) replyMembers(reply, store, e);
    else {
      if (several) reply.set(n);
      for (let k = 0; k < n; k++) {
        const from = reply.pos;
        e = popMember(reply, store, db, e);
        if (call.effects.on) recordMember(call, n, k, from);
      }
    }
    if (n === size) store.deleteEntry(db, e);
    call.changed(1, n);
    if (several && n === size && call.effects.on) call.effects.deleted(1, call.limits.lazyServerDel);
    call.notify(NotifyClass.SET, "spop", 1);
    if (n === size) call.notify(NotifyClass.GENERIC, "del", 1);
  },
};

/** Records member `k` of the `n` that go: the reply has it from byte `from` on. */
function recordMember(call: Call, n: number, k: number, from: number): void {
  const { effects, reply } = call;
  if (k % SREM_MEMBERS === 0) {
    effects.begin(2 + Math.min(n - k, SREM_MEMBERS));
    effects.text("SREM");
    effects.arg(1);
  }
  effects.framed(reply.buf, from, reply.pos);
}

/** Writes a random member and takes it out. Returns the entry's address, which may be new. */
function popMember(reply: Reply, store: Store, db: number, e: number): number {
  store.open(e);
  const value = store.valueAt;
  const { listpack, members, u8 } = store;
  switch (store.encoding(e)) {
    case Encoding.INTSET: {
      const index = Math.floor(store.random() * store.intset.count(value));
      replyInt(reply, store, value, index);
      return removeInt(store, db, e, index);
    }
    case Encoding.LISTPACK: {
      const p = listpack.seek(value, Math.floor(store.random() * listpack.count(value)));
      listpack.readBytes(p);
      reply.bulk(listpack.bytes, listpack.at, listpack.len);
      return removeEntry(store, db, e, p);
    }
    default: {
      const root = value >> 2;
      const item = members.random(root, store.random);
      reply.bulk(u8, memberAt(u8, item), memberLen(u8, item));
      members.remove(root, members.hashOf(item));
      store.arena.free(item);
      return e;
    }
  }
}
