/** PUBLISH to many subscribers of one channel. */
import { Connection, request } from "../connection.ts";
import { chosen, type Part, scaled } from "../part.ts";
import { cpuTime } from "../process_stat.ts";
import { withServer } from "../servers.ts";

const DELIVERIES = 2_000_000;
const MESSAGE = "m".repeat(32);
/** What a subscriber reads at a time. */
const INPUT_BYTES = 1 << 14;

export const pubsub: Part = {
  name: "pubsub",
  title: "Publish and subscribe",
  note:
    "One publisher sends messages of 32 bytes, alone or 16 at a time, to 50 and 1,000 subscribers of its channel; requests/s are " +
    "messages published a second, until the last subscriber has the last one; µs are the server's processor time for a message " +
    "delivered to one subscriber. The load generator takes the other core and is slower than the servers with few messages at a time.",
  runsByDefault: false,
  rounds: 3,
  run: (name, settings, report) =>
    withServer(name, settings.port, async (server) => {
      for (const count of [50, 1000]) {
        const test = `${count} subscribers`;
        if (!chosen(settings, test)) continue;
        const subscribers: Connection[] = [];
        for (let i = 0; i < count; i++) {
          const subscriber = await Connection.connect(server.port, INPUT_BYTES);
          await subscriber.command("SUBSCRIBE", "news");
          subscribers.push(subscriber);
        }
        const publisher = await Connection.connect(server.port);
        for (const pipeline of settings.pipelines.filter((depth) => depth <= 16)) {
          const deliver = async (messages: number) => {
            const all = subscribers.map((each) => each.exchange(new Uint8Array(0), messages));
            await publisher.pipeline(messages, pipeline, () => request("PUBLISH", "news", MESSAGE));
            await Promise.all(all);
          };
          const messages = scaled(settings, DELIVERIES / count, 100);
          await deliver(Math.ceil(messages / 10));
          const before = cpuTime(server.pid);
          const start = performance.now();
          await deliver(messages);
          const seconds = (performance.now() - start) / 1000;
          const after = cpuTime(server.pid);
          const micros = after.userMicros + after.systemMicros - before.userMicros - before.systemMicros;
          report({
            part: "pubsub",
            test,
            server: name,
            pipeline,
            values: { requestsPerSecond: messages / seconds, microsEach: micros / (messages * count) },
          });
        }
        for (const each of [publisher, ...subscribers]) each.close();
      }
    }),
};
