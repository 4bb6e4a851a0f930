/**
 * Loads redis.conf: the file, then standard input, then the command line's options, as one text, line by line, the way
 * Redis does. Does no I/O: a ConfHost does.
 *
 * Texts and paths are latin-1 texts, one char per byte.
 */

import { latin1Text } from "../base/bytes.ts";
import { REDIS_VERSION } from "../base/version.ts";
import type { Config } from "./config.ts";
import { type DirectiveName, OBSOLETE_DIRECTIVES } from "./directives.ts";
import { expandPattern, isPattern } from "./include_glob.ts";
import { lowerAscii, splitArguments, trimLine } from "./quoting.ts";

/** What loading needs of the system. */
export interface ConfHost {
  /** A file's bytes (none for a folder), or the system's error text such as "No such file or directory". */
  readFile(path: string): Uint8Array | string;
  /** Names in a folder ("" is the current one); none when it can't be read. */
  listFolder(path: string): readonly string[];
  /** Opens a log file for appending and closes it again; returns the system's error text when that fails. */
  tryAppend(path: string): string | undefined;
}

/** Lines of redis.conf that are no values. Each method returns the error text when the line is refused. */
export interface ConfActions {
  /** `user name rule...`; the text in full ("Error in user declaration 'x': ..."). */
  user(args: readonly string[]): string | undefined;
  /** `rename-command from to`; an empty `to` removes the command. */
  renameCommand(from: string, to: string): string | undefined;
  loadModule(path: string, args: readonly string[]): string | undefined;
  /** `module.name value...`. */
  moduleConfig(name: string, values: readonly string[]): string | undefined;
}

/** Where the configuration comes from. */
export interface ConfSources {
  /** Absolute path of the configuration file. */
  readonly path: string | undefined;
  /** All of standard input, when the command line has a "-". */
  readonly stdin: string | undefined;
  /** Lines made of the command line's options; see command_line.ts. */
  readonly options: string;
}

/** Why the server can't start: a block for standard error, or a line for the log (a warning). The exit code is 1. */
export interface ConfFailure {
  readonly output: "stderr" | "log";
  readonly text: string;
}

/** Redis recurses without end into a file that includes itself; here that ends with an error. */
const MAX_INCLUDE_DEPTH = 64;

/** Loads everything into `config`. Returns the first failure; values set before it stay. */
export function loadConf(
  config: Config,
  sources: ConfSources,
  host: ConfHost,
  actions: ConfActions,
): ConfFailure | undefined {
  const loader = new Loader(config, host, actions);
  const file = sources.path === undefined ? "" : loader.read(sources.path);
  if (typeof file !== "string") return file;
  return loader.load(file + (sources.stdin ?? "") + "\n" + sources.options, 0);
}

class Loader {
  /** Directives that have occurred. */
  readonly #seen = new Set<DirectiveName>();

  constructor(
    private readonly config: Config,
    private readonly host: ConfHost,
    private readonly actions: ConfActions,
  ) {}

  /** The text of a file, or of all files that match a pattern. */
  read(path: string): string | ConfFailure {
    const paths = isPattern(path) ? expandPattern(path, (folder) => this.host.listFolder(folder)) : [path];
    let text = "";
    for (const each of paths) {
      const bytes = this.host.readFile(each);
      if (typeof bytes === "string") {
        return { output: "log", text: `Fatal error, can't open config file '${each}': ${bytes}` };
      }
      text += latin1Text(bytes);
    }
    return text;
  }

  load(text: string, depth: number): ConfFailure | undefined {
    for (const [i, raw] of text.split("\n").entries()) {
      const line = trimLine(raw);
      if (line === "" || line.startsWith("#")) continue;
      const failure = this.#loadLine(line, depth);
      if (typeof failure === "object") return failure;
      if (failure !== undefined) {
        return fatal(`Reading the configuration file, at line ${i + 1}\n>>> '${line}'\n${failure}\n`);
      }
    }
    const logFile = this.config.text("logfile");
    const logError = logFile === "" ? undefined : this.host.tryAppend(logFile);
    if (logError !== undefined) return fatal(`Can't open the log file: ${logError}\n`);
    if (this.config.bool("cluster-enabled") && this.config.value("replicaof") !== null) {
      return fatal("replicaof directive not allowed in cluster mode\n");
    }
    return undefined;
  }

  /** Returns what is wrong with the line, or the failure of a file it includes. */
  #loadLine(line: string, depth: number): string | ConfFailure | undefined {
    const args = splitArguments(line);
    if (args === undefined) return "Unbalanced quotes in configuration line";
    if (args.length === 0) return undefined;
    const word = lowerAscii(args[0]);
    const values = args.slice(1);
    const name = this.config.primaryName(word);
    if (name !== undefined) {
      const reason = this.config.load(name, values, this.#seen.has(name));
      this.#seen.add(name);
      return reason;
    }
    if (OBSOLETE_DIRECTIVES.includes(word) && values.length === 1) return undefined;
    if (word === "include" && values.length === 1) return this.#include(values[0], depth);
    if (word === "rename-command" && values.length === 2) return this.actions.renameCommand(values[0], values[1]);
    if (word === "user" && values.length >= 1) return this.actions.user(values);
    if (word === "loadmodule" && values.length >= 1) return this.actions.loadModule(values[0], values.slice(1));
    if (word.includes(".")) {
      if (values.length === 0) return "Module config specified without value";
      return this.actions.moduleConfig(word, values);
    }
    if (word === "sentinel") return values.length === 0 ? undefined : "sentinel directive while not in sentinel mode";
    return "Bad directive or wrong number of arguments";
  }

  #include(path: string, depth: number): string | ConfFailure | undefined {
    if (depth >= MAX_INCLUDE_DEPTH) return "Too many nested include directives";
    const text = this.read(path);
    return typeof text === "string" ? this.load(text, depth + 1) : text;
  }
}

/** The block that Redis writes before it exits. */
function fatal(text: string): ConfFailure {
  return { output: "stderr", text: `\n*** FATAL CONFIG FILE ERROR (Redis ${REDIS_VERSION}) ***\n${text}` };
}
