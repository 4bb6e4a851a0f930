/**
 * The command line, by redis-server's rules: [file] [--directive value...]... [-]
 *
 * Options become lines of a configuration text: `--port 6380 --save 60 1` is "port "6380" \nsave "60" "1" ". The argument
 * after a lone `--directive` is always a value, even when it starts with "--"; but `--save` directly before another
 * option, or at the end, means `--save ""`.
 */

import { encodeText, latin1Text } from "../base/bytes.ts";
import { REDIS_VERSION } from "../base/version.ts";
import type { ConfFailure } from "./conf_file.ts";
import { lowerAscii, quote, splitArguments } from "./quoting.ts";

/** What the command line asks for. Texts are latin-1 texts. */
export type CommandLine =
  | { readonly kind: "version" }
  | { readonly kind: "usage" }
  | {
    readonly kind: "run";
    /** The configuration file as given, or undefined. */
    readonly path: string | undefined;
    /** The first or last argument is "-": standard input is part of the configuration. */
    readonly readsStdin: boolean;
    /** Lines for `loadConf`. */
    readonly options: string;
    /** --sentinel was given. */
    readonly sentinel: boolean;
  };

/** Reads the arguments (JavaScript strings, program name excluded). */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const args = argv.map((arg) => latin1Text(encodeText(arg)));
  if (args[0] === "-v" || args[0] === "--version") return { kind: "version" };
  if (args[0] === "-h" || args[0] === "--help") return { kind: "usage" };
  const hasPath = args.length > 0 && !args[0].startsWith("-");
  const sentinel = args.includes("--sentinel");
  let options = "";
  let readsStdin = false;
  let mayBeOption = true;
  for (let i = hasPath ? 1 : 0; i < args.length; i++) {
    const arg = args[i];
    const isLast = i === args.length - 1;
    if (arg === "-" && (i === 0 || isLast)) {
      readsStdin = true;
    } else if (mayBeOption && arg.startsWith("--")) {
      if (options !== "") options += "\n";
      options += arg.slice(2) + " ";
      const isAlone = splitArguments(arg)?.length === 1;
      const needsNoValue = isLast || args[i + 1].startsWith("--");
      const word = lowerAscii(arg);
      mayBeOption = !isAlone || (needsNoValue && (word === "--save" || word === "--sentinel"));
      if (isAlone && needsNoValue && word === "--save") options += '""';
    } else {
      options += quote(arg) + " ";
      mayBeOption = true;
    }
  }
  return { kind: "run", path: hasPath ? args[0] : undefined, readsStdin, options, sentinel };
}

/** The absolute form of a path as Redis makes it: only leading "../" are resolved. */
export function absolutePath(path: string, currentFolder: string): string {
  let rest = path.replace(/^[ \r\n\t]+|[ \r\n\t]+$/g, "");
  if (rest.startsWith("/")) return rest;
  let folder = currentFolder.endsWith("/") ? currentFolder : currentFolder + "/";
  while (rest.startsWith("../")) {
    rest = rest.slice(3);
    if (folder.length > 1) folder = folder.slice(0, folder.lastIndexOf("/", folder.length - 2) + 1);
  }
  return folder + rest;
}

/** What --version prints to standard output, in the form that scripts know from redis-server. */
export function versionText(): string {
  return `Redis server v=${REDIS_VERSION} sha=00000000:0 malloc=ringshard bits=64 build=0\n`;
}

/** What --help prints to standard error before exit code 1. */
export function usageText(program: string): string {
  return `Usage: ${program} [/path/to/redis.conf] [options] [-]
       ${program} - (read config from stdin)
       ${program} -v or --version
       ${program} -h or --help

Examples:
       ${program} (run the server with default conf)
       echo 'maxmemory 128mb' | ${program} -
       ${program} /etc/redis/6379.conf
       ${program} --port 7777 --shards 4
       ${program} --port 7777 --replicaof 127.0.0.1 8888
       ${program} /etc/myredis.conf --loglevel verbose -

Every directive of redis.conf is an option. Ringshard's own:
       --shards <n>            shard threads; 0 runs everything on one thread (default: by cores)
       --network <name>        auto, epoll or portable (default: auto)
       --rdb-version <n>       format of the RDB files written, 1 to 12 (default: 11)
`;
}

/** Ringshard is a server that Sentinels watch, not a Sentinel. */
export const SENTINEL_REFUSAL: ConfFailure = {
  output: "stderr",
  text: "Sentinel mode is not available: run redis-sentinel or valkey-sentinel beside this server.\n",
};
