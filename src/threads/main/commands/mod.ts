/** The main thread's commands: their table entries. */
import type { MainCommand } from "../main_command.ts";
import { ping } from "./ping.ts";

export const mainCommands: readonly MainCommand[] = [ping];
