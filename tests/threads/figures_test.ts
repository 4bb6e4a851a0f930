/** Figures: each has a place of its own. */
import { assertEquals } from "@std/assert";
import { Figure } from "../../src/threads/figures.ts";
import { test } from "../harness.ts";

test("figures: no two share a place", () => {
  const places = Object.values(Figure);
  assertEquals(new Set(places).size, places.length);
});
