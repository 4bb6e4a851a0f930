/** The server's process: command line -> configuration -> start; then signals until the end. */
import { encodeText, latin1Bytes, latin1Text } from "./base/bytes.ts";
import { Log } from "./base/log.ts";
import { RINGSHARD_VERSION } from "./base/ringshard_version.ts";
import { REDIS_VERSION } from "./base/version.ts";
import { absolutePath, parseCommandLine, SENTINEL_REFUSAL, usageText, versionText } from "./config/command_line.ts";
import { type ConfFailure, loadConf } from "./config/conf_file.ts";
import { Config } from "./config/config.ts";
import {
  args,
  cwd,
  exit,
  FileError,
  NetworkError,
  onSignal,
  onUncaught,
  pid,
  readStdin,
  systemFiles,
  wallMs,
  writeStderr,
  writeStdout,
} from "./runtime/mod.ts";
import { Server } from "./threads/main/server.ts";
import { append, confHost, workingFolder } from "./threads/main/system_host.ts";

await main();

async function main(): Promise<void> {
  const line = parseCommandLine(args);
  if (line.kind === "version") {
    writeStdout(versionText());
    exit(0);
  }
  if (line.kind === "usage") {
    writeStderr(usageText("ringshard"));
    exit(1);
  }
  const config = new Config(workingFolder);
  let logFile = "";
  const log = new Log(pid, wallMs, (text) => {
    const bytes = latin1OrUtf8(text);
    if (logFile === "") writeStdout(bytes);
    else quietly(() => append(logFile, bytes));
  });
  if (line.sentinel) fail(log, SENTINEL_REFUSAL);
  const path = line.path === undefined ? undefined : absolutePath(line.path, latin1Text(encodeText(cwd())));
  const renamed = new Map<string, string>();
  const failure = loadConf(
    config,
    { path, stdin: line.readsStdin ? latin1Text(readStdin()) : undefined, options: line.options },
    confHost,
    {
      user: () => "ACL users are not available: use requirepass for the default user",
      renameCommand(from, to) {
        renamed.set(from.toLowerCase(), to.toLowerCase());
        return undefined;
      },
      loadModule: () => "modules are not available",
      moduleConfig: () => "modules are not available",
    },
  );
  if (failure !== undefined) fail(log, failure);
  log.level = config.value("loglevel");
  logFile = config.path("logfile");
  if (config.bool("daemonize")) {
    fail(log, {
      output: "stderr",
      text:
        "daemonize is not possible here: a JavaScript runtime can't detach itself. Start Ringshard in the background " +
        "(`ringshard ... &`, setsid, or a service manager) instead.\n",
    });
  }
  log.warning("oO0OoO0OoO0Oo Ringshard is starting oO0OoO0OoO0Oo");
  log.warning(
    `Ringshard version=${RINGSHARD_VERSION}, Redis version=${REDIS_VERSION}, bits=64, pid=${pid}, just started`,
  );
  if (path === undefined && line.options === "" && !line.readsStdin) {
    log.warning(
      "Warning: no config file specified, using the default config. In order to specify a config file use ringshard /path/to/redis.conf",
    );
  } else log.warning("Configuration loaded");
  const pidFile = config.path("pidfile");
  const end = (code: number): never => {
    if (pidFile !== "") quietly(() => systemFiles.unlink(pidFile));
    exit(code);
  };
  const server = new Server(config, log, { configPath: path, renamed });
  onUncaught((error) => {
    log.warning(`=== RINGSHARD BUG REPORT: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
    exit(1);
  });
  server.onDeath = (report) => {
    log.warning(`=== RINGSHARD BUG REPORT: a thread died: ${report}`);
    exit(1);
  };
  try {
    await server.listen();
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    log.warning(`Warning: Could not create server TCP listening socket ${error.message}`);
    log.warning("Failed listening on port " + config.int("port") + " (tcp), aborting.");
    exit(1);
  }
  log.notice(
    `Running mode=standalone, port=${
      config.int("port")
    }, shards=${server.shards.threads}, network=${server.network.name}, PID: ${pid}`,
  );
  log.warning("Server initialized");
  if (pidFile !== "") quietly(() => systemFiles.writeTextAtomic(pidFile, `${pid}\n`));
  server.onFatal = () => exit(1);
  const { loading, saves, shutdown } = server.persistence;
  server.onShutdown = () => {
    server.close().then(() => {
      log.warning("Ringshard is now ready to exit, bye bye...");
      end(0);
    });
  };
  const stop = (name: string, words: readonly string[]) => {
    if (shutdown.inProgress) {
      log.warning("You insist... exiting now.");
      quietly(() => saves.removeTemporary());
      end(1);
    }
    if (loading.active) {
      log.warning("Received shutdown signal during loading, exiting now.");
      end(0);
    }
    log.warning(`Received ${name} scheduling shutdown...`);
    const [save, noSave, force] = ["save", "nosave", "force"].map((word) => words.includes(word));
    shutdown.schedule({ save, noSave, force }, () => {
      log.warning("Errors trying to shut down the server. Check the logs for more information.");
    });
  };
  onSignal("SIGTERM", () => stop("SIGTERM", config.value("shutdown-on-sigterm")));
  onSignal("SIGINT", () => stop("SIGINT", config.value("shutdown-on-sigint")));
  if (!await server.load()) end(1);
  for (const kind of server.listensOn) log.notice(`Ready to accept connections ${kind}`);
}

/** For files that a server can do without: the disk's answer doesn't matter. */
function quietly(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
  }
}

function fail(log: Log, failure: ConfFailure): never {
  if (failure.output === "stderr") writeStderr(latin1Bytes(failure.text));
  else log.warning(failure.text);
  exit(1);
}

/** Log texts are latin-1 texts where they repeat a client's bytes, and plain Unicode elsewhere. */
function latin1OrUtf8(text: string): Uint8Array {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 255) return new TextEncoder().encode(text);
  return latin1Bytes(text);
}
