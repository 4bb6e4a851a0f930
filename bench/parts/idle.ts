/** Resident memory for each of ten thousand idle connections. */
import { Connection } from "../connection.ts";
import { type Part, scaled } from "../part.ts";
import { settledResidentBytes } from "../process_stat.ts";
import { withServer } from "../servers.ts";
import { warmUp } from "./strings.ts";

const CONNECTIONS = 10_000;

/** Connections opened at a time: less than every server's default backlog (511). */
const BATCH = 200;

export const idle: Part = {
  name: "idle",
  title: "Idle connections",
  note: "Growth of the server's resident memory for each of 10,000 connections that sent one PING and then nothing. " +
    "Needs an open-files limit above 10,100 (ulimit -n).",
  runsByDefault: false,
  rounds: 1,
  run: (name, settings, report) =>
    withServer(name, settings.port, async (server) => {
      await warmUp(server, settings);
      const before = await settledResidentBytes(server.pid);
      const count = scaled(settings, CONNECTIONS);
      const connections: Connection[] = [];
      while (connections.length < count) {
        const opened = Array.from(
          { length: Math.min(BATCH, count - connections.length) },
          () => Connection.connect(server.port, SMALL_INPUT_BYTES),
        );
        for (const opening of opened) {
          const connection = await opening;
          await connection.command("PING");
          connections.push(connection);
        }
      }
      const bytesEach = (await settledResidentBytes(server.pid) - before) / count;
      report({ part: "idle", test: `${count} connections`, server: name, values: { bytesEach } });
      for (const connection of connections) connection.close();
    }, ["--maxclients", String(CONNECTIONS + 100)]),
};

/** Ten thousand input buffers of this process should stay small. */
const SMALL_INPUT_BYTES = 256;
