/** Auxiliary fields at the head of an RDB file, as Redis writes them. Main thread. */
import { REDIS_VERSION } from "../../../base/version.ts";
import type { Server } from "../server.ts";

/** `base`: the file is the base of an append-only file. */
export function auxFields(server: Server, base: boolean): (readonly [name: string, value: string])[] {
  return [
    ["redis-ver", REDIS_VERSION],
    ["redis-bits", "64"],
    ["ctime", String(Math.floor(server.nowMs() / 1000))],
    ["used-mem", String(server.memory.usedBytes)],
    ["aof-base", base ? "1" : "0"],
  ];
}
