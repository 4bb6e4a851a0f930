/** The text of coordinates against the exact way through BigInt. */
import { assertEquals } from "@std/assert";
import { formatHumanDouble } from "../../src/base/long_doubles.ts";
import { latin1Text } from "../../src/base/bytes.ts";
import { writeCoordinate } from "../../src/commands/geo/coordinate.ts";
import { seededRandom } from "../engine.ts";
import { test } from "../harness.ts";

test("geo: coordinates are printed as exactly as through BigInt", () => {
  const out = new Uint8Array(64);
  const text = (value: number) => latin1Text(out, 0, writeCoordinate(out, 0, value));
  const random = seededRandom(3);
  const values = [
    0,
    -0,
    1,
    -1,
    180,
    -180,
    85.05112878,
    0.5,
    -0.1,
    1 + 2 ** -18,
    1 + 3 * 2 ** -18,
    2 ** -40,
    99.99999999999999,
    1e-300,
  ];
  for (let i = 0; i < 5000; i++) {
    values.push((random() - 0.5) * 360, (random() - 0.5) * 2 ** -Math.floor(random() * 60));
    values.push(Math.floor(random() * 2 ** 20) / 2 ** 18 - 2);
  }
  for (const value of values) assertEquals(text(value), formatHumanDouble(value));
});
