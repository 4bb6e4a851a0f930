/**
 * Records transcripts: plays the files named (tests/transcripts/*.txt) on the installed redis-server and writes the
 * replies into them, in RESP2's form, and RESP3's where it is another. Steps that the reference server can not answer
 * (`# since`, `# differs`) and those with a looser expectation keep what is written. Review the difference before
 * committing it.
 *
 *     deno run -A scripts/record.ts tests/transcripts/string.txt
 */

import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { Client } from "../tests/client.ts";
import { delay, endScope, redisVersion, startRedis } from "../tests/harness.ts";
import { parse, play, print, type Step, unorderedForm } from "../tests/transcripts/transcript.ts";

const kept = (step: Step) => step.since !== undefined || step.matches !== undefined || step.range !== undefined;

for (const path of process.argv.slice(2)) {
  const sections = parse(readFileSync(path, "utf8"), path);
  for (const protocol of [2, 3] as const) {
    const redis = await startRedis(["--enable-debug-command", "yes"]);
    if (redis === undefined) throw new Error("redis-server is not installed");
    const stage = {
      connect: () => Client.connect(redis),
      advance: (ms: number) => delay(ms + 2),
      protocol,
      reference: redisVersion(),
    };
    const loose = await play(sections, stage, basename(path), (step, actual) => {
      if (step.matches !== undefined) return step.matches.test(actual) ? undefined : `to match ${step.matches}`;
      if (kept(step)) return undefined;
      const lines = actual.split("\n");
      // What is written stays where the order is free and only that changed.
      const same = (written: string[]) =>
        step.unordered ? unorderedForm(written.join("\n")) === unorderedForm(actual) : written.join("\n") === actual;
      if (protocol === 2 || step.only === 3) {
        if (!same(step.expected)) step.expected = lines;
      } else if (same(step.expected)) step.expected3 = undefined;
      else if (step.expected3 === undefined || !same(step.expected3)) step.expected3 = lines;
      return undefined;
    });
    for (const failure of loose) console.error(failure + "\n");
    await endScope();
  }
  writeFileSync(path, print(sections));
  console.log(`recorded ${path}`);
}
