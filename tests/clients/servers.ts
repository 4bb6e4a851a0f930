/** Servers that client libraries talk to, and the programs in other languages that hold some of the sessions. */

import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { start } from "../../src/mod.ts";
import { cleanup, root, test } from "../harness.ts";

/** Debian's interpreter, which sees the python3-redis package. */
const PYTHON = "/usr/bin/python3";
export const hasPython: boolean = spawnSync(PYTHON, ["-c", "import redis"]).status === 0;

/** Registers a session as two tests: inline and with 4 shards. Each gets the port of a server of its own. */
export function testSession(name: string, session: (port: number) => Promise<void>): void {
  for (const shards of [0, 4]) {
    test(`client ${name}: ${shards === 0 ? "inline" : `${shards} shards`}`, async () => {
      const server = await start({ port: 0, shards });
      cleanup(() => server.close());
      await session(server.port);
    });
  }
}

/** Runs a program of tests/clients/ with the port as its argument; it prints "ok", or what was wrong. */
export async function runPython(file: string, port: number): Promise<void> {
  const child = spawn(PYTHON, [join(root, "tests", "clients", file), String(port)]);
  cleanup(() => {
    child.kill("SIGKILL");
  });
  let output = "";
  child.stdout.on("data", (chunk: Uint8Array) => output += Buffer.from(chunk).toString());
  child.stderr.on("data", (chunk: Uint8Array) => output += Buffer.from(chunk).toString());
  await new Promise((resolve) => child.once("close", resolve));
  assertEquals(output, "ok\n");
}
