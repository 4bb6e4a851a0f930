/** Every part of the benchmark, in the order of its report. */
import type { Part, SideBySidePart } from "../part.ts";
import { aof } from "./aof.ts";
import { blocking } from "./blocking.ts";
import { deletion } from "./deletion.ts";
import { heavy } from "./heavy.ts";
import { idle } from "./idle.ts";
import { loading } from "./loading.ts";
import { many } from "./many.ts";
import { members } from "./members.ts";
import { memory } from "./memory.ts";
import { pubsub } from "./pubsub.ts";
import { saving } from "./saving.ts";
import { strings } from "./strings.ts";
import { tail } from "./tail.ts";
import { transactions } from "./transactions.ts";
import { types } from "./types.ts";

export const PARTS: readonly (Part | SideBySidePart)[] = [
  strings,
  memory,
  types,
  heavy,
  members,
  deletion,
  idle,
  many,
  blocking,
  pubsub,
  transactions,
  tail,
  aof,
  saving,
  loading,
];
