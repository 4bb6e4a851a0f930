/**
 * Order of elements by a number each, and where numbers are equal by a comparison. Any thread.
 *
 * Without calling a comparison for each step, as the engines' sort does: a merge sort of few, a radix sort over the bits of many, 16 at
 * a time from the low end; digits that all numbers share are passed over.
 *
 * Source: Knuth, The Art of Computer Programming, volume 3, 5.2.4 "Sorting by merging" and 5.2.5 "Sorting by distribution".
 */

const DIGIT_BITS = 16;
const DIGITS = 64 / DIGIT_BITS;
/** Below this count, clearing and summing the radix sort's tables costs more than merging. */
const FEW = 2048;

/**
 * Numbers of elements 0..count in ascending order of their numbers, none of which is NaN; where these are equal, in that of `compare`,
 * or as they were without one.
 */
export function ascendingOrder(
  numbers: Float64Array,
  count: number,
  compare?: (a: number, b: number) => number,
): Int32Array {
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  const sorted = count < FEW ? merge(numbers, order) : distribute(numbers, order);
  if (compare === undefined) return sorted;
  for (let from = 0, to = 1; from < count; from = to++) {
    while (to < count && numbers[sorted[to]] === numbers[sorted[from]]) to++;
    if (to - from > 1) sorted.subarray(from, to).sort(compare);
  }
  return sorted;
}

/** Stable, from runs of one upwards; `order` may be overwritten. */
function merge(numbers: Float64Array, order: Int32Array): Int32Array {
  const count = order.length;
  let from = order;
  let to: Int32Array = new Int32Array(count);
  for (let run = 1; run < count; run *= 2) {
    for (let start = 0; start < count; start += 2 * run) {
      const middle = Math.min(start + run, count);
      const end = Math.min(middle + run, count);
      let a = start;
      let b = middle;
      for (let k = start; k < end; k++) {
        to[k] = b === end || (a < middle && numbers[from[a]] <= numbers[from[b]]) ? from[a++] : from[b++];
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Stable, from the lowest digit upwards; `order` may be overwritten. */
function distribute(numbers: Float64Array, order: Int32Array): Int32Array {
  const count = order.length;
  const digits = sortableDigits(numbers, count);
  const starts = new Uint32Array(1 << DIGIT_BITS);
  let from = order;
  let to: Int32Array = new Int32Array(count);
  for (let digit = 0; digit < DIGITS; digit++) {
    starts.fill(0);
    for (let i = 0; i < count; i++) starts[digits[i * DIGITS + digit]]++;
    if (starts[digits[digit]] === count) continue;
    let sum = 0;
    for (let d = 0; d < starts.length; d++) {
      const here = starts[d];
      starts[d] = sum;
      sum += here;
    }
    for (let i = 0; i < count; i++) {
      const element = from[i];
      to[starts[digits[element * DIGITS + digit]]++] = element;
    }
    [from, to] = [to, from];
  }
  return from;
}

/** The numbers as 64-bit integers of the same order, in digits from the lowest on: all bits of negative ones turned, else the sign's. */
function sortableDigits(numbers: Float64Array, count: number): Uint16Array {
  const words = new Uint32Array(count * 2);
  const number = new Float64Array(1);
  const bits = new Uint32Array(number.buffer);
  for (let i = 0; i < count; i++) {
    number[0] = numbers[i] + 0; // -0 is 0
    const turn = bits[1] >>> 31 === 0 ? 0 : -1;
    words[2 * i] = bits[0] ^ turn;
    words[2 * i + 1] = bits[1] ^ (turn | 0x80000000);
  }
  return new Uint16Array(words.buffer);
}
