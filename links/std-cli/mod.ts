/**
 * Stand-in for `@std/cli` over `node:util`'s parseArgs: the same names and signatures, only what Ringshard uses.
 * Deleting `links` from deno.json switches to the published package.
 */

import { parseArgs as parse } from "node:util";

/** The options of the published parseArgs that Ringshard uses. */
export interface ParseOptions {
  /** Names that take no value. */
  boolean?: readonly string[];
  /** Names whose value stays a string. */
  string?: readonly string[];
  /** Of the string names, those that may be repeated and always give an array. */
  collect?: readonly string[];
  /** Short name by long name. */
  alias?: Record<string, string>;
  /** Value where the name is absent. */
  default?: Record<string, unknown>;
}

/** Reads `--name value`, `--name=value` and `-n value`; what is not an option ends up in `_`. */
// deno-lint-ignore no-explicit-any
export function parseArgs(args: readonly string[], options: ParseOptions = {}): Record<string, any> & { _: string[] } {
  const config: Record<string, { type: "boolean" | "string"; short?: string; multiple?: boolean }> = {};
  for (const name of options.boolean ?? []) config[name] = { type: "boolean" };
  for (const name of options.string ?? []) {
    config[name] = { type: "string", multiple: options.collect?.includes(name) === true };
  }
  for (const [name, short] of Object.entries(options.alias ?? {})) {
    if (config[name] !== undefined) config[name].short = short;
  }
  const found = parse({ args: [...args], options: config, strict: false, allowPositionals: true });
  const values: Record<string, unknown> = {};
  for (const name of options.boolean ?? []) values[name] = false;
  for (const name of options.collect ?? []) values[name] = [];
  return { ...values, ...options.default, ...found.values, _: found.positionals };
}
