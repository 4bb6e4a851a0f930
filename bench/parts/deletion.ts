/** How long DEL of a collection of a million members keeps another connection waiting. */
import { Connection } from "../connection.ts";
import { chosen, type Part, reportRefusal, scaled } from "../part.ts";
import { median } from "../results.ts";
import { withServer } from "../servers.ts";
import { fill } from "./heavy.ts";
import { COLLECTIONS } from "./members.ts";

const REPETITIONS = 3;

/** Before DEL, so that the connection's own code is warm, and after it, while memory is given back. */
const LEAD_MS = 100, TRAIL_MS = 700;

export const deletion: Part = {
  name: "deletion",
  title: "Deletion of a million members",
  note:
    "The longest wait of a second connection that sends GET after GET of a key in the same shard, from 100 ms before DEL to " +
    "700 ms after its reply; the median of three. 'idle' is the same without DEL: what the machine itself adds.",
  runsByDefault: true,
  rounds: 1,
  run: (name, settings, report) =>
    withServer(name, settings.port, async (server) => {
      const actor = await Connection.connect(server.port);
      const observer = await Connection.connect(server.port);
      await actor.command("SET", "{k}small", "value");
      const idle = { name: "idle", count: 0, head: [], element: () => [] };
      for (const { name: test, count, head, element } of [idle, ...COLLECTIONS]) {
        if (!chosen(settings, test)) continue;
        try {
          const longest: number[] = [];
          for (let i = 0; i < REPETITIONS; i++) {
            if (count > 0) await fill(actor, head, scaled(settings, count), element);
            longest.push(await longestWait(observer, () => actor.command("DEL", "{k}big")));
          }
          report({ part: "deletion", test, server: name, values: { maxMs: median(longest) } });
        } catch (error) {
          reportRefusal(name, test, error);
        }
      }
      actor.close();
      observer.close();
    }),
};

/** The longest GET, in ms, while `act` runs, before it and after it. */
async function longestWait(observer: Connection, act: () => Promise<unknown>): Promise<number> {
  let longest = 0, watching = true;
  const observe = async () => {
    while (watching) {
      const start = performance.now();
      await observer.command("GET", "{k}small");
      longest = Math.max(longest, performance.now() - start);
    }
  };
  const observing = observe();
  await sleep(LEAD_MS);
  await act();
  await sleep(TRAIL_MS);
  watching = false;
  await observing;
  return longest;
}

function sleep(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}
