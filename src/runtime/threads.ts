/**
 * Threads: module workers with the same life in both runtimes.
 *
 * 1. The first message a worker receives is the `data` given to `spawn`; `parent()` takes it. Later ones are messages.
 * 2. `onExit` is called exactly once, whatever ended the thread: its own `exit`, an uncaught error, or `terminate`.
 * 3. After an uncaught error (`onError`) the thread is gone in both runtimes; Bun alone would let it run on.
 * 4. A worker that waits in Atomics.wait receives no messages; `terminate` still ends it.
 *
 * In an executable made by `bun build --compile` each worker's source file must be among the entry points on the
 * command line after src/main.ts, and `workerUrl` finds it.
 */

import os from "node:os";

/** A worker thread as its creator sees it. The callbacks may be set at any time in the turn that called `spawn`. */
export interface Thread {
  /** Sends a structured clone of `message`; what `transfer` lists moves instead. */
  post(message: unknown, transfer?: Transferable[]): void;
  onMessage: (message: unknown) => void;
  /** An error nobody caught in the thread: its text, with a stack where there is one. */
  onError: (text: string) => void;
  onExit: () => void;
  /** Ends the thread now, at any point of its code. */
  terminate(): void;
}

/** The creator as the worker sees it. */
export interface Parent {
  /** What `spawn` was given. */
  readonly data: unknown;
  post(message: unknown, transfer?: Transferable[]): void;
  onMessage: (message: unknown) => void;
  /** Ends this thread after the current callback. */
  exit(): void;
}

/** Number of cores this process may use; at least 1. */
export const coreCount: number = Math.max(1, os.availableParallelism());

/**
 * The module of a thread, by its path below src/, such as "threads/shard/worker.ts". Call on the main thread.
 * A bundle puts all entry points below one root, and there every module's own URL is its entry point's.
 */
export function workerUrl(path: string): URL {
  const bundled = !import.meta.url.endsWith("/runtime/threads.ts");
  return new URL(bundled ? `./${path}` : `../${path}`, import.meta.url);
}

/** Posted by a worker as its last word, since Deno has no event for a worker that closes itself. */
const LAST_WORD = "\u0000thread exits";

/** Starts the module at `url` as a thread. Errors in loading it arrive at `onError`. */
export function spawn(url: URL, data: unknown, transfer: Transferable[] = []): Thread {
  const worker = new Worker(url.href, { type: "module" });
  let alive = true;
  const thread: Thread = {
    post(message, transfer = []) {
      if (alive) worker.postMessage(message, transfer);
    },
    onMessage() {},
    onError() {},
    onExit() {},
    terminate() {
      worker.terminate();
      queueMicrotask(ended);
    },
  };
  function ended(): void {
    if (!alive) return;
    alive = false;
    thread.onExit();
  }
  worker.onmessage = (event) => {
    if (!alive) return;
    if (event.data !== LAST_WORD) return thread.onMessage(event.data);
    worker.terminate();
    ended();
  };
  worker.onmessageerror = () => thread.onError("a message could not be deserialized");
  worker.onerror = (event) => {
    event.preventDefault();
    if (!alive) return;
    thread.onError(errorText(event));
    worker.terminate();
    ended();
  };
  // Bun's own event for a worker that ended; Deno never sends it.
  worker.addEventListener("close", ended);
  worker.postMessage(data, transfer);
  return thread;
}

/** The worker's side: resolves with the parent once its first message is here. Call once, at the module's top level. */
export function parent(): Promise<Parent> {
  const scope = globalThis as unknown as {
    onmessage: ((event: MessageEvent) => void) | null;
    postMessage(message: unknown, transfer?: Transferable[]): void;
    close(): void;
  };
  return new Promise((resolve) => {
    scope.onmessage = (first) => {
      const parent: Parent = {
        data: first.data,
        post(message, transfer = []) {
          scope.postMessage(message, transfer);
        },
        onMessage() {},
        exit() {
          scope.postMessage(LAST_WORD);
        },
      };
      scope.onmessage = (event) => parent.onMessage(event.data);
      resolve(parent);
    };
  });
}

function errorText(event: ErrorEvent): string {
  const error: unknown = event.error;
  if (error instanceof Error && error.stack !== undefined) return error.stack;
  return event.message !== "" ? event.message : String(error);
}
