/** Append-only files that are cut off or changed: what loads is a prefix, and what does not is refused with its place. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import process from "node:process";
import { start } from "../../src/mod.ts";
import { systemFiles } from "../../src/runtime/mod.ts";
import { Client, encodeRequest } from "../client.ts";
import { Random, seedFrom } from "../fuzz/random.ts";
import { tempDir, test } from "../harness.ts";

const seed = seedFrom(process.env.RINGSHARD_SEED, 7);
const flips = Number(process.env.RINGSHARD_AOF_FLIPS ?? 60);

/** A small file: by its parts, each of which is there whole or not at all. */
const PARTS: readonly (readonly string[])[] = [
  ["SELECT 0", "SET a 1"],
  ["MULTI", "RPUSH l x", "SET a 2", "EXEC"],
];
const bytesOf = (part: readonly string[]) => part.map((line) => [...encodeRequest(line.split(" "))]).flat();
const WHOLE = Uint8Array.from(PARTS.flatMap(bytesOf));
const ENDS = PARTS.map((_, i) => PARTS.slice(0, i + 1).flatMap(bytesOf).length);
const VIEW = [["GET", "a"], ["LRANGE", "l", "0", "-1"]];

/** The data behind so many whole parts. */
const STATES = [["(nil)", "(empty array)"], ['"1"', "(empty array)"], ['"2"', '1) "x"']];

class Folder {
  readonly dir = tempDir();
  readonly path = `${this.dir}/appendonlydir/appendonly.aof.1.incr.aof`;
  log = "";

  constructor() {
    systemFiles.makeDir(`${this.dir}/appendonlydir`);
    systemFiles.writeTextAtomic(
      `${this.dir}/appendonlydir/appendonly.aof.manifest`,
      "file appendonly.aof.1.incr.aof seq 1 type i\n",
    );
  }

  put(bytes: Uint8Array): void {
    const file = systemFiles.open(this.path, "write");
    file.write(bytes, 0, bytes.length, 0);
    file.close();
  }

  /** Starts on the file; what it then shows, or undefined when the server refuses it. */
  async view(): Promise<string[] | undefined> {
    this.log = "";
    const server = await start({
      dir: this.dir,
      appendonly: "yes",
      appendfsync: "no",
      onLog: (line) => this.log += line,
    }).catch(() => undefined);
    if (server === undefined) return undefined;
    const client = await Client.connect(server);
    const shown: string[] = [];
    for (const request of VIEW) shown.push(await client.show(...request));
    client.close();
    await server.close();
    return shown;
  }
}

test("damage: an append-only file cut off at every byte holds its whole parts, and is cut to them", async () => {
  const folder = new Folder();
  for (let cut = 0; cut <= WHOLE.length; cut++) {
    folder.put(WHOLE.subarray(0, cut));
    const parts = ENDS.filter((end) => end <= cut).length;
    assertEquals(await folder.view(), STATES[parts], `cut at ${cut}`);
    // SELECT stands alone in the first part: it may stay without what follows.
    const size = systemFiles.stat(folder.path)!.sizeBytes;
    const wholeBytes = parts > 0
      ? ENDS[parts - 1]
      : cut < bytesOf(["SELECT 0"]).length
      ? 0
      : bytesOf(["SELECT 0"]).length;
    assertEquals(size, wholeBytes, `cut at ${cut}`);
    if (cut > wholeBytes) assertStringIncludes(folder.log, `at offset ${wholeBytes} !!!`);
  }
}, { timeoutMs: 300_000 });

test("damage: changed bits in an append-only file end in a load or in a refusal that says where", async () => {
  const folder = new Folder();
  const random = new Random(seed);
  let loads = 0;
  let refusals = 0;
  for (let n = 0; n < flips; n++) {
    const bytes = WHOLE.slice();
    bytes[random.between(0, bytes.length - 1)] ^= 1 << random.between(0, 7);
    folder.put(bytes);
    if (await folder.view() !== undefined) loads++;
    else {
      refusals++;
      assertMatch(folder.log, /begins at offset \d+ of the file|Error reading the RDB/, `flip ${n} of seed ${seed}`);
    }
  }
  assert(loads > 0 && refusals > 0, `${loads} loads, ${refusals} refusals`);
}, { timeoutMs: 300_000 });

test("damage: what no server writes does not hang the loading", async () => {
  const folder = new Folder();
  for (
    const line of ["BLPOP nothing 0", "XREAD BLOCK 0 STREAMS s $", "WAIT 1 0", "SUBSCRIBE c", "SELECT 1.5", "SET a"]
  ) {
    folder.put(Uint8Array.from([...bytesOf(["SET a 1"]), ...bytesOf([line])]));
    const shown = await folder.view();
    if (shown !== undefined) assertEquals(shown[0], '"1"', line);
    else assertMatch(folder.log, /begins at offset 27 of the file/, line);
  }
}, { timeoutMs: 60_000 });
