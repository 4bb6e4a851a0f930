/**
 * Which network runs where. Main thread.
 */

import { BunNetwork } from "./bun_network.ts";
import { DenoNetwork } from "./deno_network.ts";
import { EpollNetwork } from "./epoll.ts";
import { openBunSyscalls } from "./epoll_bun.ts";
import { openDenoSyscalls } from "./epoll_deno.ts";
import { isDeno } from "./host.ts";
import { type Network, NetworkError } from "./network.ts";

/**
 * "epoll" throws NetworkError where it can't run; "auto" takes it where it can, else the portable one, which is the
 * runtime's own sockets.
 */
export function createNetwork(kind: "auto" | "epoll" | "portable"): Network {
  const sys = kind === "portable" ? undefined : openBunSyscalls() ?? openDenoSyscalls();
  if (sys !== undefined) return new EpollNetwork(sys);
  if (kind !== "epoll") return isDeno ? new DenoNetwork() : new BunNetwork();
  throw new NetworkError("ENOSYS", "epoll needs Linux, a C library and the permission to call it");
}
