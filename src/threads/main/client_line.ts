/** ClientLine: one client as CLIENT LIST, CLIENT INFO and the log describe it. Main thread. Source: Redis documentation, CLIENT LIST. */
import { clientBytes, queueBytes } from "./client_memory.ts";
import { Gate, type Session } from "./session.ts";

/** The line without a line break; `nowMs` defaults to the client's last activity. */
export function clientLine(session: Session, nowMs = session.lastMs): string {
  const age = Math.max(0, Math.floor((nowMs - session.createdMs) / 1000));
  const idle = Math.max(0, Math.floor((nowMs - session.lastMs) / 1000));
  const inputCapacity = session.input?.length ?? 0;
  const outputBytes = session.output.bytes;
  return `id=${session.id} addr=${session.socket.remoteAddress} laddr=${session.socket.localAddress} fd=${session.socket.fd} ` +
    `name=${session.name} age=${age} idle=${idle} flags=${flags(session)} db=${session.db} sub=${
      session.subscriptions?.channels.size ?? 0
    } psub=${session.subscriptions?.patterns.size ?? 0} ssub=${session.subscriptions?.shardChannels.size ?? 0} multi=${
      session.queue?.commands.length ?? -1
    } ` +
    `watch=${session.watched.length} qbuf=${session.inputLength} qbuf-free=${
      inputCapacity - session.inputLength
    } argv-mem=0 multi-mem=${queueBytes(session)} rbs=0 rbp=0 ` +
    `obl=0 oll=${session.output.count} omem=${outputBytes} tot-mem=${clientBytes(session)} ` +
    `events=${outputBytes > 0 ? "rw" : "r"} cmd=${session.lastCommand ?? "NULL"} user=${session.user} redir=${
      session.tracking?.redirect ?? -1
    } ` +
    `resp=${session.resp3 ? 3 : 2} lib-name=${session.libName} lib-ver=${session.libVersion}`;
}

/** Flag letters; N when there is none. */
function flags(session: Session): string {
  let letters = "";
  if ((session.gate & Gate.MONITORS) !== 0) letters += "O";
  if (session.subscriptions !== undefined) letters += "P";
  if (session.queue !== undefined) letters += "x";
  if (session.isBlocked) letters += "b";
  if (session.tracking !== undefined) letters += "t";
  if (session.tracking?.broken === true) letters += "R";
  if (session.tracking?.broadcast === true) letters += "B";
  if (session.closeAfterOutput) letters += "c";
  if (session.socket.remoteAddress.endsWith(":0")) letters += "U";
  if (session.noEvict) letters += "e";
  if ((session.gate & Gate.NO_TOUCH) !== 0) letters += "T";
  return letters === "" ? "N" : letters;
}
