/**
 * Runtime: the door to what differs between Deno and Bun, or belongs to the operating system. Nothing outside
 * this room names a runtime; nothing inside knows what a command is.
 */

export * from "./clock.ts";
export * from "./files.ts";
export * from "./process.ts";
export * from "./threads.ts";
export * from "./network.ts";
export { Garbage } from "./garbage.ts";
export { adviseHugePages, HUGE_PAGE } from "./huge_pages.ts";
export { createNetwork } from "./create_network.ts";
export { openWake } from "./wake.ts";
