/** DEBUG RELOAD: saves the RDB file and loads it again; clients wait meanwhile. */
import { ReplyError } from "../../../../base/reply_error.ts";
import type { MainCommand, MainContext } from "../../main_command.ts";
import type { Server } from "../../server.ts";

const OPTIONS = new ReplyError("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
const SAVE_FAILED = new ReplyError("ERR");
const LOAD_FAILED = new ReplyError("ERR Error trying to load the RDB dump, check server logs");

interface ReloadOptions {
  readonly save: boolean;
  readonly flush: boolean;
  readonly merge: boolean;
}

export const debugReload: MainCommand = {
  name: "reload",
  arity: -2,
  flags: ["admin", "noscript", "loading", "stale"],
  group: "server",
  since: "1.0.0",
  complexity: "O(N) where N is the number of keys",
  docFlags: ["syscmd"],
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

async function reload(server: Server, { save, flush, merge }: ReloadOptions): Promise<ReplyError | undefined> {
  const { loading, saves, snapshots } = server.persistence;
  server.stall(true);
  try {
    if (save) {
      snapshots.abandon();
      const saved = await new Promise<boolean>((resolve) => saves.begin(false, resolve));
      if (!saved) return SAVE_FAILED;
    }
    const result = await loading.rdb(loading.path, { flush, replace: merge, keepExpired: false });
    if (result === undefined || result.errors.length > 0) return LOAD_FAILED;
    saves.loaded();
    server.log.warning("DB reloaded by DEBUG RELOAD");
    return undefined;
  } finally {
    server.stall(false);
  }
}
