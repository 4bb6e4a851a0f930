/**
 * Plays every transcript in every setting: embedded inline, in 1 and in 4 shards, each under RESP2 and RESP3, and
 * against the reference server where it is installed.
 *
 * RINGSHARD_TRANSCRIPTS (a part of a file's name) narrows the choice while working on one family.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Client } from "./client.ts";
import { start } from "../src/mod.ts";
import { cleanup, delay, hasRedis, redisVersion, root, startRedis, test } from "./harness.ts";
import { parse, play, print, type Stage } from "./transcripts/transcript.ts";

const folder = join(root, "tests", "transcripts");
const wanted = process.env.RINGSHARD_TRANSCRIPTS ?? "";
const files = readdirSync(folder).filter((file) => file.endsWith(".txt") && file.includes(wanted)).sort();
const protocols = [2, 3] as const;

/** Any fixed moment will do: sessions see only differences. */
const START_MS = 1_700_000_000_000;

/** Sections may use DEBUG. */
const DEBUG = ["--enable-debug-command", "yes"];

/** Failures shown a setting; the rest is counted. */
const SHOWN = 12;

function report(failures: string[]): void {
  if (failures.length === 0) return;
  const more = failures.length > SHOWN ? `\n\n... and ${failures.length - SHOWN} more` : "";
  throw new Error(`${failures.length} replies differ\n\n${failures.slice(0, SHOWN).join("\n\n")}${more}`);
}

for (const file of files) {
  const source = readFileSync(join(folder, file), "utf8");
  const sections = parse(source, file);

  test(`transcript ${file}: is in its canonical form`, () => {
    if (print(sections) !== source) throw new Error(`${file} is not what scripts/record.ts would print`);
  });

  for (const protocol of protocols) {
    for (const shards of [0, 1, 4]) {
      test(`transcript ${file}: ${shards === 0 ? "inline" : `${shards} shards`}, RESP${protocol}`, async () => {
        let nowMs = START_MS;
        const server = await start({
          port: 0,
          shards,
          clock: { nowMs: () => nowMs },
          "enable-debug-command": "yes",
        });
        cleanup(() => server.close());
        const stage: Stage = {
          connect: () => Client.connect(server),
          advance: (ms) => {
            nowMs += ms;
          },
          protocol,
          reference: undefined,
        };
        report(await play(sections, stage, file));
      });
    }

    if (!hasRedis()) continue;
    test(`transcript ${file}: reference server, RESP${protocol}`, async () => {
      const redis = (await startRedis(DEBUG))!;
      const stage: Stage = {
        connect: () => Client.connect(redis),
        advance: (ms) => delay(ms + 2),
        protocol,
        reference: redisVersion(),
      };
      report(await play(sections, stage, file));
    });
  }
}
