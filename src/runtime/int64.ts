/**
 * What the runtime's compiler makes of 64-bit integers in a DataView. Imports nothing but `host.ts`, so that `base/` may ask.
 *
 * V8 reads one and writes it elsewhere in a register: half the time of 32-bit steps. JavaScriptCore makes a BigInt of each, which
 * takes twice their time (bench/micro/copy.ts).
 */
import { isDeno } from "./host.ts";

/** True where 64-bit steps through a DataView are the fastest. */
export const INT64_IN_REGISTERS: boolean = isDeno;
