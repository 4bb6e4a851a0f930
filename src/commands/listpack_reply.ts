/** Entries of a listpack as bulk strings, straight from its bytes to the reply. Any thread. */
import { viewOf } from "../base/bytes.ts";
import type { Reply } from "../codec/resp/reply.ts";
import type { Listpack } from "../structures/listpack.ts";

/** Most bytes of a bulk string around up to 63 bytes: "$", two digits, two line ends. */
const SHORT_FRAME = 7;

/**
 * Appends the `n` entries from `p` on as bulk strings; `u8` is the memory that `listpack` works on. Returns the address
 * behind the last.
 */
export function replyEntries(reply: Reply, listpack: Listpack, u8: Uint8Array, p: number, n: number): number {
  let buf = reply.buf;
  let out = viewOf(buf);
  const source = viewOf(u8);
  let pos = reply.pos;
  for (; n > 0; n--) {
    const b = u8[p];
    if (b < 0x80 || b >= 0xc0) {
      reply.pos = pos;
      listpack.readBytes(p);
      reply.bulk(listpack.bytes, listpack.at, listpack.len);
      p = listpack.skip(p);
      pos = reply.pos;
      if (buf !== reply.buf) {
        buf = reply.buf;
        out = viewOf(buf);
      }
      continue;
    }
    // A string of up to 63 bytes: what most elements are.
    const len = b & 63;
    if (pos + len + SHORT_FRAME > buf.length) {
      reply.pos = pos;
      reply.ensure(len + SHORT_FRAME);
      buf = reply.buf;
      out = viewOf(buf);
    }
    buf[pos++] = 36;
    if (len >= 10) buf[pos++] = 48 + ((len / 10) | 0);
    buf[pos++] = 48 + (len % 10);
    buf[pos++] = 13;
    buf[pos++] = 10;
    p++;
    let i = 0;
    for (; i < len - 3; i += 4) out.setInt32(pos + i, source.getInt32(p + i, true), true);
    for (; i < len; i++) buf[pos + i] = u8[p + i];
    pos += len;
    buf[pos++] = 13;
    buf[pos++] = 10;
    p += len + 1;
  }
  reply.pos = pos;
  return p;
}
