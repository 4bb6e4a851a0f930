/**
 * A leaderboard: players ranked by points, in one sorted set. With ioredis.
 *
 *   deno run -A examples/leaderboard.ts redis://127.0.0.1:6379
 *   bun examples/leaderboard.ts redis://127.0.0.1:6379
 */
import process from "node:process";
import { Redis } from "ioredis";

/** A player's place, the first being 1. */
export interface Standing {
  place: number;
  player: string;
  points: number;
}

/** One board. Every call is one command, so any number of processes may share a board. */
export class Leaderboard {
  constructor(private readonly redis: Redis, private readonly key: string) {}

  /** Adds points (or takes them, when negative); resolves to the player's new total. */
  async score(player: string, points: number): Promise<number> {
    return Number(await this.redis.zincrby(this.key, points, player));
  }

  /** Enters a result that counts only when it beats the player's best. */
  async best(player: string, points: number): Promise<void> {
    await this.redis.zadd(this.key, "GT", points, player);
  }

  /** The first `count` players, best first. */
  top(count: number): Promise<Standing[]> {
    return this.between(0, count - 1);
  }

  /** The player with up to `reach` neighbours on either side; empty for who never played. */
  async around(player: string, reach: number): Promise<Standing[]> {
    const rank = await this.redis.zrevrank(this.key, player);
    if (rank === null) return [];
    return await this.between(Math.max(0, rank - reach), rank + reach);
  }

  /** How many players have at least `points`. */
  countFrom(points: number): Promise<number> {
    return this.redis.zcount(this.key, points, "+inf");
  }

  /** Forgets everyone behind the first `count`. */
  async keepTop(count: number): Promise<void> {
    await this.redis.zremrangebyrank(this.key, 0, -count - 1);
  }

  private async between(first: number, last: number): Promise<Standing[]> {
    const flat = await this.redis.zrevrange(this.key, first, last, "WITHSCORES");
    const standings: Standing[] = [];
    for (let i = 0; i < flat.length; i += 2) {
      standings.push({ place: first + i / 2 + 1, player: flat[i], points: Number(flat[i + 1]) });
    }
    return standings;
  }
}

/** Plays a small season and resolves to what the program prints. */
export async function leaderboard(url: string): Promise<string[]> {
  const redis = new Redis(url);
  try {
    const key = "example:leaderboard";
    await redis.del(key);
    const board = new Leaderboard(redis, key);
    await board.score("ann", 120);
    await board.score("bob", 95);
    await board.score("cid", 140);
    await board.score("dora", 60);
    await board.score("bob", 30);
    await board.best("dora", 55);
    await board.best("dora", 80);
    const show = (each: Standing) => `${each.place}. ${each.player} ${each.points}`;
    const lines = ["Top 3:", ...(await board.top(3)).map(show)];
    lines.push("Around bob:", ...(await board.around("bob", 1)).map(show));
    lines.push(`With 100 points or more: ${await board.countFrom(100)}`);
    await board.keepTop(2);
    lines.push("Into the final:", ...(await board.top(10)).map(show));
    await redis.del(key);
    return lines;
  } finally {
    redis.disconnect();
  }
}

if (import.meta.main) {
  for (const line of await leaderboard(process.argv[2] ?? "redis://127.0.0.1:6379")) console.log(line);
}
