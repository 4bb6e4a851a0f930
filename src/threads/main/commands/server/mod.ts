/** The server's commands: their table entries. */
import type { MainCommand } from "../../main_command.ts";
import { command } from "./command.ts";
import { config } from "./config.ts";
import { debug } from "./debug.ts";
import { info } from "./info.ts";
import { latency } from "./latency.ts";
import { lolwut } from "./lolwut.ts";
import { memory } from "./memory.ts";
import { role } from "./role.ts";
import { bgrewriteaof } from "./bgrewriteaof.ts";
import { bgsave, lastsave, save } from "./save.ts";
import { shutdown } from "./shutdown.ts";
import { slowlog } from "./slowlog.ts";
import { time } from "./time.ts";

export const serverCommands: readonly MainCommand[] = [
  bgrewriteaof,
  bgsave,
  command,
  config,
  debug,
  info,
  lastsave,
  latency,
  lolwut,
  memory,
  role,
  save,
  shutdown,
  slowlog,
  time,
];
