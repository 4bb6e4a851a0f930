/** Timing of small loops in this process, on whichever runtime runs it, and the table that shows them. */

/** One row of a table: a case's nanoseconds an operation in each column. */
export interface MicroRow {
  name: string;
  nanos: number[];
}

/** The best of so many timings: what disturbs a loop only ever makes it longer. */
const TIMINGS = 7;

let sink = 0;

/**
 * Nanoseconds an operation; `run` does `count` of them and returns something that depends on all, so that none is
 * useless. Warmed up by two runs, then the best of several.
 */
export function nanosEach(run: (count: number) => number, count: number): number {
  sink ^= run(count) ^ run(count);
  let best = Infinity;
  for (let i = 0; i < TIMINGS; i++) {
    const start = performance.now();
    sink ^= run(count);
    best = Math.min(best, performance.now() - start);
  }
  return best * 1e6 / count;
}

/** Prints rows as Markdown, with the runtime's name above the first column. */
export function printRows(title: string, columns: string[], rows: MicroRow[]): void {
  const runtime = "Bun" in globalThis ? "Bun" : "Deno";
  console.log(`${title}, ns an operation`);
  console.log(`| ${runtime} | ${columns.join(" | ")} |`);
  console.log(`|---|${"---:|".repeat(columns.length)}`);
  for (const row of rows) console.log(`| ${row.name} | ${row.nanos.map((n) => n.toFixed(1)).join(" | ")} |`);
  console.log();
}
