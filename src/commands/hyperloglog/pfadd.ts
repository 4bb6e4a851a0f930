/** PFADD: elements counted by a HyperLogLog. */
import { Encoding, Type } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";
import { DENSE_SIZE, markStale } from "../../structures/hyperloglog.ts";
import { INDEX_BITS, registerOf, REGISTERS } from "../../structures/hyperloglog_hash.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { CORRUPT, create, NOT_RAISED, openChecked, raise } from "./value.ts";

export const pfadd: ShardCommand = {
  name: "pfadd",
  arity: -2,
  flags: ["write", "denyoom", "fast"],
  keys: [keyAt(1, "RW", "insert")],
  group: "hyperloglog",
  since: "2.8.9",
  summary: "Adds elements to a HyperLogLog, which is made when there is none.",
  complexity: "O(1) for each element.",
  syntax: "key [element [element ...]]",
  run(call: Call): void {
    let e = call.writeTyped(1, Type.STRING);
    const store = call.storeOf(1);
    let raised = 0;
    if (e !== 0) openChecked(store, e);
    // A sparse one may grow, at most to a dense one.
    if (e === 0 || store.valueLen !== DENSE_SIZE) call.needRoom(1, DENSE_SIZE);
    if (e === 0) {
      e = create(call);
      raised = 1;
    }
    store.setEncoding(e, Encoding.RAW);
    let corrupt = false;
    for (let i = 2; i < call.argc; i++) {
      call.raiser.rewind();
      const place = registerOf(call.buf, call.at[i], call.len[i]);
      try {
        const next = raise(call, store, e, place & (REGISTERS - 1), place >> INDEX_BITS);
        if (next === NOT_RAISED) continue;
        e = next;
        raised++;
      } catch (error) {
        if (error !== CORRUPT) throw error;
        corrupt = true;
        break;
      }
    }
    if (raised > 0) {
      markStale(store.u8, store.valueAt);
      call.changed(1, raised);
      call.notify(NotifyClass.STRING, "pfadd", 1);
    }
    // Only foreign bytes can be corrupt; what was raised before the corrupt place stays and is told.
    if (corrupt) {
      if (raised > 0 && call.effects.on) recordBytes(call, store);
      throw CORRUPT;
    }
    call.reply.int(raised > 0 ? 1 : 0);
  },
};

/** The command would fail in a replay too: its effect is the value that it left, which the store has open. */
function recordBytes(call: Call, store: Store): void {
  const { effects } = call;
  effects.begin(4);
  effects.text("SET");
  effects.arg(1);
  effects.bytes(store.u8, store.valueAt, store.valueLen);
  effects.text("KEEPTTL");
}
