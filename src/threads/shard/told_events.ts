/**
 * ToldEvents: what goes by itself in an engine's stores (keys and fields that expire) told to whom it concerns: the journal's
 * effects and the notifier. Runs on the engine's thread, within a command or background work.
 */
import { type Call, NotifyClass } from "../../commands/call.ts";
import type { Store, StoreEvents } from "../../store/store.ts";

export class ToldEvents implements StoreEvents {
  constructor(private readonly call: Call) {}

  /** As `Notifier` and Redis: the key changed, then its event. */
  expired(store: Store, db: number): void {
    const { effects, limits, notifier, notifyMask } = this.call;
    const { u8, keyAt, keyLen } = store;
    if (effects.on) effects.removed(limits.lazyExpire, db, u8, keyAt, keyLen);
    notifier?.changed(db, u8, keyAt, keyLen);
    if ((notifyMask & NotifyClass.EXPIRED) !== 0) {
      notifier?.event(NotifyClass.EXPIRED, "expired", db, u8, keyAt, keyLen);
    }
  }

  created(store: Store, db: number): void {
    this.call.notifier?.event(NotifyClass.NEW, "new", db, store.u8, store.keyAt, store.keyLen);
  }

  fieldExpired(store: Store, db: number, field: Uint8Array, at: number, len: number): void {
    const { effects } = this.call;
    if (effects.on) effects.fieldRemoved(db, store.u8, store.keyAt, store.keyLen, field, at, len);
  }

  fieldsExpired(store: Store, db: number, emptied: boolean): void {
    const { notifier, notifyMask } = this.call;
    const { u8, keyAt, keyLen } = store;
    notifier?.changed(db, u8, keyAt, keyLen);
    if ((notifyMask & NotifyClass.HASH) !== 0) {
      notifier?.event(NotifyClass.HASH, "hexpired", db, u8, keyAt, keyLen);
    }
    if (emptied && (notifyMask & NotifyClass.GENERIC) !== 0) {
      notifier?.event(NotifyClass.GENERIC, "del", db, u8, keyAt, keyLen);
    }
  }
}
