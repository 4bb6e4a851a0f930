/** MainCommand: a command that the main thread runs itself: connections, server, administration. */
import type { Reply } from "../../codec/resp/reply.ts";
import type { Call } from "../../commands/call.ts";
import type { Arguments, CommandFacts } from "../../commands/command.ts";
import type { Server } from "./server.ts";
import type { Session } from "./session.ts";

/** What a main command sees while it runs; one object serves all. */
export interface MainContext {
  readonly server: Server;
  session: Session;
  /** The arguments (and nothing of the keyspace: `args.store` is not main's to touch with shards). */
  readonly args: Call;
  readonly reply: Reply;
  /** Name as the client is told: "get", "client|list". */
  command: string;
  /** True in a transaction: what can't be answered at once is refused. */
  queued: boolean;
}

export interface MainCommand extends CommandFacts {
  /** Throws ReplyError for the client's mistakes. */
  readonly main?: (context: MainContext) => void;
  /** True when its reply is what the client listens for: CLIENT REPLY does not keep it back. */
  readonly confirms?: boolean;
  /** True for an argument that MONITOR must not show. */
  readonly secret?: (args: Arguments, i: number) => boolean;
  readonly subcommands?: readonly MainCommand[];
}
