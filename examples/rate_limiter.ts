/**
 * Two rate limiters: a fixed window (a counter that expires) and a sliding one (a sorted set of the latest requests' times).
 * Neither needs a transaction or a script. With ioredis.
 *
 *   deno run -A examples/rate_limiter.ts redis://127.0.0.1:6379
 *   bun examples/rate_limiter.ts redis://127.0.0.1:6379
 */
import process from "node:process";
import { Redis } from "ioredis";

/**
 * At most `limit` requests a window, counted from a client's first one. Cheap: one small key a client; around the border of two
 * windows up to twice the limit may pass.
 */
export class FixedWindow {
  constructor(private readonly redis: Redis, private readonly limit: number, private readonly seconds: number) {}

  /** True when the client's request may pass. */
  async allow(client: string): Promise<boolean> {
    const key = `example:fixed:${client}`;
    // NX starts the window only once; sent every time, so a crash between the two can't leave a counter without an end.
    const [count] = await inOrder(this.redis.pipeline().incr(key).expire(key, this.seconds, "NX"));
    return Number(count) <= this.limit;
  }
}

/** At most `limit` requests within any `windowMs`: exact, for a sorted set of `limit` members a client. */
export class SlidingWindow {
  private sent = 0;
  private readonly process = crypto.randomUUID();

  constructor(private readonly redis: Redis, private readonly limit: number, private readonly windowMs: number) {}

  /** True when the client's request at `nowMs` may pass; a refused one does not count. */
  async allow(client: string, nowMs: number): Promise<boolean> {
    const key = `example:sliding:${client}`;
    const member = `${this.process}:${++this.sent}`;
    // Each request enters first and counts then, itself included: of two at the same moment never both take the last place.
    const replies = await inOrder(
      this.redis.pipeline()
        .zremrangebyscore(key, "-inf", nowMs - this.windowMs)
        .zadd(key, nowMs, member)
        .zcard(key)
        .pexpire(key, this.windowMs),
    );
    if (Number(replies[2]) <= this.limit) return true;
    await this.redis.zrem(key, member);
    return false;
  }
}

/** Sends a pipeline; its replies, or the first error thrown. */
async function inOrder(pipeline: ReturnType<Redis["pipeline"]>): Promise<unknown[]> {
  const replies = await pipeline.exec() ?? [];
  return replies.map(([error, reply]) => {
    if (error !== null) throw error;
    return reply;
  });
}

/** Tries both limiters and resolves to what the program prints. */
export async function rateLimiter(url: string): Promise<string[]> {
  const redis = new Redis(url);
  try {
    await redis.del("example:fixed:ann", "example:sliding:ann");
    const mark = (allowed: boolean) => allowed ? "pass" : "wait";
    const fixed = new FixedWindow(redis, 3, 60);
    const first: string[] = [];
    for (let i = 0; i < 5; i++) first.push(mark(await fixed.allow("ann")));
    const sliding = new SlidingWindow(redis, 3, 10_000);
    const second: string[] = [];
    for (const seconds of [0, 4, 8, 9, 11, 12, 15]) {
      second.push(`${seconds}s ${mark(await sliding.allow("ann", seconds * 1000))}`);
    }
    await redis.del("example:fixed:ann", "example:sliding:ann");
    return [`fixed window of 3: ${first.join(" ")}`, `sliding window of 3 in 10 s: ${second.join(", ")}`];
  } finally {
    redis.disconnect();
  }
}

if (import.meta.main) {
  for (const line of await rateLimiter(process.argv[2] ?? "redis://127.0.0.1:6379")) console.log(line);
}
