/** HELP of a container command: the lines that each subcommand has to say, between Redis's first and last ones. */
import type { Reply } from "../codec/resp/reply.ts";

/** Writes the reply; `name` in capitals. Two lines or more for a subcommand: its arguments, then indented by four what it does. */
export function writeHelp(reply: Reply, name: string, lines: readonly string[]): void {
  reply.array(lines.length + 3);
  reply.simple(`${name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`);
  for (const line of lines) reply.simple(line);
  reply.simple("HELP");
  reply.simple("    Prints this help.");
}
