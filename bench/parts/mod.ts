/** Every part of the benchmark, in the order of its report. */
import type { Part } from "../part.ts";
import { memory } from "./memory.ts";
import { strings } from "./strings.ts";

export const PARTS: readonly Part[] = [strings, memory];
