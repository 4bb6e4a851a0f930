/** The server's process on a TestDisk: the main thread's files and the persistence thread's. Arguments are the server's. */
import "./install_disk.ts";

const THREAD = "/src/threads/persistence/worker.ts";

globalThis.Worker = class extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    const own = new URL("./faulty_persistence.ts", import.meta.url);
    super(String(url).endsWith(THREAD) ? own : url, options);
  }
};

await import("../../src/main.ts");
