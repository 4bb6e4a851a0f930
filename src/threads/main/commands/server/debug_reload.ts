/**
 * DEBUG RELOAD and LOADAOF: the data anew from the RDB file, saved before, or from the append-only file. Clients wait meanwhile, or are
 * told that data is loaded when that takes long (threads/main/persistence/loading.ts).
 */
import { ReplyError } from "../../../../base/reply_error.ts";
import { systemFiles } from "../../../../runtime/mod.ts";
import type { MainCommand, MainContext } from "../../main_command.ts";
import type { AofPlace } from "../../../persistence/aof_folder.ts";
import { AofLoading } from "../../persistence/aof_loading.ts";
import type { Server } from "../../server.ts";

const OPTIONS = new ReplyError("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
const SAVE_FAILED = new ReplyError("ERR");
const LOAD_FAILED = new ReplyError("ERR Error trying to load the RDB dump, check server logs");
const NO_FILE = new ReplyError("ERR There is no append only file");

const common = {
  flags: ["admin", "noscript", "loading", "stale"],
  group: "server",
  since: "1.0.0",
  complexity: "O(N) where N is the number of keys",
  docFlags: ["syscmd"],
} as const;

interface ReloadOptions {
  readonly save: boolean;
  readonly flush: boolean;
  readonly merge: boolean;
}

export const debugReload: MainCommand = {
  name: "reload",
  ...common,
  arity: -2,
  summary: "Saves the RDB file and loads it again.",
  syntax: "[MERGE] [NOFLUSH] [NOSAVE]",
  main({ server, args, session }: MainContext): void {
    let save = true;
    let flush = true;
    let merge = false;
    for (let i = 2; i < args.argc; i++) {
      if (args.is(i, "merge")) merge = true;
      else if (args.is(i, "noflush")) flush = false;
      else if (args.is(i, "nosave")) save = false;
      else throw OPTIONS;
    }
    server.dispatcher.replyLater(session, reload(server, { save, flush, merge }));
  },
};

export const debugLoadaof: MainCommand = {
  name: "loadaof",
  ...common,
  arity: 2,
  summary: "Writes what the append-only file lacks and loads it.",
  syntax: "",
  main({ server, session }: MainContext): void {
    server.dispatcher.replyLater(session, loadAof(server));
  },
};

async function reload(server: Server, { save, flush, merge }: ReloadOptions): Promise<ReplyError | undefined> {
  const { loading, saves, snapshots } = server.persistence;
  server.stall(true);
  try {
    if (save) {
      snapshots.abandon();
      const saved = await new Promise<boolean>((resolve) => saves.begin(false, resolve));
      if (!saved) return SAVE_FAILED;
    }
    loading.begin();
    const result = await loading.rdb(loading.path, { flush, replace: merge, keepExpired: false });
    if (result === undefined || result.errors.length > 0) return LOAD_FAILED;
    saves.loaded();
    server.log.warning("DB reloaded by DEBUG RELOAD");
    return undefined;
  } finally {
    loading.end();
    server.stall(false);
  }
}

/** Whatever fails once the keyspace is emptied ends the server, as in Redis: what it would go on with is not its data. */
async function loadAof(server: Server): Promise<ReplyError | undefined> {
  const { appendOnly, loading, saves } = server.persistence;
  server.stall(true);
  try {
    await appendOnly.settled();
    const { place } = appendOnly;
    if (!isThere(place)) return NO_FILE;
    loading.begin();
    server.running = false;
    await appendOnly.pause();
    if (!await new AofLoading(server).load(place, true)) return await giveUp(server);
    loading.end();
    saves.loaded();
    server.running = true;
    if (!await appendOnly.start()) return await giveUp(server);
    server.log.warning("Append Only File loaded by DEBUG LOADAOF");
    return undefined;
  } finally {
    server.stall(false);
  }
}

function isThere({ dir, folderName, fileName }: AofPlace): boolean {
  return [`${dir}/${folderName}/${fileName}.manifest`, `${dir}/${fileName}`].some((path) =>
    systemFiles.stat(path) !== undefined
  );
}

/** Ends the server. Nobody is answered any more. */
function giveUp(server: Server): Promise<never> {
  server.onFatal();
  return new Promise(() => {});
}
