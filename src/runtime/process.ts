/**
 * Process: arguments, identity, environment, signals, standard streams and resource use, in both runtimes.
 *
 * Any thread may call these, except where a contract says main. Nothing here is on a per-command path.
 */

import { readFileSync, writeSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import { runtimeVersion } from "./host.ts";

/** Command-line arguments after the program's name; the same under `run`, `compile` and `build --compile`. */
export const args: readonly string[] = process.argv.slice(2);

/** This process's id. */
export const pid: number = process.pid;

/** Path of the running executable: the runtime's, or our own when compiled. */
export const executablePath: string = process.execPath;

/** Operating system, as in "linux". */
export const osName: string = process.platform;

/** Kernel name, release and machine as `uname -srm` prints them. */
export const osText: string = `${os.type()} ${os.release()} ${os.machine()}`;

/** Runtime and version, such as "bun 1.4.5". */
export const version: string = runtimeVersion;

/** Unix time in ms at which this process (or, in a worker, this thread) loaded the module. */
export const startedMs: number = Date.now();

/** CPU time spent, in µs. */
export interface CpuTimes {
  userUs: number;
  systemUs: number;
}

/** Ends the process. Main thread only: in a worker, return from the work or see `Parent.exit`. */
export function exit(code: number): never {
  process.exit(code);
}

/** An environment variable, or undefined. */
export function env(name: string): string | undefined {
  return process.env[name];
}

/** The current directory. */
export function cwd(): string {
  return process.cwd();
}

/** Changes the current directory. Main thread only. Throws the system's error. */
export function chdir(path: string): void {
  process.chdir(path);
}

export type Signal = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGUSR1" | "SIGUSR2";

/** Calls `fn` on every such signal from now on, instead of the default action. Main thread only. */
export function onSignal(signal: Signal, fn: () => void): void {
  process.on(signal, fn);
}

/** Calls `fn` with an error nobody caught (thrown, or a rejected promise); without it such an error ends the process. */
export function onUncaught(fn: (error: unknown) => void): void {
  process.on("uncaughtException", fn);
  process.on("unhandledRejection", fn);
}

/** Writes all of `bytes` (text as UTF-8) to standard output before it returns. A closed pipe is ignored. */
export function writeStdout(bytes: Uint8Array | string): void {
  writeAll(1, bytes);
}

/** The same to standard error. */
export function writeStderr(bytes: Uint8Array | string): void {
  writeAll(2, bytes);
}

/** All of standard input. */
export function readStdin(): Uint8Array {
  return new Uint8Array(readFileSync(0));
}

/** Resident memory of the whole process, in bytes. */
export function rssBytes(): number {
  return process.memoryUsage.rss();
}

/** CPU time of the whole process since its start. */
export function processCpu(): CpuTimes {
  const { user, system } = process.cpuUsage();
  return { userUs: user, systemUs: system };
}

/** CPU time of the calling thread, to the kernel's clock tick; zeros where the system does not tell. */
export function threadCpu(): CpuTimes {
  if (osName !== "linux") return { userUs: 0, systemUs: 0 };
  const stat = readFileSync("/proc/thread-self/stat", "latin1");
  // The second field is the thread's name in brackets and may hold spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { userUs: Number(fields[11]) * TICK_US, systemUs: Number(fields[12]) * TICK_US };
}

/** USER_HZ is 100 in the kernel's interface on every architecture both runtimes support. */
const TICK_US = 10_000;

/** Physical memory of the machine, in bytes. */
export function totalMemoryBytes(): number {
  return os.totalmem();
}

function writeAll(fd: number, data: Uint8Array | string): void {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(fd, bytes, at, bytes.length - at);
    } catch (error) {
      // A nonblocking pipe that is full empties soon; anything else means nobody is reading.
      if ((error as { code?: string }).code !== "EAGAIN") return;
    }
  }
}
