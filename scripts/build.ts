/**
 * Builds dist/ringshard: one executable with Bun inside, worker threads included. Workers are separate entry points: Bun
 * finds a worker's file in the executable by the path it has relative to the entry points' common folder.
 *
 *     deno task build [--outfile path]
 */

import { parseArgs } from "@std/cli";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const options = parseArgs(process.argv.slice(2), { string: ["outfile"], default: { outfile: "dist/ringshard" } });
const outfile = join(root, options.outfile);

/** Files that are started as threads; each is compiled in beside the main program. */
const WORKERS = ["src/threads/shard/worker.ts", "src/threads/persistence/worker.ts"];

const entries = ["src/main.ts", ...WORKERS.filter((path) => existsSync(join(root, path)))];
mkdirSync(dirname(outfile), { recursive: true });
const result = spawnSync(
  "npx",
  [
    "-y",
    "bun@1.4.5",
    "build",
    "--compile",
    "--minify-syntax",
    "--outfile",
    outfile,
    ...entries.map((path) => `./${path}`),
  ],
  { cwd: root, stdio: "inherit" },
);
if (result.status !== 0) process.exit(result.status ?? 1);
console.log(`${options.outfile}: ${(statSync(outfile).size / 2 ** 20).toFixed(1)} MiB`);
