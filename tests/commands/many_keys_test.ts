/** Commands with more keys than are looked up together: each key is itself, one by one or in a crowd. */
import { assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { World } from "../journal.ts";

const KEYS = Array.from({ length: 150 }, (_, i) => `key:${i}`);

for (const shards of [1, 3]) {
  test(`many keys: what one command did the next ones find, ${shards} shard(s)`, () => {
    const world = new World({ shards });
    const number = (...args: string[]) => {
      const reply = world.run(args);
      return reply.type === "int" ? Number(reply.text) : NaN;
    };
    const value = (key: string) => {
      const reply = world.run(["GET", key]);
      return reply.type === "bulk" ? reply.text : reply.type;
    };
    // Enough others that the table is large.
    for (let i = 0; i < 3000; i++) world.run(["SET", `other:${i}`, "x"]);
    for (const few of [1, 2, 3, 32, 33, 64, 150]) {
      const [keys, rest] = [KEYS.slice(0, few), KEYS.slice(few)];
      world.run(["MSET", ...keys.flatMap((key) => [key, `${few} of ${key}`])]);
      for (const key of keys) assertEquals(value(key), `${few} of ${key}`);
      if (shards === 1) {
        for (const name of ["EXISTS", "TOUCH"]) assertEquals(number(name, ...KEYS.toReversed(), keys[0]!), few + 1);
        const reply = world.run(["MGET", ...rest, ...keys]);
        const texts = "items" in reply ? reply.items.map((item) => item.type === "bulk" ? item.text : "") : [];
        assertEquals(texts, [...rest.map(() => ""), ...keys.map((key) => `${few} of ${key}`)]);
        assertEquals(number("DEL", ...rest, ...keys, ...keys), few);
      } else world.run(["UNLINK", ...keys]);
      for (const key of keys) assertEquals(number("EXISTS", key), 0);
    }
    assertEquals(world.keys().length, 3000);
  });
}
