/** Member: the text of a MEMBER item (structures/item.ts). Any thread. */
import { LONG_LEN, readLongLen } from "../../structures/item.ts";

/** Length of an item's member. */
export function memberLen(u8: Uint8Array, item: number): number {
  return u8[item] === LONG_LEN ? readLongLen(u8, item) : u8[item];
}

/** Address of an item's member. */
export function memberAt(u8: Uint8Array, item: number): number {
  return item + (u8[item] === LONG_LEN ? 5 : 1);
}
