/**
 * The servers under comparison: started one at a time on a port of their own, and surely ended.
 *
 * A server's name is its runtime and, after a dash, its `shards` ("deno", "bun-0", "deno-2"); without a dash the
 * default number of shards. "redis" is the installed redis-server. None of them persists.
 */
import { fileURLToPath } from "node:url";
import { Connection } from "./connection.ts";

export const REDIS = "redis";

const entry = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** A loaded shared machine can take seconds to start a runtime; a minute means that something is wrong. */
const START_MS = 60_000;

/** The server's log, in its own folder. */
const LOG = "server.log";

const LOG_LINES = 20;

const children = new Set<Deno.ChildProcess>();
let bunPath = "";

export class RunningServer {
  constructor(
    readonly name: string,
    readonly port: number,
    readonly child: Deno.ChildProcess,
    readonly folder: string,
  ) {}

  get pid(): number {
    return this.child.pid;
  }

  /** Ends the process, waits for its end and removes its folder. */
  async stop(): Promise<void> {
    kill(this.child);
    await this.child.status;
    Deno.removeSync(this.folder, { recursive: true });
    children.delete(this.child);
  }
}

/** Starts a server and waits until it answers PING, be it that it is loading. `more` are directives beyond those that every server gets. */
export async function startServer(name: string, port: number, more: string[] = []): Promise<RunningServer> {
  const [runtime, shards] = name.split("-");
  const folder = Deno.makeTempDirSync({ prefix: "ringshard-bench-" });
  const options = [
    "--port",
    String(port),
    "--save",
    "",
    "--appendonly",
    "no",
    "--logfile",
    `${folder}/${LOG}`,
    ...more,
  ];
  if (shards !== undefined) options.push("--shards", shards);
  const [command, args] = runtime === REDIS
    ? ["redis-server", options]
    : runtime === "bun"
    ? [await findBun(), ["run", entry, ...options]]
    : [Deno.execPath(), ["run", "-A", entry, ...options]];
  const child = new Deno.Command(command, {
    args,
    cwd: folder,
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  children.add(child);
  const server = new RunningServer(name, port, child, folder);
  let ended = false;
  child.status.then(() => ended = true);
  const deadline = Date.now() + START_MS;
  while (true) {
    try {
      const connection = await Connection.connect(port);
      await connection.command("PING");
      connection.close();
      return server;
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("LOADING")) return server;
      if (ended || !(error instanceof Deno.errors.ConnectionRefused) || Date.now() > deadline) {
        showLog(server);
        await server.stop();
        throw new Error(`${name} does not answer on port ${port}: ${error}`);
      }
      await new Promise((wake) => setTimeout(wake, 50));
    }
  }
}

/** Runs `body` with a running server and ends the server whatever happens. */
export async function withServer<T>(
  name: string,
  port: number,
  body: (server: RunningServer) => Promise<T>,
  more: string[] = [],
): Promise<T> {
  const server = await startServer(name, port, more);
  try {
    return await body(server);
  } catch (error) {
    showLog(server);
    throw error;
  } finally {
    await server.stop();
  }
}

/** Shows the end of a server's log: warnings, and the report of one that stopped by itself. */
function showLog(server: RunningServer): void {
  let log = "";
  try {
    log = Deno.readTextFileSync(`${server.folder}/${LOG}`);
  } catch (error) {
    // It ended before it opened its log; what it wrote to standard error is shown already.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  console.error(`${server.name} said at last:\n${log.split("\n").slice(-LOG_LINES).join("\n")}`);
}

/** Ends every server when this process ends or is asked to. */
export function killServersOnExit(): void {
  const killAll = () => {
    for (const child of children) kill(child);
  };
  globalThis.addEventListener("unload", killAll);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {
      killAll();
      Deno.exit(130);
    });
  }
}

/** First line that a program prints; rejects where it is missing or fails. */
export async function outputOf(command: string, ...args: string[]): Promise<string> {
  const result = await new Deno.Command(command, { args, stdin: "null", stderr: "null" }).output();
  if (!result.success) throw new Error(`${command} ${args.join(" ")} failed`);
  return new TextDecoder().decode(result.stdout).trim().split("\n")[0]!;
}

/** Bun's own binary: a wrapper such as npx would be measured in its place. */
export async function findBun(): Promise<string> {
  const show = ["-e", "console.log(process.execPath)"];
  if (bunPath === "") {
    bunPath = await outputOf("bun", ...show).catch(() => outputOf("npx", "-y", "bun@1.4.5", ...show));
  }
  return bunPath;
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It has ended already.
    if (!(error instanceof TypeError)) throw error;
  }
}
