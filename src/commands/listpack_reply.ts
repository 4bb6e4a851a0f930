/** Entries of a listpack as bulk strings, straight from its bytes to the reply. Any thread. */
import { copyAhead, STEP } from "../base/byte_words.ts";
import { viewOf } from "../base/bytes.ts";
import type { Reply } from "../codec/resp/reply.ts";
import type { Listpack } from "../structures/listpack.ts";

/** Room for a bulk string around up to 63 bytes ("$", two digits, two line ends), and for what `copyAhead` writes behind it. */
const SHORT_ROOM = 7 + STEP;

// Words of a frame, in the order of their bytes from the lowest.
const ONE_DIGIT = 0x0a0d3024; // $0\r\n
const TWO_DIGITS = 0x0a0d3030; // 00\r\n
const LINE_END = 0x0a0d;

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
    if (pos + len + SHORT_ROOM > buf.length) {
      reply.pos = pos;
      reply.ensure(len + SHORT_ROOM);
      buf = reply.buf;
      out = viewOf(buf);
    }
    if (len < 10) {
      out.setInt32(pos, ONE_DIGIT + (len << 8), true);
      pos += 4;
    } else {
      const tens = (len / 10) | 0;
      buf[pos] = 36;
      out.setInt32(pos + 1, TWO_DIGITS + tens + ((len - tens * 10) << 8), true);
      pos += 5;
    }
    copyAhead(out, pos, source, p + 1, len);
    pos += len;
    out.setInt16(pos, LINE_END, true);
    pos += 2;
    p += len + 2;
  }
  reply.pos = pos;
  return p;
}
