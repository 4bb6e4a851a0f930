/** How long a server takes to load an RDB file: five million keys of all types, written by Redis. */
import { Connection, request } from "../connection.ts";
import { type Part, scaled } from "../part.ts";
import { REDIS, withServer } from "../servers.ts";

const KEYS = 5_000_000;

/** Of ten keys six are strings. */
const KINDS = ["string", "string", "string", "string", "string", "string", "hash", "list", "set", "zset"];

/** Redis's file, once it is made. */
let dump: { folder: string; keys: number } | undefined;

export const loading: Part = {
  name: "loading",
  title: "Loading",
  note:
    "5M keys (six in ten strings of 32 bytes, one each a hash, list, set and sorted set of five short elements) from one RDB file " +
    "that Redis wrote; seconds as the server's log tells them.",
  runsByDefault: false,
  rounds: 3,
  async run(name, settings, report) {
    const keys = scaled(settings, KEYS, 100_000);
    if (dump?.keys !== keys) dump = { folder: await write(keys, settings.port), keys };
    const { folder } = dump;
    const variants = name === REDIS || name.includes("-") ? [name] : [`${name}-1`, `${name}-2`, name];
    for (const variant of variants) {
      await withServer(variant, settings.port, async (server) => {
        const connection = await Connection.connect(server.port);
        for (;;) {
          const size = await connection.command("DBSIZE").catch(() => "loading");
          if (size === `:${keys}`) break;
          if (size !== "loading") throw new Error(`${variant} holds ${size} keys, not ${keys}`);
          await new Promise((wake) => setTimeout(wake, 100));
        }
        connection.close();
        const log = Deno.readTextFileSync(`${server.folder}/server.log`);
        const seconds = Number(/DB loaded from disk: ([\d.]+) seconds/.exec(log)![1]);
        report({ part: "loading", test: `${keys} keys`, server: variant, values: { seconds } });
      }, ["--dir", folder]);
    }
  },
};

/** Lets Redis write the file; the folder it lies in. */
async function write(keys: number, port: number): Promise<string> {
  const folder = Deno.makeTempDirSync({ prefix: "ringshard-bench-dump-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  await withServer(REDIS, port, async (server) => {
    const connection = await Connection.connect(server.port);
    await connection.pipeline(keys, 1000, (i) => makeKey(i));
    await connection.command("SAVE");
    connection.close();
  }, ["--dir", folder]);
  return folder;
}

function makeKey(i: number): string {
  const key = `key:${String(i).padStart(12, "0")}`;
  const words = ["alpha", "beta", "gamma", "delta", "epsilon"].map((word) => `${word}${i % 1000}`);
  switch (KINDS[i % KINDS.length]) {
    case "hash":
      return request("HSET", key, ...words.flatMap((word, k) => [`field${k}`, word]));
    case "list":
      return request("RPUSH", key, ...words);
    case "set":
      return request("SADD", key, ...words);
    case "zset":
      return request("ZADD", key, ...words.flatMap((word, k) => [i % 1000 + k, word]));
    default:
      return request("SET", key, `${i}`.padEnd(32, "value"));
  }
}
