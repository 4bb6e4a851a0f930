/** The main thread's commands: their table entries. */
import type { MainCommand } from "../main_command.ts";
import { auth } from "./auth.ts";
import { client } from "./client.ts";
import { echo } from "./echo.ts";
import { hello } from "./hello.ts";
import { monitor } from "./monitor.ts";
import { ping } from "./ping.ts";
import { pubsubCommands } from "./pubsub.ts";
import { quit, reset } from "./quit.ts";
import { select } from "./select.ts";
import { serverCommands } from "./server/mod.ts";
import { transactionCommands } from "./transactions.ts";
import { wait, waitAof } from "./wait.ts";

export const mainCommands: readonly MainCommand[] = [
  auth,
  client,
  echo,
  hello,
  monitor,
  ping,
  quit,
  reset,
  select,
  wait,
  waitAof,
  ...pubsubCommands,
  ...serverCommands,
  ...transactionCommands,
];
