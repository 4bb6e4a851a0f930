/**
 * The test harness: one `test` for Deno and Bun, and what tests need from the machine (temporary folders, free ports,
 * child servers).
 *
 * Invariants:
 * 1. A test file imports nothing from `Deno`, `Bun` or `bun:test`; it runs unchanged on both runtimes.
 * 2. Whatever a test starts here (children, folders, `cleanup` callbacks) is gone when that test ends, passed or not;
 *    what is started outside a test is gone when the process ends.
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** True when this process is Bun. */
export const isBun: boolean = "Bun" in globalThis;
/** True when this process is Deno. */
export const isDeno: boolean = !isBun && "Deno" in globalThis;

/** Root of the checkout. */
export const root: string = fileURLToPath(new URL("..", import.meta.url));

type Body = () => void | Promise<void>;
type Register = (name: string, body: () => Promise<void>, timeoutMs: number) => void;

interface DenoTests {
  test(options: {
    name: string;
    fn: () => Promise<void>;
    sanitizeOps: boolean;
    sanitizeResources: boolean;
    sanitizeExit: boolean;
  }): void;
}

interface BunTests {
  jest(path: string): { test: (name: string, body: () => Promise<void>, timeoutMs: number) => void };
}

let register: Register | undefined;

function chooseRegister(): Register {
  if (isBun) {
    const bun = (globalThis as unknown as { Bun: BunTests }).Bun.jest(fileURLToPath(import.meta.url));
    return (name, body, timeoutMs) => bun.test(name, body, timeoutMs + 5_000);
  }
  const deno = (globalThis as unknown as { Deno: DenoTests }).Deno;
  return (name, fn) => deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false, sanitizeExit: false });
}

