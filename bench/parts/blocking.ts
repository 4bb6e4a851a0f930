/** BLPOP as a messenger: pairs of clients that wake each other, and a thousand that wait while one pair works. */
import { Connection } from "../connection.ts";
import { type Part, scaled } from "../part.ts";
import { withServer } from "../servers.ts";
import { warmUp } from "./strings.ts";

const ROUND_TRIPS = 20_000;
const WAITING = 1000;
/** Round trips of a pair before it is measured. */
const UNMEASURED = 200;

export const blocking: Part = {
  name: "blocking",
  title: "Blocking pops",
  note: "A round trip is a push that wakes a client in BLPOP and that client's push which wakes the first; " +
    "1 pair, 20 pairs, and 1 pair while 1,000 other clients wait for keys of their own.",
  runsByDefault: false,
  rounds: 3,
  run: (name, settings, report) =>
    withServer(name, settings.port, async (server) => {
      await warmUp(server, settings);
      for (const [pairs, waiting] of [[1, 0], [20, 0], [1, WAITING]]) {
        const waiters: Connection[] = [];
        for (let i = 0; i < waiting; i++) {
          const waiter = await Connection.connect(server.port, 256);
          waiter.command("BLPOP", `idle:${i}`, 0).catch(() => {}); // ends with the connection
          waiters.push(waiter);
        }
        const trips = scaled(settings, ROUND_TRIPS / pairs, 500);
        const start = performance.now();
        const times = await Promise.all(Array.from({ length: pairs }, (_, i) => pingPong(server.port, i, trips)));
        const seconds = (performance.now() - start) / 1000;
        const sorted = times.flat().sort((a, b) => a - b);
        const test = `${pairs} ${pairs === 1 ? "pair" : "pairs"}${waiting === 0 ? "" : `, ${waiting} clients wait`}`;
        report({
          part: "blocking",
          test,
          server: name,
          values: {
            p50Ms: sorted[sorted.length >> 1],
            p99Ms: sorted[Math.floor(sorted.length * 0.99)],
            requestsPerSecond: (pairs * (trips + UNMEASURED) * 4) / seconds,
          },
        });
        for (const waiter of waiters) waiter.close();
      }
    }),
};

/** One pair's round trips; resolves to their times in ms. */
async function pingPong(port: number, pair: number, trips: number): Promise<number[]> {
  const [ping, pong] = [`ping:${pair}`, `pong:${pair}`];
  const first = await Connection.connect(port, 256);
  const second = await Connection.connect(port, 256);
  const times: number[] = [];
  const answering = (async () => {
    for (let n = 0; n < UNMEASURED + trips; n++) {
      await second.command("BLPOP", ping, 0);
      await second.command("RPUSH", pong, "x");
    }
  })();
  for (let n = 0; n < UNMEASURED + trips; n++) {
    const start = performance.now();
    await first.command("RPUSH", ping, "x");
    await first.command("BLPOP", pong, 0);
    if (n >= UNMEASURED) times.push(performance.now() - start);
  }
  await answering;
  first.close();
  second.close();
  return times;
}
