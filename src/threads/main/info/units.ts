/** Units: numbers as INFO and MEMORY print them. */

/** Bytes as "1.50M"; below 1024 "17B". */
export function humanBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  let value = bytes / 1024;
  for (const unit of ["K", "M", "G", "T"]) {
    if (value < 1024) return value.toFixed(2) + unit;
    value /= 1024;
  }
  return value.toFixed(2) + "P";
}

/** A ratio; 0 where there is nothing to divide by. */
export function ratio(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}

export function percent(a: number, b: number): string {
  return (ratio(a, b) * 100).toFixed(2) + "%";
}
