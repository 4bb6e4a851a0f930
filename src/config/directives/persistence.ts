/** Directives on snapshots and the append-only file. */

import { directive, int, INT_MAX, INT_MIN, LONG_MAX, memory, oneOf, text, yesNo } from "../directive.ts";
import { folder, savePoints } from "../special_types.ts";

function isPath(name: string): boolean {
  return name.includes("/") || name.includes("\\");
}

function checkDbFilename(name: string): string | undefined {
  return isPath(name) ? "dbfilename can't be a path, just a filename" : undefined;
}

function checkAppendName(directiveName: string, kind: string): (name: string) => string | undefined {
  return (name) => {
    if (name === "") return `${directiveName} can't be empty`;
    return isPath(name) ? `${directiveName} can't be a path, just a ${kind}` : undefined;
  };
}

export const persistenceDirectives = {
  "dir": directive(folder, "", { protected: true, denyLoading: true }),
  "save": directive(savePoints, [
    { seconds: 3600, changes: 1 },
    { seconds: 300, changes: 100 },
    { seconds: 60, changes: 10000 },
  ]),
  "dbfilename": directive(text, "dump.rdb", { protected: true, check: checkDbFilename }),
  "rdbcompression": directive(yesNo, true),
  "rdbchecksum": directive(yesNo, true, { immutable: true }),
  "rdb-version": directive(int(9, 12), 11),
  "rdb-del-sync-files": directive(yesNo, false, { effect: false }),
  "rdb-save-incremental-fsync": directive(yesNo, true),
  "rdb-key-save-delay": directive(int(INT_MIN, INT_MAX), 0, { hidden: true }),
  "key-load-delay": directive(int(INT_MIN, INT_MAX), 0, { hidden: true }),
  "loading-process-events-interval-bytes": directive(int(1024, INT_MAX), 2 * 1024 ** 2, { hidden: true }),
  "sanitize-dump-payload": directive(oneOf(["no", "yes", "clients"]), "no"),
  "stop-writes-on-bgsave-error": directive(yesNo, true),
  "appendonly": directive(yesNo, false, { denyLoading: true }),
  "appendfilename": directive(text, "appendonly.aof", {
    immutable: true,
    check: checkAppendName("appendfilename", "filename"),
  }),
  "appenddirname": directive(text, "appendonlydir", {
    immutable: true,
    check: checkAppendName("appenddirname", "dirname"),
  }),
  "appendfsync": directive(oneOf(["everysec", "always", "no"]), "everysec"),
  "no-appendfsync-on-rewrite": directive(yesNo, false),
  "auto-aof-rewrite-percentage": directive(int(0, INT_MAX), 100),
  "auto-aof-rewrite-min-size": directive(memory(0, LONG_MAX), 64 * 1024 ** 2),
  "aof-load-truncated": directive(yesNo, true),
  "aof-use-rdb-preamble": directive(yesNo, true),
  "aof-timestamp-enabled": directive(yesNo, false),
  "aof-rewrite-incremental-fsync": directive(yesNo, true),
  "aof-disable-auto-gc": directive(yesNo, false, { hidden: true }),
};
