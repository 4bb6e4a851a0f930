/**
 * rate-limiter-flexible with ioredis and node-redis. Consuming from a limit with a duration takes a script, so those limits are tried with the
 * class that does without (RateLimiterRedisNonAtomic), and the other class with limits that never end.
 */

import { assert, assertEquals } from "@std/assert";
import { Redis as IoRedis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRedisNonAtomic, RateLimiterRes } from "rate-limiter-flexible";
import { createClient } from "redis";
import { cleanup } from "../harness.ts";
import { testSession } from "./servers.ts";

type Limiter = RateLimiterRedis | RateLimiterRedisNonAtomic;

/** What is left after `consume`, or minus the points consumed where that was too much. */
async function consume(limiter: Limiter, key: string, points = 1): Promise<number> {
  try {
    return (await limiter.consume(key, points)).remainingPoints;
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    assertEquals(refusal.remainingPoints, 0);
    return -refusal.consumedPoints;
  }
}

/** Asserts how long it is until a limit's points come back. */
function assertEnds(result: RateLimiterRes | null, seconds: number): void {
  const ms = result!.msBeforeNext;
  assert(ms > (seconds - 10) * 1000 && ms <= seconds * 1000, `${ms} ms`);
}

/** Limits that end: SET EX, INCRBY, PTTL in transactions. */
async function ending(limiter: Limiter): Promise<void> {
  assertEquals(await limiter.get("u"), null);
  assertEquals([await consume(limiter, "u"), await consume(limiter, "u", 3), await consume(limiter, "u")], [4, 1, 0]);
  assertEquals(await consume(limiter, "u"), -6);
  const found = await limiter.get("u");
  assertEquals(found!.consumedPoints, 6);
  assertEnds(found, 60);
  assertEquals((await limiter.penalty("u", 2)).consumedPoints, 8);
  assertEquals((await limiter.reward("u", 5)).consumedPoints, 3);
  assertEquals(await consume(limiter, "u"), 1);
  assertEquals(await consume(limiter, "other"), 4);
  assertEquals(await limiter.delete("u"), true);
  assertEquals(await limiter.delete("u"), false);
  assertEquals(await consume(limiter, "u"), 4);
}

/** What both classes do without a script. */
async function setting(limiter: Limiter): Promise<void> {
  assertEnds(await limiter.block("blocked", 300), 300);
  const blocked = await limiter.get("blocked");
  assertEquals([blocked!.consumedPoints, blocked!.remainingPoints], [6, 0]);
  assertEnds(blocked, 300);
  await limiter.set("set", 4, 100);
  const set = await limiter.get("set");
  assertEquals([set!.consumedPoints, set!.remainingPoints], [4, 1]);
  assertEnds(set, 100);
  await limiter.set("for ever", 2, 0);
  assertEquals((await limiter.get("for ever"))!.consumedPoints, 2);
  await limiter.block("for ever", 0);
  assertEquals((await limiter.get("for ever"))!.consumedPoints, 6);
  for (const key of ["blocked", "set", "for ever"]) assertEquals(await limiter.delete(key), true);
}

/** Limits that never end: INCRBY and PTTL in transactions, so that no point is lost however many ask at once. */
async function lasting(limiter: RateLimiterRedis): Promise<void> {
  const many = await Promise.all(Array.from({ length: 20 }, () => consume(limiter, "u")));
  assertEquals(many.filter((left) => left >= 0).sort(), [0, 1, 2, 3, 4]);
  assertEquals(many.filter((left) => left < 0).length, 15);
  const found = await limiter.get("u");
  assertEquals([found!.consumedPoints, found!.msBeforeNext], [20, -1]);
  assertEquals((await limiter.reward("u", 18)).remainingPoints, 3);
  assertEquals(await consume(limiter, "u"), 2);
  assertEquals(await limiter.delete("u"), true);
}

async function session(storeClient: unknown, useRedisPackage: boolean): Promise<void> {
  const limits = { storeClient, useRedisPackage, points: 5, rejectIfRedisNotReady: true };
  const nonAtomic = new RateLimiterRedisNonAtomic({ ...limits, keyPrefix: "short", duration: 60 });
  await ending(nonAtomic);
  await setting(nonAtomic);
  const forEver = new RateLimiterRedis({ ...limits, keyPrefix: "ever", duration: 0 });
  await setting(forEver);
  await lasting(forEver);
  // In the process's own memory only what the server has refused is kept.
  const inMemory = new RateLimiterRedis({
    ...limits,
    keyPrefix: "memory",
    duration: 0,
    inMemoryBlockOnConsumed: 6,
    inMemoryBlockDuration: 60,
    insuranceLimiter: new RateLimiterMemory({ points: 1, duration: 60 }),
  });
  for (let i = 0; i < 8; i++) await consume(inMemory, "u");
  assertEquals((await inMemory.get("u"))!.consumedPoints, 6);
}

testSession("rate-limiter-flexible, ioredis", async (port) => {
  const client = new IoRedis({ port, host: "127.0.0.1", enableOfflineQueue: false, lazyConnect: true });
  cleanup(() => client.disconnect());
  await client.connect();
  await session(client, false);
});

testSession("rate-limiter-flexible, node-redis", async (port) => {
  const client = createClient({ socket: { port, host: "127.0.0.1" }, disableOfflineQueue: true });
  await client.connect();
  cleanup(() => client.destroy());
  await session(client, true);
});
