/**
 * The server's log, in Redis's format, which log shippers and test-suites parse:
 *
 *   PID:ROLE DD Mon YYYY HH:MM:SS.mmm LEVEL message          7312:M 22 Nov 2026 20:39:40.189 * Ready to accept connections
 *
 * Time is local. Where lines go (standard output, a file) is the business of the `write` given.
 */

export type LogLevel = "debug" | "verbose" | "notice" | "warning" | "nothing";

/** M master, S replica, C a background job, X sentinel. */
export type LogRole = "M" | "S" | "C" | "X";

const LEVELS: readonly LogLevel[] = ["debug", "verbose", "notice", "warning", "nothing"];
const MARKS = [".", "-", "*", "#"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

export class Log {
  /** Lines below this level are dropped. */
  level: LogLevel = "notice";
  role: LogRole = "M";

  /** `write` gets whole lines, line feed included. */
  constructor(
    private readonly pid: number,
    private readonly nowMs: () => number,
    private readonly write: (line: string) => void,
  ) {}

  /** Whether lines of this level are written, for callers whose message is costly to make. */
  writes(level: LogLevel): boolean {
    return LEVELS.indexOf(level) >= LEVELS.indexOf(this.level);
  }

  debug(message: string): void {
    this.#line("debug", message);
  }

  verbose(message: string): void {
    this.#line("verbose", message);
  }

  notice(message: string): void {
    this.#line("notice", message);
  }

  warning(message: string): void {
    this.#line("warning", message);
  }

  #line(level: Exclude<LogLevel, "nothing">, message: string): void {
    if (!this.writes(level)) return;
    const at = new Date(this.nowMs());
    const day = `${pad(at.getDate(), 2)} ${MONTHS[at.getMonth()]} ${at.getFullYear()}`;
    const clock = `${pad(at.getHours(), 2)}:${pad(at.getMinutes(), 2)}:${pad(at.getSeconds(), 2)}`;
    const mark = MARKS[LEVELS.indexOf(level)];
    this.write(`${this.pid}:${this.role} ${day} ${clock}.${pad(at.getMilliseconds(), 3)} ${mark} ${message}\n`);
  }
}
