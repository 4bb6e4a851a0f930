/** What a background save costs those who are served meanwhile: five million keys, full load, one save after the other. */
import { Connection } from "../connection.ts";
import { InfoReader } from "../info.ts";
import { chosen, type Part, scaled } from "../part.ts";
import { peakResidentBytes, resetPeak } from "../process_stat.ts";
import { type Load, runTail } from "../redis_benchmark.ts";
import { type RunningServer, withServer } from "../servers.ts";
import { fill, warmUp } from "./strings.ts";

const KEYS = 5_000_000;
const VALUE_BYTES = 32;

/** At least some ten seconds on a 2-core machine: several saves. */
const LOADS = [
  { test: "GET", pipeline: 1, requests: 500_000 },
  { test: "SET", pipeline: 16, requests: 5_000_000 },
] as const;

/** Before each load a server is warmed up by this part of it, while it saves. */
const WARM_UP_PART = 4;

/** Seldom enough: on two cores every look takes time from the server or from who measures it. */
const POLL_MS = 50;

export const saving: Part = {
  name: "saving",
  title: "Background saves under load",
  note:
    "redis-benchmark -c 50 over 5M keys with values of 32 bytes, without a save and while one BGSAVE follows another, " +
    "behind a warm-up of a quarter as many requests during a save. " +
    "'one save' is the mean time of a save under the load, beside it the blocking SAVE of the same data; " +
    "'peak memory' the largest resident memory during the saves over that before them (Redis: with what its child copied).",
  runsByDefault: false,
  rounds: 1,
  run: (name, settings, report) =>
    withServer(name, settings.port, async (server) => {
      await warmUp(server, settings);
      const keys = scaled(settings, KEYS, 100_000);
      await fill(server, keys, VALUE_BYTES);
      const connection = await Connection.connect(server.port);
      const start = performance.now();
      await connection.command("SAVE");
      const seconds = (performance.now() - start) / 1000;
      report({ part: "saving", test: "blocking SAVE", server: name, values: { seconds } });
      for (const { test, pipeline, requests } of LOADS) {
        if (!chosen(settings, test)) continue;
        const load = {
          test: test.toLowerCase(),
          requests: scaled(settings, requests),
          pipeline,
          valueBytes: VALUE_BYTES,
          keys,
        };
        const common = { part: "saving", server: name, pipeline, valueBytes: VALUE_BYTES };
        await runSaving(server, { ...load, requests: Math.ceil(load.requests / WARM_UP_PART) });
        report({ ...common, test: `${test}, no save`, values: await runTail(server, load) });
        const before = resetPeak(server.pid);
        const { values, seconds, cowBytes } = await runSaving(server, load);
        report({ ...common, test: `${test}, saving`, values });
        report({ ...common, test: `${test}, one save`, values: { seconds } });
        const peak = (peakResidentBytes(server.pid) + cowBytes) / before;
        report({ ...common, test: `${test}, peak memory`, values: { times: peak } });
      }
      connection.close();
    }),
};

/** A load's latencies while a server saves again and again; mean seconds of a save, and the most that a child has copied. */
async function runSaving(
  server: RunningServer,
  load: Load,
): Promise<{ values: Record<string, number>; seconds: number; cowBytes: number }> {
  const saver = new Saver(server);
  const values = await runTail(server, load);
  return { values, ...await saver.stop() };
}

/** Lets a server save again and again. */
class Saver {
  private stopping = false;
  private readonly saved: Promise<{ seconds: number; cowBytes: number }>;

  constructor(private readonly server: RunningServer) {
    this.saved = this.save();
  }

  /** Ends with the save under way. Mean seconds of a save, and the most that a child has copied. */
  stop(): Promise<{ seconds: number; cowBytes: number }> {
    this.stopping = true;
    return this.saved;
  }

  private async save(): Promise<{ seconds: number; cowBytes: number }> {
    const connection = await Connection.connect(this.server.port);
    const info = await InfoReader.connect(this.server.port);
    let saves = 0, totalMs = 0, cowBytes = 0;
    while (!this.stopping) {
      const start = performance.now();
      await connection.command("BGSAVE");
      let fields;
      do {
        await new Promise((wake) => setTimeout(wake, POLL_MS));
        fields = await info.read("persistence");
      } while (fields.rdb_bgsave_in_progress !== "0");
      const { rdb_last_bgsave_status: status, rdb_last_cow_size: cow = "0" } = fields;
      if (status !== "ok") throw new Error(`${this.server.name}: a background save ended with ${status}`);
      totalMs += performance.now() - start;
      saves++;
      cowBytes = Math.max(cowBytes, Number(cow));
    }
    connection.close();
    info.close();
    return { seconds: totalMs / saves / 1000, cowBytes };
  }
}
