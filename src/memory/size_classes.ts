/**
 * Size classes of the arena's slabs, as tables made once.
 *
 * Up to 256 bytes a class every 8 bytes (entries are mostly that small and 8 is their alignment); above, eight
 * classes a doubling, which bounds the rounding loss at 12.5 % and makes it 6 % on average. Beyond MAX_SLAB_SIZE
 * whole chunks are used.
 */

/** Unit of the chunk map and of large allocations: 64 KiB keeps the map of 2 GiB at 32768 records, one MiB. */
export const CHUNK_SIZE = 65536;
export const CHUNK_SHIFT = 16;

const FINE_LIMIT = 256;
const MIN_SIZE = 16; // room for a free-list link, and no entry is smaller

/** Largest size served from slabs; a larger request gets chunks of its own (loss at most 64 KiB in 256). */
export const MAX_SLAB_SIZE = 262144;

/** Most chunks one slab may span: keeps an almost empty slab of the largest class near 2 MiB. */
const MAX_SLAB_CHUNKS = 33;

function makeSizes(): number[] {
  const sizes: number[] = [];
  for (let s = MIN_SIZE; s <= FINE_LIMIT; s += 8) sizes.push(s);
  for (let base = FINE_LIMIT; base < MAX_SLAB_SIZE; base *= 2) {
    for (let k = 1; k <= 8; k++) sizes.push(base + (base / 8) * k);
  }
  return sizes;
}

/** The fewest chunks with at most 1/16 of the slab lost at its end (or the least loss within the limit). */
function chunksFor(size: number): number {
  let best = 1;
  let bestLoss = Infinity;
  for (let n = 1; n <= MAX_SLAB_CHUNKS; n++) {
    const room = n * CHUNK_SIZE;
    if (room < size) continue;
    const loss = (room % size) / (n * CHUNK_SIZE);
    if (loss <= 1 / 16) return n;
    if (loss < bestLoss) {
      bestLoss = loss;
      best = n;
    }
  }
  return best;
}

const sizes = makeSizes();

export const CLASS_COUNT = sizes.length;
/** Bytes of each class. */
export const CLASS_SIZE = Int32Array.from(sizes);
/** Chunks of one slab of each class. */
export const CLASS_CHUNKS = Int32Array.from(sizes, chunksFor);

const FINE_CLASS = new Uint8Array(FINE_LIMIT / 8 + 1);
for (let i = 0, c = 0; i < FINE_CLASS.length; i++) {
  while (CLASS_SIZE[c] < i * 8) c++;
  FINE_CLASS[i] = c;
}
const FINE_CLASS_LAST = FINE_CLASS[FINE_CLASS.length - 1];

/** The class for `size` bytes, 0 < size <= MAX_SLAB_SIZE. */
export function classOf(size: number): number {
  if (size <= FINE_LIMIT) return FINE_CLASS[(size + 7) >> 3];
  const s = size - 1;
  const log = 31 - Math.clz32(s); // 2^log <= s < 2^(log+1); log >= 8
  return FINE_CLASS_LAST + 1 + (log - 8) * 8 + ((s >> (log - 3)) & 7);
}
