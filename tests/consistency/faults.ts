/** Faults: connections that do to a right server's replies what a wrong server would, for the canaries that show that it is noticed. */

import type { Argument } from "../client.ts";
import type { Reply } from "../reply.ts";
import type { Link } from "./history.ts";

type Commands = readonly (readonly Argument[])[];

/** What a faulty connection does instead of asking `link`; undefined where it does nothing wrong. */
type Fault = (link: Link, commands: Commands) => Promise<Reply[]> | undefined;

function faulty(fault: Fault): (link: Link) => Link {
  return (link) => ({
    pipeline: (commands) => fault(link, commands) ?? link.pipeline(commands),
    close: () => link.close(),
  });
}

/** Every tenth time that `condition` holds. */
function now(every: number, condition: (commands: Commands) => boolean): (commands: Commands) => boolean {
  let count = 0;
  return (commands) => condition(commands) && ++count % every === 0;
}

/** A function that makes connections faulty; one for all connections of a run. */
export const FAULTS: Record<string, () => (link: Link) => Link> = {
  /** MGET is answered with what it was answered a while ago. */
  "stale reads": () => {
    const older: Reply[][] = [];
    return faulty((link, commands) => {
      if (commands[0][0] !== "MGET") return undefined;
      return link.pipeline(commands).then((replies) => {
        older.push(replies);
        return older.length > 6 && older.length % 4 === 0 ? older[older.length - 6] : replies;
      });
    });
  },
  /** An append is acknowledged and forgotten. */
  "lost appends": () => {
    const strikes = now(20, (commands) => commands[0][0] === "RPUSH");
    return faulty((_link, commands) => strikes(commands) ? Promise.resolve([{ type: "int", text: "1" }]) : undefined);
  },
  /** A transaction runs as commands of their own, with others in between. */
  "torn transactions": () =>
    faulty((link, commands) => {
      if (commands[0][0] !== "MULTI") return undefined;
      return (async () => {
        const items: Reply[] = [];
        for (const command of commands.slice(1, -1)) items.push(...await link.pipeline([command]));
        return [{ type: "array", items }];
      })();
    }),
  /** An append is made twice, as by a client that was told to try again. */
  "doubled appends": () => {
    const strikes = now(20, (commands) => commands[0][0] === "RPUSH");
    return faulty((link, commands) => strikes(commands) ? link.pipeline([...commands, ...commands]) : undefined);
  },
  /** What is sent in one go runs in one go: who waits is served behind all of it. */
  "late servings": () =>
    faulty((link, commands) => {
      if (commands.length === 1 || commands[0][0] === "MULTI") return undefined;
      return link.pipeline([["MULTI"], ...commands, ["EXEC"]]).then((replies) => {
        const all = replies.at(-1)!;
        return all.type === "array" ? [...all.items] : [all];
      });
    }),
  /** A write is acknowledged first and made some events later. */
  "late writes": () => {
    const strikes = now(
      8,
      (commands) => ["SET", "RPUSH", "MSET"].includes(String(commands[0][0])) && commands.length === 1,
    );
    return faulty((link, commands) => {
      if (!strikes(commands)) return undefined;
      setTimeout(() => link.pipeline(commands).catch(() => {}), 5);
      return Promise.resolve([
        commands[0][0] === "RPUSH" ? { type: "int", text: "1" } : { type: "simple", text: "OK" },
      ]);
    });
  },
};
