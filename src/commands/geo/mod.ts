/** The geo family: its table entries. */
import type { ShardCommand } from "../command.ts";
import { geoadd } from "./add.ts";
import { geodist, geohash, geopos } from "./position.ts";
import { georadius, georadiusbymember, georadiusbymemberRo, georadiusRo, geosearch, geosearchstore } from "./search.ts";

export const geoCommands: readonly ShardCommand[] = [
  geoadd,
  geopos,
  geohash,
  geodist,
  geosearch,
  geosearchstore,
  georadius,
  georadiusRo,
  georadiusbymember,
  georadiusbymemberRo,
];
