/**
 * Socket addresses: text to the kernel's `struct sockaddr` and back, and host names to addresses.
 *
 *   sockaddr_in   family u16 | port u16 BE | address 4 | zero 8                    = 16 bytes
 *   sockaddr_in6  family u16 | port u16 BE | flow u32 | address 16 | scope u32     = 28 bytes
 *   sockaddr_un   family u16 | path, zero-terminated, at most 108 bytes
 *
 * The family is in the machine's order; both architectures the runtimes support are little-endian.
 */

import { NetworkError } from "./network.ts";

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;

/** Room for any address this file reads or writes: sockaddr_un is the longest. */
export const SOCKADDR_BYTES = 110;

/** Longest path of a Unix socket, without its final zero (unix(7)). */
const UNIX_PATH_BYTES = 107;

/** Fills `to` with the address of a literal IPv4 or IPv6 host; returns its length, or 0 if `host` is a name. */
export function encodeIp(to: Uint8Array, host: string, port: number): number {
  const v4 = parseIpv4(host);
  const bytes = v4 ?? parseIpv6(host);
  if (bytes === undefined) return 0;
  to.fill(0, 0, 28);
  to[0] = v4 === undefined ? AF_INET6 : AF_INET;
  to[2] = port >>> 8;
  to[3] = port & 0xff;
  to.set(bytes, v4 === undefined ? 8 : 4);
  return v4 === undefined ? 28 : 16;
}

/** Fills `to` with a Unix socket's address; returns its length. Throws NetworkError if the path is too long. */
export function encodeUnix(to: Uint8Array, path: string): number {
  const bytes = new TextEncoder().encode(path);
  if (bytes.length > UNIX_PATH_BYTES) throw new NetworkError("ENAMETOOLONG", `${path}: Unix socket path is too long`);
  to.fill(0, 0, SOCKADDR_BYTES);
  to[0] = AF_UNIX;
  to.set(bytes, 2);
  return 2 + bytes.length + 1;
}

/** The address in `from`, as "ip:port" or "[v6]:port"; "" for any other family. */
export function decodeAddress(from: Uint8Array): string {
  const port = from[2] * 256 + from[3];
  if (from[0] === AF_INET) return `${from[4]}.${from[5]}.${from[6]}.${from[7]}:${port}`;
  if (from[0] === AF_INET6) return `[${formatIpv6(from, 8)}]:${port}`;
  return "";
}

/** A literal address and a port as `decodeAddress` writes them. */
export function joinAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The port in `from`; 0 for a Unix socket. */
export function decodePort(from: Uint8Array): number {
  return from[0] === AF_UNIX ? 0 : from[2] * 256 + from[3];
}

/** A host name or literal as a literal address. "*" is every IPv4 address. Throws NetworkError. */
export async function resolveHost(host: string): Promise<string> {
  if (host === "*") return "0.0.0.0";
  if (parseIpv4(host) !== undefined || parseIpv6(host) !== undefined) return host;
  // Loaded when first needed: most servers are given literal addresses, and the module costs memory and start time.
  const { lookup } = await import("node:dns/promises");
  try {
    return (await lookup(host, { verbatim: true })).address;
  } catch {
    throw new NetworkError("ENOTFOUND", `${host}: Name or service not known`);
  }
}

/** The four bytes of dotted decimal text, or undefined. */
export function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    if (!/^\d{1,3}$/.test(parts[i]) || Number(parts[i]) > 255) return undefined;
    bytes[i] = Number(parts[i]);
  }
  return bytes;
}

/** The sixteen bytes of an IPv6 address in any form of RFC 4291, or undefined. Scopes ("%eth0") are not addresses. */
export function parseIpv6(text: string): Uint8Array | undefined {
  if (!text.includes(":")) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]);
  const tail = halves.length === 2 ? parseGroups(halves[1]) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]);
}

function parseGroups(text: string): number[] | undefined {
  const bytes: number[] = [];
  if (text === "") return bytes;
  const groups = text.split(":");
  for (let i = 0; i < groups.length; i++) {
    if (i === groups.length - 1 && groups[i].includes(".")) {
      const v4 = parseIpv4(groups[i]);
      if (v4 === undefined) return undefined;
      bytes.push(...v4);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(groups[i])) return undefined;
      const word = parseInt(groups[i], 16);
      bytes.push(word >>> 8, word & 0xff);
    }
  }
  return bytes;
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as "::". */
function formatIpv6(from: Uint8Array, at: number): string {
  const words: number[] = [];
  for (let i = 0; i < 8; i++) words.push(from[at + 2 * i] * 256 + from[at + 2 * i + 1]);
  if (words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff) {
    return `::ffff:${from[at + 12]}.${from[at + 13]}.${from[at + 14]}.${from[at + 15]}`;
  }
  let runAt = -1;
  let runLength = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && words[end] === 0) end++;
    if (end - i > runLength) {
      runAt = i;
      runLength = end - i;
    }
    i = Math.max(i, end - 1);
  }
  const hex = (part: number[]) => part.map((word) => word.toString(16)).join(":");
  if (runAt === -1) return hex(words);
  return `${hex(words.slice(0, runAt))}::${hex(words.slice(runAt + runLength))}`;
}
