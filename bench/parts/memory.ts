/** Resident memory for each key: a million keys of 16 bytes with values of 32 bytes, without and with expiry. */
import { Connection, request } from "../connection.ts";
import { chosen, type Part, scaled } from "../part.ts";
import { settledResidentBytes } from "../process_stat.ts";
import { withServer } from "../servers.ts";
import { warmUp } from "./strings.ts";

const KEYS = 1_000_000;
const VALUE = "v".repeat(32);

/** Far away: nothing expires while it is measured. */
const EXPIRY_SECONDS = 1_000_000;

export const memory: Part = {
  name: "memory",
  title: "Memory for each key",
  note: "1M keys of 16 bytes with values of 32 bytes: growth of resident memory over the warmed-up, empty server.",
  runsByDefault: true,
  rounds: 1,
  async run(name, settings, report) {
    for (const test of settings.quick ? ["key"] : ["key", "key with expiry"]) {
      if (!chosen(settings, test)) continue;
      await withServer(name, settings.port, async (server) => {
        await warmUp(server, settings);
        const before = await settledResidentBytes(server.pid);
        const connection = await Connection.connect(server.port);
        const keys = scaled(settings, KEYS, 100_000);
        const expiry = test === "key" ? [] : ["EX", EXPIRY_SECONDS];
        const make = (i: number) => request("SET", `key:${String(i).padStart(12, "0")}`, VALUE, ...expiry);
        await connection.pipeline(keys, 1000, make);
        const size = await connection.command("DBSIZE");
        if (size !== `:${keys}`) throw new Error(`${name} holds ${size} keys, not ${keys}`);
        connection.close();
        const bytesEach = (await settledResidentBytes(server.pid) - before) / keys;
        report({ part: "memory", test, server: name, values: { bytesEach } });
      });
    }
  },
};
