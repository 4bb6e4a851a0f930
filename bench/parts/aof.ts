/** What the append-only file costs: SET without it, with a sync a second, and with a sync before each reply. */
import { chosen, type Part, scaled } from "../part.ts";
import { runLoad } from "../redis_benchmark.ts";
import { withServer } from "../servers.ts";
import { warmUp } from "./strings.ts";

const KEYS = 1_000_000;

/** The last --appendonly of a command line counts. Requests: some seconds each on a 2-core machine. */
const POLICIES = [
  { test: "SET, no AOF", only: "none", directives: [], pipeline: 16, requests: 3_000_000 },
  {
    test: "SET, everysec",
    only: "everysec",
    directives: ["--appendonly", "yes", "--appendfsync", "everysec"],
    pipeline: 16,
    requests: 3_000_000,
  },
  {
    test: "SET, always",
    only: "always",
    directives: ["--appendonly", "yes", "--appendfsync", "always"],
    pipeline: 1,
    requests: 400_000,
  },
] as const;

export const aof: Part = {
  name: "aof",
  title: "Append-only file",
  note: "redis-benchmark -c 50 -r 1000000, SET of 32 bytes; each policy in a server of its own, which never rewrites.",
  runsByDefault: false,
  rounds: 3,
  async run(name, settings, report) {
    for (const { test, only, directives, pipeline, requests } of POLICIES) {
      if (!chosen(settings, only)) continue;
      await withServer(name, settings.port, async (server) => {
        await warmUp(server, settings, ["SET"]);
        const load = { test: "set", requests: scaled(settings, requests), pipeline, valueBytes: 32, keys: KEYS };
        report({ part: "aof", test, server: name, pipeline, valueBytes: 32, values: await runLoad(server, load) });
      }, [...directives, "--auto-aof-rewrite-percentage", "0"]);
    }
  },
};
