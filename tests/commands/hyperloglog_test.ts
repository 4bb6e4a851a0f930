/** HyperLogLogs that came as strings, in entries with room to spare. */
import { assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { World } from "../journal.ts";

function bytesOf(world: World, key: string): string {
  const reply = world.run(["GET", key]);
  return reply.type === "bulk" ? reply.text : reply.type;
}

test("hyperloglog: one put together by APPEND grows as any other", () => {
  const world = new World();
  for (let elements = 1; elements <= 120; elements++) {
    world.run(["PFADD", "made", `e${elements}`]);
    const bytes = bytesOf(world, "made");
    world.run(["DEL", "whole", "grown"]);
    world.run(["SET", "whole", bytes]);
    world.run(["APPEND", "grown", bytes.slice(0, 10)]);
    world.run(["APPEND", "grown", bytes.slice(10)]);
    for (let more = 0; more < 3; more++) {
      for (const key of ["whole", "grown"]) world.run(["PFADD", key, `f${elements}.${more}`]);
      assertEquals(
        bytesOf(world, "grown") === bytesOf(world, "whole"),
        true,
        `${elements} elements and ${more + 1} more`,
      );
    }
  }
});
