/**
 * Monitors: connections that see every command that the server runs (MONITOR). Main thread.
 *
 * As in Redis, a command's line comes after its run, a transaction's commands before its EXEC; commands of administrators are not shown.
 */
import type { Reply } from "../../codec/resp/reply.ts";
import type { Arguments } from "../../commands/command.ts";
import type { CommandEntry } from "./command_entry.ts";
import type { Pushes } from "./pushes.ts";
import { Gate, type Session } from "./session.ts";

const QUOTE = 34;
const BACKSLASH = 92;
const HEX = "0123456789abcdef";
/** Bytes that have an escape of one letter. */
const LETTERS: Readonly<Record<number, string>> = { 7: "a", 8: "b", 9: "t", 10: "n", 13: "r", 34: '"', 92: "\\" };

export class Monitors {
  private readonly sessions = new Set<Session>();

  /** `switched` is told when the first one comes and when the last one goes. */
  constructor(
    private readonly pushes: Pushes,
    private readonly nowUs: () => number,
    private readonly switched: (on: boolean) => void,
  ) {}

  add(session: Session): void {
    session.gate |= Gate.MONITORS;
    this.sessions.add(session);
    if (this.sessions.size === 1) this.switched(true);
  }

  /** RESET and the connection's end. */
  remove(session: Session): void {
    session.gate &= ~Gate.MONITORS;
    if (this.sessions.delete(session) && this.sessions.size === 0) this.switched(false);
  }

  /** The session ran a command. Its line goes out behind the reply if `reply` has just been written for this very session. */
  feed(session: Session, entry: CommandEntry, args: Arguments, reply: Reply): void {
    if (entry.unmonitored) return;
    const { pushes } = this;
    const { resp2, resp3 } = pushes;
    const before = pushes.running;
    pushes.running = session;
    pushes.begin();
    let at2 = -1;
    let at3 = -1;
    for (const monitor of this.sessions) {
      if ((monitor.gate & Gate.REPLY_OFF) !== 0) continue;
      if (monitor.resp3) {
        if (at3 < 0) at3 = this.write(resp3, session, entry, args);
        pushes.push(monitor, at3, resp3.pos);
      } else {
        if (at2 < 0) at2 = this.write(resp2, session, entry, args);
        pushes.push(monitor, at2, resp2.pos);
      }
    }
    pushes.running = before;
    if (before === undefined && pushes.hasOwn) pushes.giveOwn(session, reply);
  }

  /** Appends the line; returns where it starts. */
  private write(to: Reply, session: Session, entry: CommandEntry, args: Arguments): number {
    const start = to.pos;
    const us = Math.floor(this.nowUs());
    const address = session.socket.remoteAddress;
    const shown = address.startsWith("/") ? `unix:${address.replace(/:0$/, "")}` : address;
    to.text(`+${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, "0")} [${session.db} ${shown}]`);
    for (let i = 0; i < args.argc; i++) {
      to.text(" ");
      if (entry.secret?.(args, i) === true) to.text('"(redacted)"');
      else quote(to, args.buf, args.at[i], args.len[i]);
    }
    to.text("\r\n");
    return start;
  }
}

/** Appends bytes in quotes, with what is not printable escaped. */
function quote(to: Reply, buf: Uint8Array, from: number, len: number): void {
  to.ensure(len * 4 + 2);
  const out = to.buf;
  let at = to.pos;
  out[at++] = QUOTE;
  for (let i = from; i < from + len; i++) {
    const byte = buf[i];
    const letter = LETTERS[byte];
    if (letter !== undefined) {
      out[at++] = BACKSLASH;
      out[at++] = letter.charCodeAt(0);
    } else if (byte >= 32 && byte < 127) out[at++] = byte;
    else {
      out[at++] = BACKSLASH;
      out[at++] = 120; // x
      out[at++] = HEX.charCodeAt(byte >> 4);
      out[at++] = HEX.charCodeAt(byte & 15);
    }
  }
  out[at++] = QUOTE;
  to.pos = at;
}
