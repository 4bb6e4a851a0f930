/** The log's line format and levels. */

import { assertEquals } from "@std/assert";
import { Log } from "../../src/base/log.ts";
import { test } from "../harness.ts";

test("log: Redis's line format", () => {
  const lines: string[] = [];
  const log = new Log(7312, () => new Date(2026, 10, 2, 20, 9, 4, 18).getTime(), (line) => lines.push(line));
  log.notice("Ready to accept connections tcp");
  log.role = "S";
  log.warning("disk full");
  assertEquals(lines, [
    "7312:M 02 Nov 2026 20:09:04.018 * Ready to accept connections tcp\n",
    "7312:S 02 Nov 2026 20:09:04.018 # disk full\n",
  ]);
});

test("log: levels", () => {
  let marks = "";
  const log = new Log(1, () => 0, (line) => marks += line.split(" ")[5]);
  for (const level of ["debug", "verbose", "notice", "warning", "nothing"] as const) {
    log.level = level;
    log.debug("x");
    log.verbose("x");
    log.notice("x");
    log.warning("x");
    marks += " ";
  }
  assertEquals(marks, ".-*# -*# *# #  ");
});
