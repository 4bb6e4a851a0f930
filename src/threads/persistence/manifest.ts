/**
 * Manifest: the list of files that make up an append-only file, as Redis 7 writes it. Pure; any thread.
 *
 *   file appendonly.aof.1.base.rdb seq 1 type b      base: the state at the cut of a rewrite
 *   file appendonly.aof.1.incr.aof seq 1 type i      increments since then, in the order of their sequence
 *   file appendonly.aof.0.incr.aof seq 0 type h      history: no longer needed, to be removed
 *
 * Source: Redis documentation, "Redis persistence" (multi-part AOF), and what redis-server writes and refuses. The text is latin-1, one char
 * a byte; the names in a Manifest are the runtime's.
 */
import { encodeText, latin1Bytes, latin1Text } from "../../base/bytes.ts";
import { lowerAscii, quote, splitArguments, trimLine } from "../../config/quoting.ts";

/** Longest line, Redis's MANIFEST_MAX_LINE. */
const LINE_MAX = 1024;

export interface AofPart {
  readonly name: string;
  readonly seq: number;
}

/** An append-only file that can't be used. `lines` are Redis's log lines on it; the process must not go on. */
export class AofError extends Error {
  constructor(readonly lines: readonly string[]) {
    super(lines.join(" "));
  }
}

export class Manifest {
  base: AofPart | undefined;
  incr: AofPart[] = [];
  history: AofPart[] = [];
  /** The highest sequence numbers so far. */
  baseSeq = 0;
  incrSeq = 0;

  /** Reads a manifest's text. Throws AofError. */
  static parse(text: string): Manifest {
    const manifest = new Manifest();
    if (text === "") throw manifestError("Found an empty AOF manifest");
    const lines = text.split("\n");
    const rest = lines.pop();
    if (rest !== "") lines.push(rest!);
    lines.forEach((whole, i) => {
      if (whole.startsWith("#")) return;
      // A last line without its end can't be told from one that is too long.
      const cut = rest !== "" && i === lines.length - 1;
      if (cut || whole.length >= LINE_MAX) throw manifestError("The AOF manifest file contains too long line");
      const line = trimLine(whole);
      manifest.take(line, i + 1);
    });
    return manifest;
  }

  private take(line: string, number: number): void {
    const fail = (why: string) => manifestError(why, line, number);
    const args = line === "" ? undefined : splitArguments(line);
    if (args === undefined || args.length < 6 || args.length % 2 !== 0) throw fail("Invalid AOF manifest file format");
    let name = "";
    let seq = 0;
    let type = "";
    for (let i = 0; i < args.length; i += 2) {
      const value = args[i + 1];
      switch (lowerAscii(args[i])) {
        case "file":
          name = new TextDecoder().decode(latin1Bytes(value));
          if (name.includes("/") || name.includes("\\")) throw fail("File can't be a path, just a filename");
          break;
        case "seq":
          seq = /^\d{1,15}/.test(value) ? parseInt(value, 10) : 0;
          break;
        case "type":
          type = value[0] ?? "";
          break;
      }
    }
    if (name === "" || seq === 0 || type === "") throw fail("Invalid AOF manifest file format");
    const part = { name, seq };
    if (type === "b") {
      if (this.base !== undefined) throw fail("Found duplicate base file information");
      this.base = part;
      this.baseSeq = seq;
    } else if (type === "h") this.history.push(part);
    else if (type === "i") {
      if (seq <= this.incrSeq) throw fail("Found a non-monotonic sequence number");
      this.incr.push(part);
      this.incrSeq = seq;
    } else throw fail("Unknown AOF file type");
  }

  /** The manifest as text. */
  format(): string {
    const line = (part: AofPart, type: string) => `file ${nameText(part.name)} seq ${part.seq} type ${type}\n`;
    return (this.base === undefined ? "" : line(this.base, "b")) +
      this.history.map((part) => line(part, "h")).join("") +
      this.incr.map((part) => line(part, "i")).join("");
  }

  copy(): Manifest {
    const copy = new Manifest();
    copy.base = this.base;
    copy.incr = [...this.incr];
    copy.history = [...this.history];
    copy.baseSeq = this.baseSeq;
    copy.incrSeq = this.incrSeq;
    return copy;
  }

  /** Enters the next base; the old one becomes history. `fileName` is appendfilename. */
  addBase(fileName: string, rdb: boolean): AofPart {
    if (this.base !== undefined) this.history.unshift(this.base);
    this.base = { name: baseName(fileName, ++this.baseSeq, rdb), seq: this.baseSeq };
    return this.base;
  }

  /** Enters the next increment. */
  addIncr(fileName: string): AofPart {
    const part = { name: `${fileName}.${++this.incrSeq}.incr.aof`, seq: this.incrSeq };
    this.incr.push(part);
    return part;
  }

  /** All increments before the one with that sequence number become history. */
  retireIncr(before: number): void {
    this.history.unshift(...this.incr.filter((part) => part.seq < before).reverse());
    this.incr = this.incr.filter((part) => part.seq >= before);
  }

  /** The files that hold the data, in the order of loading. */
  get parts(): readonly AofPart[] {
    return this.base === undefined ? this.incr : [this.base, ...this.incr];
  }
}

/** Name of a base by its sequence number. */
export function baseName(fileName: string, seq: number, rdb: boolean): string {
  return `${fileName}.${seq}.base.${rdb ? "rdb" : "aof"}`;
}

function nameText(name: string): string {
  const text = latin1Text(encodeText(name));
  return /^[!-~]+$/.test(text) && !/["'\\]/.test(text) ? text : quote(text);
}

function manifestError(why: string, line?: string, number?: number): AofError {
  const place = line === undefined ? [] : [`Reading the manifest file, at line ${number}\n`, `>>> '${line}'\n`];
  return new AofError(["\n*** FATAL AOF MANIFEST FILE ERROR ***\n", ...place, `${why}\n`]);
}
