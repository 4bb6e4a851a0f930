/**
 * A session store: one hash a session, which expires when nobody uses it, and a field in it that expires earlier by itself.
 * With node-redis.
 *
 *   deno run -A examples/sessions.ts redis://127.0.0.1:6379
 *   bun examples/sessions.ts redis://127.0.0.1:6379
 */
import process from "node:process";
import { createClient } from "redis";

/** The part of a connection that the store needs: commands as words, replies as the server sent them. */
interface Commands {
  sendCommand(words: string[]): Promise<unknown>;
}

const IDLE_SECONDS = 1800;

export class SessionStore {
  constructor(private readonly redis: Commands, private readonly prefix: string) {}

  /** Opens a session for a user; resolves to its token. */
  async open(user: string): Promise<string> {
    const token = crypto.randomUUID();
    await this.redis.sendCommand(["HSET", this.key(token), "user", user, "visits", "0"]);
    await this.touch(token);
    return token;
  }

  /** Counts a visit and puts the session's end off; false when there is no such session any more. */
  async visit(token: string): Promise<boolean> {
    if (!await this.touch(token)) return false;
    await this.redis.sendCommand(["HINCRBY", this.key(token), "visits", "1"]);
    return true;
  }

  /** A field of the session, or null. */
  async read(token: string, field: string): Promise<string | null> {
    return await this.redis.sendCommand(["HGET", this.key(token), field]) as string | null;
  }

  /** Keeps a one-time code in the session for some seconds; the session itself lives on. */
  async offerCode(token: string, code: string, seconds: number): Promise<void> {
    const key = this.key(token);
    await this.redis.sendCommand(["HSET", key, "code", code]);
    await this.redis.sendCommand(["HEXPIRE", key, String(seconds), "FIELDS", "1", "code"]);
  }

  /** Seconds until the code expires; -2 when there is none. */
  async codeSeconds(token: string): Promise<number> {
    const reply = await this.redis.sendCommand(["HTTL", this.key(token), "FIELDS", "1", "code"]) as number[] | null;
    return reply === null ? -2 : Number(reply[0]);
  }

  /** Seconds until the session expires unless it is used; -2 when there is none. */
  async secondsLeft(token: string): Promise<number> {
    return Number(await this.redis.sendCommand(["TTL", this.key(token)]));
  }

  /** Ends the session; false when it had ended before. */
  async close(token: string): Promise<boolean> {
    return Number(await this.redis.sendCommand(["UNLINK", this.key(token)])) === 1;
  }

  private async touch(token: string): Promise<boolean> {
    return Number(await this.redis.sendCommand(["EXPIRE", this.key(token), String(IDLE_SECONDS)])) === 1;
  }

  private key(token: string): string {
    return `${this.prefix}${token}`;
  }
}

/** Lives through a session and resolves to what the program prints. */
export async function sessions(url: string): Promise<string[]> {
  const redis = createClient({ url });
  redis.on("error", (error: unknown) => console.error(String(error)));
  await redis.connect();
  try {
    const store = new SessionStore(redis, "example:session:");
    const token = await store.open("ann");
    await store.visit(token);
    await store.visit(token);
    const lines = [`user ${await store.read(token, "user")}, visits ${await store.read(token, "visits")}`];
    lines.push(`expires within ${IDLE_SECONDS} s: ${await store.secondsLeft(token) > IDLE_SECONDS - 60}`);
    await store.offerCode(token, "314159", 60);
    const seconds = await store.codeSeconds(token);
    lines.push(`code ${await store.read(token, "code")}, expires within a minute: ${seconds > 0 && seconds <= 60}`);
    await store.offerCode(token, "271828", 0);
    lines.push(`code after its time: ${await store.read(token, "code")}, session lives: ${await store.visit(token)}`);
    lines.push(`closed: ${await store.close(token)}, visit refused: ${!await store.visit(token)}`);
    return lines;
  } finally {
    await redis.close();
  }
}

if (import.meta.main) {
  for (const line of await sessions(process.argv[2] ?? "redis://127.0.0.1:6379")) console.log(line);
}
