/** SET: makes a key hold a string, whatever it held before. */
import { SYNTAX_ERROR, WRONG_TYPE } from "../../base/reply_error.ts";
import { Type } from "../../store/entry.ts";
import { NO_EXPIRY } from "../../store/store.ts";
import { type Call, NotifyClass } from "../call.ts";
import { keyAt, type ShardCommand } from "../command.ts";
import { expiryArgument, ExpiryForm } from "./expiry_argument.ts";

const NX = 1;
const XX = 2;
const GET = 4;
const KEEPTTL = 8;

export const set: ShardCommand = {
  name: "set",
  arity: -3,
  flags: ["write", "denyoom"],
  keys: [{ ...keyAt(1, "RW", "access", "update", "variable_flags"), notes: "RW and ACCESS due to the optional GET" }],
  group: "string",
  since: "1.0.0",
  summary: "Sets a key to a string, whatever it held; options add conditions and an expiry.",
  complexity: "O(1)",
  syntax:
    "key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
  run(call: Call): void {
    if (call.argc === 3) {
      store(call, NO_EXPIRY);
      call.reply.ok();
      return;
    }
    let options = 0;
    let form: ExpiryForm | 0 = 0;
    let expiryAt = 0;
    for (let i = 3; i < call.argc; i++) {
      if (call.is(i, "nx") && (options & XX) === 0) options |= NX;
      else if (call.is(i, "xx") && (options & NX) === 0) options |= XX;
      else if (call.is(i, "get")) options |= GET;
      else if (call.is(i, "keepttl") && form === 0) options |= KEEPTTL;
      else {
        const f = expiryForm(call, i);
        if (f === 0 || form !== 0 || (options & KEEPTTL) !== 0 || i + 1 === call.argc) throw SYNTAX_ERROR;
        form = f;
        expiryAt = ++i;
      }
    }
    let expiry = form === 0 ? NO_EXPIRY : expiryArgument(call, expiryAt, form, "set");
    const s = call.storeOf(1);
    const old = (options & GET) !== 0 ? call.read(1) : options !== 0 ? call.write(1) : 0;
    if ((options & GET) !== 0 && old !== 0 && s.type(old) !== Type.STRING) throw WRONG_TYPE;
    const refused = ((options & NX) !== 0 && old !== 0) || ((options & XX) !== 0 && old === 0);
    const start = call.reply.pos;
    if ((options & GET) !== 0) {
      if (old === 0) call.reply.nil();
      else {
        s.open(old);
        call.reply.bulk(s.u8, s.valueAt, s.valueLen);
      }
    }
    if (refused) {
      if (start === call.reply.pos) call.reply.nil();
      return;
    }
    if ((options & KEEPTTL) !== 0 && old !== 0) expiry = s.expiry(old);
    store(call, expiry);
    if (form !== 0) call.notify(NotifyClass.GENERIC, "expire", 1);
    if (start === call.reply.pos) call.reply.ok();
  },
};

function expiryForm(call: Call, i: number): ExpiryForm | 0 {
  if (call.is(i, "ex")) return ExpiryForm.EX;
  if (call.is(i, "px")) return ExpiryForm.PX;
  if (call.is(i, "exat")) return ExpiryForm.EXAT;
  if (call.is(i, "pxat")) return ExpiryForm.PXAT;
  return 0;
}

function store(call: Call, expiry: number): void {
  const { buf, at, len } = call;
  call.storeOf(1).setString(call.db, buf, at[1], len[1], buf, at[2], len[2], expiry);
  call.changed(1);
  call.notify(NotifyClass.STRING, "set", 1);
}
