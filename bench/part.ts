/** What a part of the benchmark is, and the settings it runs under. A part's file knows its tests and nothing of others. */
import type { Measurement } from "./results.ts";
import type { RunningServer } from "./servers.ts";

export interface Settings {
  servers: string[];
  /** Lower-case names of tests to run; empty: all. */
  only: string[];
  pipelines: number[];
  /** 1 for a whole run; a quick run or `--scale` multiplies requests and sizes of collections by less. */
  scale: number;
  quick: boolean;
  port: number;
}

export interface Part {
  name: string;
  title: string;
  /** What the reader of its table must know. */
  note: string;
  /** Runs unless parts are chosen by name. */
  runsByDefault: boolean;
  /** Interleaved rounds in a whole run; 1 where a part repeats inside or measures memory. */
  rounds: number;
  /** Measures one server; refused tests are reported, not measured. */
  run(server: string, settings: Settings, report: Report): Promise<void>;
}

/**
 * A part whose servers run side by side and take turns test by test, as often as `rounds` says: what else happens on the machine in
 * these minutes then meets all of them alike.
 */
export interface SideBySidePart extends Omit<Part, "run"> {
  /** Makes a running server ready; returns its tests, which are the same for all servers of a group. */
  prepare(server: RunningServer, settings: Settings): Promise<Turn[]>;
}

/** One test on one server; called once a round. Rejects where the server refuses it. */
export interface Turn {
  test: string;
  take(): Promise<Measurement>;
}

export type Report = (m: Measurement) => void;

/** Is this test chosen? */
export function chosen(settings: Settings, test: string): boolean {
  return settings.only.length === 0 || settings.only.includes(test.toLowerCase());
}

/** A size multiplied by the scale, at least `least`. */
export function scaled(settings: Settings, size: number, least = 1000): number {
  return Math.max(Math.min(least, size), Math.round(size * settings.scale));
}

/** Says on standard error that a test can't be measured, and why. */
export function reportRefusal(server: string, test: string, error: unknown): void {
  console.error(`\r\x1b[K${server}: ${test}: ${error instanceof Error ? error.message : error}`);
}
