/** The judge of crashes notices what a server must not do: each case breaks one law in a history that was fine. */
import { assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { HalfDone, History, judge, type State } from "./history.ts";

const EMPTY: State = { strings: new Map(), lists: new Map(), expiries: new Map() };

/** Requests a, b, c of two clients, one after the other; `there` of them survive. */
function after(there: string, change: (history: History) => void = () => {}): string[] {
  const history = new History();
  for (const [name, client] of [["a", 1], ["b", 2], ["c", 1]] as const) {
    const act = history.send(name, client, () => there.includes(name));
    if (name !== "c") history.answer(act);
  }
  change(history);
  return judge(history, EMPTY);
}

test("crash: any prefix is right while nothing is promised", () => {
  for (const there of ["", "a", "ab", "abc"]) assertEquals(after(there), [], there);
});

test("crash: a later request without an earlier one is noticed", () => {
  assertEquals(after("b"), ["a is gone, though it was answered before b was sent, which is there"]);
  assertEquals(after("bc"), [
    "a is gone, though it was answered before c was sent, which is there",
    "c is there, a of the same client is not",
  ]);
});

test("crash: requests under way at once may be there in any order, but for one client's", () => {
  const history = new History();
  const first = history.send("first", 1, () => false);
  const second = history.send("second", 2, () => true);
  history.answer(first);
  history.answer(second);
  assertEquals(judge(history, EMPTY), []);
  history.send("third", 1, () => true);
  assertEquals(judge(history, EMPTY).length, 2);
});

test("crash: what was answered and promised must be there", () => {
  assertEquals(after("ab", (history) => history.promised = Infinity), []);
  assertEquals(after("a", (history) => history.promised = Infinity), ["b was promised to last, and is gone"]);
  assertEquals(after("a", (history) => history.promised = history.acts[1].sent), []);
});

test("crash: half a transaction, and an item in two places, are noticed", () => {
  const history = new History();
  history.send("EXEC", 1, () => {
    throw new HalfDone("1 of its 2 parts are there");
  });
  const lists = new Map([["queue", ["x", "y"]], ["done", ["x"]]]);
  assertEquals(judge(history, { ...EMPTY, lists }), [
    "EXEC: 1 of its 2 parts are there",
    "x is in queue and in done",
  ]);
});
