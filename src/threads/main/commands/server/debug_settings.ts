/** DEBUG SET-ACTIVE-EXPIRE, QUICKLIST-PACKED-THRESHOLD, SET-SKIP-CHECKSUM-VALIDATION: settings for tests, which no directive has. */
import { ReplyError } from "../../../../base/reply_error.ts";
import { parseMemory } from "../../../../config/numbers.ts";
import type { MainCommand, MainContext } from "../../main_command.ts";

/** Redis's bound: a listpack's total must stay below 4 GiB. */
const MAX_PACKED_THRESHOLD = 2n ** 32n - 2n ** 20n;

const BAD_THRESHOLD = new ReplyError("ERR argument must be a memory value bigger than 1 and smaller than 4gb");

const facts = {
  flags: ["admin", "noscript", "loading", "stale"],
  group: "server",
  since: "1.0.0",
  arity: 3,
  complexity: "O(1)",
  docFlags: ["syscmd"],
} as const;

const setActiveExpire: MainCommand = {
  name: "set-active-expire",
  ...facts,
  summary: "Turns the search for expired keys off and on.",
  syntax: "on:integer",
  main({ server, args, reply }: MainContext): void {
    server.effects.setActiveExpiry(!args.is(2, "0"));
    reply.ok();
  },
};

const quicklistPackedThreshold: MainCommand = {
  name: "quicklist-packed-threshold",
  ...facts,
  summary: "Gives long lists' elements of a size and more nodes of their own; 0 leaves that to list-max-listpack-size.",
  syntax: "size",
  main({ server, args, reply }: MainContext): void {
    const size = parseMemory(args.text(2));
    if (size === undefined || size > MAX_PACKED_THRESHOLD) throw BAD_THRESHOLD;
    server.effects.setPlainFrom(Number(size));
    reply.ok();
  },
};

const setSkipChecksumValidation: MainCommand = {
  name: "set-skip-checksum-validation",
  ...facts,
  summary: "Lets RESTORE and the loading of RDB files not look at checksums, or look again.",
  syntax: "on:integer",
  main({ server, args, reply }: MainContext): void {
    server.effects.skipsChecksums = !args.is(2, "0");
    reply.ok();
  },
};

export const debugSettings: readonly MainCommand[] = [
  quicklistPackedThreshold,
  setActiveExpire,
  setSkipChecksumValidation,
];
