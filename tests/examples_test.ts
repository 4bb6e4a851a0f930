/** The programs of examples/ against a server in this process: what they print is what their readers are told. */
import { assertEquals } from "@std/assert";
import { leaderboard } from "../examples/leaderboard.ts";
import { rateLimiter } from "../examples/rate_limiter.ts";
import { sessions } from "../examples/sessions.ts";
import { start } from "../src/mod.ts";
import { cleanup, freePort, test } from "./harness.ts";

async function serverUrl(shards: number): Promise<string> {
  const server = await start({ port: await freePort(), shards });
  cleanup(() => server.close());
  return `redis://127.0.0.1:${server.port}`;
}

for (const shards of [0, 4]) {
  const setting = shards === 0 ? "inline" : `${shards} shards`;

  test(`example leaderboard: ${setting}`, async () => {
    assertEquals(await leaderboard(await serverUrl(shards)), [
      "Top 3:",
      "1. cid 140",
      "2. bob 125",
      "3. ann 120",
      "Around bob:",
      "1. cid 140",
      "2. bob 125",
      "3. ann 120",
      "With 100 points or more: 3",
      "Into the final:",
      "1. cid 140",
      "2. bob 125",
    ]);
  });

  test(`example sessions: ${setting}`, async () => {
    assertEquals(await sessions(await serverUrl(shards)), [
      "user ann, visits 2",
      "expires within 1800 s: true",
      "code 314159, expires within a minute: true",
      "code after its time: null, session lives: true",
      "closed: true, visit refused: true",
    ]);
  });

  test(`example rate limiter: ${setting}`, async () => {
    assertEquals(await rateLimiter(await serverUrl(shards)), [
      "fixed window of 3: pass pass pass wait wait",
      "sliding window of 3 in 10 s: 0s pass, 4s pass, 8s pass, 9s wait, 11s pass, 12s wait, 15s pass",
    ]);
  });
}
