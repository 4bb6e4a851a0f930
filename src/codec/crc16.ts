/** CRC16 and hash slots. Source: Redis cluster specification, "Hash tags" and appendix A (CRC16-CCITT/XMODEM, poly 0x1021). */

const TABLE = new Uint16Array(256);
for (let i = 0; i < 256; i++) {
  let crc = i << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) !== 0 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  TABLE[i] = crc;
}

/** CRC16 of buf[from, from+len). */
export function crc16(buf: Uint8Array, from: number, len: number): number {
  let crc = 0;
  for (let i = from; i < from + len; i++) crc = ((crc << 8) & 0xffff) ^ TABLE[(crc >> 8) ^ buf[i]];
  return crc;
}

/** Number of hash slots. */
export const SLOTS = 16384;

/** Hash slot of a key: of the part in the first non-empty {...}, else of all of it. */
export function keySlot(buf: Uint8Array, from: number, len: number): number {
  const end = from + len;
  for (let open = from; open < end; open++) {
    if (buf[open] !== 123) continue;
    for (let close = open + 1; close < end; close++) {
      if (buf[close] !== 125) continue;
      if (close === open + 1) break;
      return crc16(buf, open + 1, close - open - 1) & (SLOTS - 1);
    }
    break;
  }
  return crc16(buf, from, len) & (SLOTS - 1);
}
