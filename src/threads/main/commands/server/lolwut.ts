/** LOLWUT: a drawing of Ringshard's own: a ring of slots, cut into shards, in plain characters. */
import type { MainCommand, MainContext } from "../../main_command.ts";
import { REDIS_VERSION } from "../../../../base/version.ts";
import { RINGSHARD_VERSION } from "../../../../base/ringshard_version.ts";

const DEFAULT_COLUMNS = 66;
const MAX_COLUMNS = 200;
/** A character cell is about twice as high as wide. */
const CELL_ASPECT = 2;
const INNER_SHARE = 0.55;
const SHADES = "@%#*+=-:";

export const lolwut: MainCommand = {
  name: "lolwut",
  arity: -1,
  flags: ["readonly", "fast"],
  group: "server",
  since: "5.0.0",
  summary: "Draws something, and tells the version.",
  complexity: "",
  syntax: "[VERSION version]",
  main({ server, args, reply }: MainContext): void {
    // The numbers behind VERSION vary the drawing: its width, and how many shards it shows.
    const first = args.argc > 2 && args.is(1, "version") ? 3 : 1;
    const columns = args.argc > first ? Math.min(Math.max(args.int(first), 8), MAX_COLUMNS) : DEFAULT_COLUMNS;
    const shards = args.argc > first + 1
      ? Math.min(Math.max(args.int(first + 1), 1), SHADES.length)
      : Math.min(Math.max(server.shards.threads, 3), SHADES.length);
    reply.verbatim(
      "txt",
      `${draw(columns, shards)}\nRingshard ver. ${RINGSHARD_VERSION}, speaks Redis ver. ${REDIS_VERSION}\n`,
    );
  },
};

function draw(columns: number, shards: number): string {
  const rows = Math.max(1, Math.round(columns / 2 / CELL_ASPECT));
  const radius = columns / 4;
  let text = "";
  for (let row = 0; row < rows; row++) {
    let line = "";
    for (let column = 0; column < columns; column++) {
      const x = column - columns / 2 + 0.5;
      const y = (row - rows / 2 + 0.5) * CELL_ASPECT;
      const distance = Math.hypot(x, y) / radius;
      const turn = (Math.atan2(y, x) / (2 * Math.PI) + 1) % 1;
      const shard = Math.floor(turn * shards);
      const gap =
        Math.abs(turn * shards - Math.round(turn * shards)) * ((2 * Math.PI) / shards) * distance * radius < 0.8;
      line += distance > 1 || distance < INNER_SHARE || (gap && shards > 1) ? " " : SHADES[shard];
    }
    text += line.trimEnd() + "\n";
  }
  return text;
}