/** Registers a test. It fails after `timeoutMs` (30 s unless told); then its children are killed like at any end. */
export function test(name: string, fn: Body, options: { timeoutMs?: number } = {}): void {
  const timeoutMs = options.timeoutMs ?? 30_000;
  register ??= chooseRegister();
  register(name, async () => {
    const mark = cleanups.length;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`timed out after ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      await Promise.race([(async () => await fn())(), late]);
    } finally {
      clearTimeout(timer);
      await runCleanups(mark);
    }
  }, timeoutMs);
}

const cleanups: Body[] = [];
const children = new Set<ChildProcess>();

/** Calls `fn` when the running test ends, last registered first. */
export function cleanup(fn: Body): void {
  cleanups.push(fn);
}

async function runCleanups(mark: number): Promise<void> {
  while (cleanups.length > mark) {
    try {
      await cleanups.pop()!();
    } catch (error) {
      console.error("cleanup failed:", error);
    }
  }
}

/** Runs `body` and ends what it started here: for scripts that go on for long. */
export async function inScope<T>(body: () => Promise<T>): Promise<T> {
  const mark = cleanups.length;
  try {
    return await body();
  } finally {
    await runCleanups(mark);
  }
}

/** Ends what was started outside any test: for scripts that use this file. */
export function endScope(): Promise<void> {
  return runCleanups(0);
}

/** `ChildProcess.kill` would send one signal only: in Deno a child that caught the first gets no other. */
function send(child: ChildProcess, signal: NodeJS.Signals): void {
  if (!children.has(child)) return;
  try {
    process.kill(child.pid!, signal);
  } catch (error) {
    // It has ended, and the runtime is about to say so.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function killChildren(): void {
  for (const child of children) send(child, "SIGKILL");
}

process.on("exit", killChildren);
globalThis.addEventListener?.("unload", killChildren);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    killChildren();
    process.exit(1);
  });
}

/** A new empty folder, removed when the test ends. */
export function tempDir(): string {
  const path = mkdtempSync(join(tmpdir(), "ringshard-test-"));
  cleanup(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/**
 * A TCP port that was free a moment ago. RINGSHARD_TEST_PORTS ("from-to") confines the choice where several checkouts
 * share a machine.
 */
export async function freePort(): Promise<number> {
  const range = /^(\d+)-(\d+)$/.exec(process.env.RINGSHARD_TEST_PORTS ?? "");
  if (range === null) return await tryPort(0);
  const from = Number(range[1]);
  const count = Number(range[2]) - from + 1;
  const start = Math.floor(Math.random() * count);
  for (let i = 0; i < count; i++) {
    const port = await tryPort(from + (start + i) % count).catch(() => 0);
    if (port !== 0) return port;
  }
  throw new Error("no free port in RINGSHARD_TEST_PORTS");
}

function tryPort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      const found = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(found));
    });
  });
}

/** A server process that a test started. */
export interface ServerProcess {
  readonly port: number;
  /** Its working folder, where it writes its files. */
  readonly dir: string;
  readonly child: ChildProcess;
  /** Resolves as `stop` does, when it ends by itself too. */
  readonly ended: Promise<number | null>;
  /** What it has printed so far, both streams. */
  log(): string;
  /**
   * Sends a signal (SIGTERM unless told) and waits for the end; resolves to the exit code, or null when the signal
   * ended it (Deno says null also when the process caught the signal and left by itself).
   */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** How to start a server, besides its own arguments. */
export interface StartOptions {
  /** A command that runs it; without it, the runtime of this process. */
  readonly runtime?: { command: string; args: string[] };
  /** Its folder, a new one unless told. */
  readonly dir?: string;
  /** The module to run instead of src/main.ts. */
  readonly main?: string;
  /** What is in its environment besides ours. */
  readonly env?: Record<string, string>;
  /** It is killed after so long, started or not. */
  readonly livesMs?: number;
}

async function startServer(
  command: string,
  args: string[],
  port: number,
  dir: string,
  options: StartOptions = {},
): Promise<ServerProcess> {
  const env = { ...process.env, ...options.env };
  const child = spawn(command, args, { cwd: dir, stdio: ["ignore", "pipe", "pipe"], env });
  if (options.livesMs !== undefined) setTimeout(() => send(child, "SIGKILL"), options.livesMs);
  children.add(child);
  let text = "";
  const ended = new Promise<number | null>((resolve) => {
    child.once("exit", (code) => {
      children.delete(child);
      resolve(code);
    });
    child.once("error", () => {
      children.delete(child);
      resolve(-1);
    });
  });
  const stop = (signal: NodeJS.Signals = "SIGTERM") => {
    send(child, signal);
    return ended;
  };
  cleanup(async () => {
    await stop("SIGKILL");
  });
  const ready = new Promise<void>((resolve) => {
    const read = (chunk: Uint8Array) => {
      text += new TextDecoder().decode(chunk);
      if (text.includes("Ready to accept connections")) resolve();
    };
    child.stdout!.on("data", read);
    child.stderr!.on("data", read);
  });
  const first = await Promise.race([ready.then(() => "ready"), ended, delay(60_000).then(() => "late")]);
  if (first !== "ready") {
    await stop("SIGKILL");
    throw new Error(`${command} ${args.join(" ")} did not start (${first}):\n${text}`);
  }
  return { port, dir, child, ended, log: () => text, stop };
}

let redisText: string | undefined;

/** Major and minor version of the `redis-server` on PATH ("7.0"), "" where none is. */
export function redisVersion(): string {
  redisText ??= String(spawnSync("redis-server", ["--version"]).stdout ?? "");
  return /v=(\d+\.\d+)/.exec(redisText)?.[1] ?? "";
}

/** True when a `redis-server` is on PATH; tests against the reference are left out otherwise. */
export function hasRedis(): boolean {
  return redisVersion() !== "";
}

/** Starts the real redis-server, without snapshots, on a free port; undefined where it is not installed. */
export async function startRedis(args: string[] = []): Promise<ServerProcess | undefined> {
  if (!hasRedis()) return undefined;
  const [port, dir] = [await freePort(), tempDir()];
  return await startServer("redis-server", ["--save", "", "--port", String(port), "--dir", dir, ...args], port, dir);
}

/**
 * Starts src/main.ts in a process of its own on a free port and waits until it accepts connections. `args` are the
 * server's own, redis-server style.
 */
export async function startRingshard(
  args: string[] = [],
  options: StartOptions = {},
): Promise<ServerProcess> {
  const [port, dir] = [await freePort(), options.dir ?? tempDir()];
  const main = options.main ?? join(root, "src", "main.ts");
  const runtime = options.runtime ??
    { command: process.execPath, args: isBun ? [main] : ["run", "-A", "--quiet", `--config=${root}deno.json`, main] };
  return await startServer(
    runtime.command,
    [...runtime.args, "--port", String(port), "--dir", dir, ...args],
    port,
    dir,
    options,
  );
}

/** Resolves after `ms` of real time. For waiting on other processes only; a test that can poll should `waitFor`. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Polls until `condition` holds; fails after `timeoutMs`. */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 10_000,
): Promise<void> {
  const until = Date.now() + timeoutMs;
  while (!await condition()) {
    if (Date.now() > until) throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`);
    await delay(5);
  }
}
