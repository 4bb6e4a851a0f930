/**
 * Errors: the system's error numbers as names and as the sentences strerror(3) gives, which operators know from Redis.
 */

import os from "node:os";

/** The name of a Linux errno, such as "ECONNRESET"; "E104" where the system has no name for it. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `E${errno}`;
}

/** The system's sentence for an error name, such as "Connection reset by peer"; the name itself where it is rare. */
export function errorText(code: string): string {
  return TEXTS[code] ?? code;
}

/** The system's name in an error that a runtime threw, such as "EADDRINUSE"; "EIO" where it carries none. */
export function errorCode(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === "string" && /^E[A-Z0-9]+$/.test(code)) return code;
  return (typeof name === "string" ? DENO_NAMES[name] : undefined) ?? "EIO";
}

/**
 * Throws a mistake of ours again where nothing catches it, behind the current callbacks: for places where a runtime would take it
 * for a socket's failure and go on. The process then stops with a report (process.ts `onUncaught`).
 */
export function throwUncaught(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

// EAGAIN comes after EWOULDBLOCK by name, but the first of two names for a number is the one people know.
const NAMES = new Map(Object.entries(os.constants.errno).reverse().map(([name, errno]) => [errno, name]));

const TEXTS: Record<string, string> = {
  EACCES: "Permission denied",
  EADDRINUSE: "Address already in use",
  EADDRNOTAVAIL: "Cannot assign requested address",
  EAFNOSUPPORT: "Address family not supported by protocol",
  EBADF: "Bad file descriptor",
  ECONNABORTED: "Software caused connection abort",
  ECONNREFUSED: "Connection refused",
  ECONNRESET: "Connection reset by peer",
  EEXIST: "File exists",
  EHOSTUNREACH: "No route to host",
  EINVAL: "Invalid argument",
  EIO: "Input/output error",
  EISDIR: "Is a directory",
  EMFILE: "Too many open files",
  ENAMETOOLONG: "File name too long",
  ENETUNREACH: "Network is unreachable",
  ENOENT: "No such file or directory",
  ENOSPC: "No space left on device",
  ENOTDIR: "Not a directory",
  ENOTEMPTY: "Directory not empty",
  ENOTFOUND: "Name or service not known",
  EPERM: "Operation not permitted",
  EPIPE: "Broken pipe",
  EROFS: "Read-only file system",
  ETIMEDOUT: "Connection timed out",
};

/** Deno's error classes for what it reports without a code. */
const DENO_NAMES: Record<string, string> = {
  AddrInUse: "EADDRINUSE",
  AddrNotAvailable: "EADDRNOTAVAIL",
  AlreadyExists: "EEXIST",
  BadResource: "EBADF",
  BrokenPipe: "EPIPE",
  ConnectionAborted: "ECONNABORTED",
  ConnectionRefused: "ECONNREFUSED",
  ConnectionReset: "ECONNRESET",
  Interrupted: "ECONNABORTED",
  NetworkUnreachable: "ENETUNREACH",
  NotCapable: "EACCES",
  NotConnected: "ENOTCONN",
  NotFound: "ENOENT",
  PermissionDenied: "EACCES",
  TimedOut: "ETIMEDOUT",
};
