/** The arguments of XADD and XTRIM that say what to trim, and the trimming. */
import { ReplyError, SYNTAX_ERROR } from "../../base/reply_error.ts";
import type { Store } from "../../store/store.ts";
import { StreamId } from "../../structures/stream_id.ts";
import type { Call } from "../call.ts";
import { recordDeleted } from "./record.ts";
import { DELREF, KEEPREF, policyArgument } from "./reference_policy.ts";
import { forget, referredTo } from "./references.ts";

const BOTH = new ReplyError("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
const NEGATIVE_MAXLEN = new ReplyError("ERR The MAXLEN argument must be >= 0.");
const NEGATIVE_LIMIT = new ReplyError("ERR The LIMIT argument must be >= 0.");
const LIMIT_ALONE = new ReplyError("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
const NOTHING = new ReplyError("ERR syntax error, XTRIM must be called with a trimming strategy");
const LIMIT_EXACT = new ReplyError("ERR syntax error, LIMIT cannot be used without the special ~ option");

const NONE = 0;
const MAXLEN = 1;
const MINID = 2;

/** Without LIMIT, ~ trims so many blocks' worth of entries at once, within these bounds; as in Redis. */
const LIMIT_BLOCKS = 100;
const LIMIT_DEFAULT = 10000;
const LIMIT_MAX = 1000000;

/** What a command's arguments say; one object an engine. */
export class TrimArguments {
  noMakeStream = false;
  private strategy: number = NONE;
  /** Only whole blocks go (~). */
  approximate = false;
  /** The argument with the length or identifier to trim to. */
  thresholdAt = 0;
  private limit = 0;
  private most = 0;
  /** What becomes of references (reference_policy.ts); -1 while none is named. */
  private policy = KEEPREF;
  private readonly min = new StreamId();
  private readonly place = new StreamId();

  get given(): boolean {
    return this.strategy !== NONE;
  }

  /** True when a policy is named (reference_policy.ts). */
  get policyNamed(): boolean {
    return this.policy !== -1;
  }

  /** True when the references to each entry decide; then `apply` records what it does. */
  get oneByOne(): boolean {
    return this.policy > KEEPREF;
  }

  get byLength(): boolean {
    return this.strategy === MAXLEN;
  }

  /**
   * Reads the options from argument 2 on. For XADD up to the identifier, whose argument's number it returns, and which may be bad; for
   * XTRIM all. Throws ReplyError.
   */
  read(call: Call, isAdd: boolean): number {
    const { argc } = call;
    this.strategy = NONE;
    this.noMakeStream = false;
    this.approximate = false;
    this.policy = -1;
    let limit = -1;
    let i = 2;
    for (; i < argc; i++) {
      const more = i + 1 < argc;
      if (isAdd && isByte(call, i, 42)) break;
      if (more && call.is(i, "maxlen")) i = this.readStrategy(call, i, MAXLEN);
      else if (more && call.is(i, "minid")) i = this.readStrategy(call, i, MINID);
      else if (more && call.is(i, "limit")) {
        limit = call.int(++i);
        if (limit < 0) throw NEGATIVE_LIMIT;
      } else if (policyArgument(call, i) !== -1) {
        if (this.policy !== -1) throw SYNTAX_ERROR;
        this.policy = policyArgument(call, i);
      } else if (!isAdd) throw SYNTAX_ERROR;
      else if (call.is(i, "nomkstream")) this.noMakeStream = true;
      else {
        call.streams.readNew(call, i, call.streams.id);
        break;
      }
    }
    if (limit > 0 && this.strategy === NONE) throw LIMIT_ALONE;
    if (!isAdd && this.strategy === NONE) throw NOTHING;
    // Files of other servers have the limit of a trimming whose outcome they made exact; it means nothing then.
    if (limit >= 0 && !this.approximate && call.store.expiryEnabled) throw LIMIT_EXACT;
    if (limit < 0 && this.approximate) {
      limit = LIMIT_BLOCKS * call.limits.streamNodeMaxEntries;
      limit = limit <= 0 ? LIMIT_DEFAULT : Math.min(limit, LIMIT_MAX);
    }
    this.limit = this.approximate ? limit : 0;
    // Entries that are looked at one by one are trimmed exactly.
    if (this.oneByOne) this.approximate = false;
    return i;
  }

  /** Reads what follows MAXLEN or MINID in argument `i`; returns the number of the last argument read. */
  private readStrategy(call: Call, i: number, strategy: number): number {
    if (this.strategy !== NONE) throw BOTH;
    this.strategy = strategy;
    this.approximate = false;
    i++;
    if (i + 1 < call.argc && (isByte(call, i, 126) || isByte(call, i, 61))) {
      this.approximate = isByte(call, i, 126);
      i++;
    }
    this.thresholdAt = i;
    if (strategy === MINID) call.streams.read(call, i, this.min);
    else {
      this.most = call.int(i);
      if (this.most < 0) throw NEGATIVE_MAXLEN;
    }
    return i;
  }

  /** Trims the stream at `s`; returns how many entries went. */
  apply(call: Call, store: Store, s: number): number {
    const { streams } = store;
    if (this.strategy === NONE) return 0;
    if (this.oneByOne) return this.applyOneByOne(call, store, s);
    if (this.strategy === MINID) return streams.trimBefore(s, this.min, this.approximate, this.limit);
    return streams.trimToLength(s, this.most, this.approximate, this.limit);
  }

  /** The same where each entry's references are to be looked at. */
  private applyOneByOne(call: Call, store: Store, s: number): number {
    const { streams } = store;
    const { place, limit } = this;
    let deleted = 0;
    place.setMin();
    while (streams.seek(s, place) && (limit === 0 || deleted < limit)) {
      if (this.byLength ? streams.length(s) <= this.most : place.compare(this.min) >= 0) break;
      if (this.policy === DELREF) forget(call, store, s, place);
      if (this.policy === DELREF || !referredTo(store, s, place)) {
        streams.remove(s, place);
        if (call.effects.on) recordDeleted(call, place);
        deleted++;
      }
      if (!place.increment()) break;
    }
    if (deleted > 0) streams.renewFirst(s);
    return deleted;
  }
}

function isByte(call: Call, i: number, byte: number): boolean {
  return call.len[i] === 1 && call.buf[call.at[i]] === byte;
}
