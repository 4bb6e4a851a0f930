/** Glob matching: the answers of redis-server 7.0.15 (KEYS, CONFIG GET) as fixed expectations, and its running time. */

import { assert, assertEquals } from "@std/assert";
import { latin1Bytes } from "../../src/base/bytes.ts";
import { globMatch, globMatchText } from "../../src/base/glob.ts";
import { test } from "../harness.ts";

function match(pattern: string, subject: string, noCase = false): boolean {
  const p = latin1Bytes("<<" + pattern + ">");
  const s = latin1Bytes("<" + subject + ">>");
  return globMatch(p, 2, p.length - 1, s, 1, s.length - 2, noCase);
}

const MATCHES: [pattern: string, subject: string][] = [
  ["*", "anything"],
  ["h?llo", "hallo"],
  ["h*llo", "hllo"],
  ["h*llo", "heeeello"],
  ["h[ae]llo", "hello"],
  ["h[^e]llo", "hallo"],
  ["h[a-b]llo", "hbllo"],
  ["h[b-a]llo", "hallo"],
  ["a\\*b", "a*b"],
  ["a\\", "a\\"],
  ["[\\]]", "]"],
  ["[abc", "b"],
  ["[^", "a"],
  ["[a-", "-"],
  ["a[^", "ab"],
  ["*?*?*", "ab"],
  ["a*b*c", "aXbXbXc"],
  ["**a**", "bab"],
  ["abc***", "abc"],
  ["", ""],
  ["[\x80-\xff]", "\x90"],
];

const MISSES: [pattern: string, subject: string][] = [
  ["*", ""],
  ["", "a"],
  ["h?llo", "hllo"],
  ["h[^e]llo", "hello"],
  ["h[ae]llo", "hillo"],
  ["a[", "ab"],
  ["[", "["],
  ["a*b", "abc"],
  ["*?*?*", "a"],
  ["abc?", "abc"],
  ["A", "a"],
  ["[\x01-\xff]", "a"],
];

test("glob: what redis-server matches", () => {
  for (const [pattern, subject] of MATCHES) assert(match(pattern, subject), `${pattern} should match ${subject}`);
});

test("glob: what redis-server does not match", () => {
  for (const [pattern, subject] of MISSES) assert(!match(pattern, subject), `${pattern} should not match ${subject}`);
});

test("glob: without case", () => {
  assert(match("MaX*[A-Z]", "maxmemory", true));
  assert(match("[x]", "X", true));
  assert(!match("[\\x]", "X", true), "an escaped byte of a class keeps its case, as in Redis");
  assert(globMatchText("*MEMORY", "maxmemory"));
});

test("glob: agrees with a backtracking model on random texts", () => {
  const letters = ["a", "b", "*", "?", "\\"];
  let seed = 1;
  const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
  const model = (p: string, s: string): boolean => {
    if (p === "") return s === "";
    if (p[0] === "*") return model(p.slice(1), s) || (s !== "" && model(p, s.slice(1)));
    if (s === "") return false;
    if (p[0] === "?") return model(p.slice(1), s.slice(1));
    if (p[0] === "\\" && p.length > 1) p = p.slice(1);
    return p[0] === s[0] && model(p.slice(1), s.slice(1));
  };
  for (let i = 0; i < 5000; i++) {
    let [pattern, subject] = ["", ""];
    for (let n = random(8); n > 0; n--) pattern += letters[random(letters.length)];
    for (let n = 1 + random(7); n > 0; n--) subject += letters[random(2)];
    assertEquals(match(pattern, subject), model(pattern, subject), `${pattern} on ${subject}`);
  }
});

test("glob: a pattern made to explode stays cheap", () => {
  const started = performance.now();
  assert(!match("a*".repeat(500) + "b", "a".repeat(20000)));
  assert(performance.now() - started < 2000);
});
