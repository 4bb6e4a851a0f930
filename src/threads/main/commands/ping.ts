/** PING: answers, to show that the server and the connection live. */
import { wrongArity } from "../../../base/reply_error.ts";
import type { MainCommand, MainContext } from "../main_command.ts";

export const ping: MainCommand = {
  name: "ping",
  arity: -1,
  flags: ["fast"],
  group: "connection",
  since: "1.0.0",
  summary: "Answers PONG, or the message given.",
  complexity: "O(1)",
  syntax: "[message]",
  tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
  main({ args, reply, session }: MainContext): void {
    if (args.argc > 2) throw wrongArity("ping");
    if (session.subscriptions !== undefined && !session.resp3) {
      reply.array(2);
      reply.bulkText("pong");
      if (args.argc === 1) reply.bulkText("");
      else reply.bulk(args.buf, args.at[1], args.len[1]);
      return;
    }
    if (args.argc === 1) reply.simple("PONG");
    else reply.bulk(args.buf, args.at[1], args.len[1]);
  },
};
