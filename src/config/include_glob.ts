/** Expands the pattern of an `include` line as glob(3) does: `*`, `?` and `[...]` within the parts of a path. */

import { latin1Bytes } from "../base/bytes.ts";
import { globMatch } from "../base/glob.ts";

/** Whether a path is a pattern, by Redis's rule. */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

/**
 * The paths that match, sorted. `list` gives the names in a folder ("" is the current one), none when it can't be read.
 * Paths are latin-1 texts. As in the shell, a wildcard never matches a leading dot.
 */
export function expandPattern(pattern: string, list: (folder: string) => readonly string[]): string[] {
  let paths = [pattern.startsWith("/") ? "/" : ""];
  const parts = pattern.split("/").filter((part) => part !== "");
  for (const [i, part] of parts.entries()) {
    const rest = i + 1 < parts.length ? "/" : "";
    // A part without wildcards need not be listed, unless it is the last one: then only what exists matches.
    if (!isPattern(part) && rest !== "") {
      paths = paths.map((path) => path + part + rest);
      continue;
    }
    const wanted = latin1Bytes(part.replaceAll("[!", "[^"));
    paths = paths.flatMap((path) => {
      const names = list(path).filter((name) => {
        const bytes = latin1Bytes(name);
        if (name.startsWith(".") && !part.startsWith(".")) return false;
        return globMatch(wanted, 0, wanted.length, bytes, 0, bytes.length, false);
      });
      return names.map((name) => path + name + rest);
    });
  }
  return paths.sort((a, b) => a < b ? -1 : 1);
}
