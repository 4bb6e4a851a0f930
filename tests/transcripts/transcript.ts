/**
 * Transcripts: sessions as a person would type them at redis-cli, with the replies redis-cli shows. This file reads,
 * plays and (for recording) prints them. A file is a list of sections:
 *
 *     ## title                     starts from an empty keyspace and fresh connections
 *     # since 7.4                  a directive: of the section when it follows the title, else of the next step
 *     > SET k v                    a command, and the reply expected (as of `redis-cli --no-raw`)
 *     OK
 *     A> GET k                     the same on a connection named A
 *     "v"
 *     # resp3                      what follows is the reply's form under RESP3, where that is another
 *     A<                           reads the next reply or push of A; "(closed)" when the server hung up
 *     >> "PING\r\n"                sends raw bytes, then reads one reply
 *
 * Directives: `# note: text`; `# needs SLOWLOG` (of a section: played where the server knows the commands named); `# advance 1500ms` (a step: time passes, without sleeping where the clock is simulated);
 * `# resp2 only`, `# resp3 only`; `# since 7.4` (not played on an older reference server); `# differs from redis 7.0:
 * why` (played there, but not compared); `# reply matches /regex/`; `# reply in 10..20` (an integer between);
 * `# unordered` (a flat collection in any order); `# whole scan` (repeats a SCAN from cursor 0 to its end and shows all
 * it found, in any order and once each); `# blocks` (the reply comes later: read it with `<`).
 *
 * Invariants:
 * 1. A line that is none of these is an error: a misspelled directive can not pass for a comment.
 * 2. `print(parse(text))` is `text`.
 */

import { Client } from "../client.ts";
import { delay, waitFor } from "../harness.ts";
import { format, type Reply, splitLine } from "../reply.ts";

/** One step of a section. `lead` holds the raw lines above it (blank lines, directives). */
export interface Step {
  kind: "call" | "read" | "raw" | "advance";
  line: number;
  lead: string[];
  /** The command line as written. */
  source: string;
  connection: string;
  text: string;
  expected: string[];
  /** The RESP3 form, where given. */
  expected3: string[] | undefined;
  only: 2 | 3 | undefined;
  since: string | undefined;
  differs: boolean;
  matches: RegExp | undefined;
  range: [number, number] | undefined;
  unordered: boolean;
  wholeScan: boolean;
  blocks: boolean;
}

/** A titled run of steps that starts from nothing. */
export interface Section {
  title: string;
  lead: string[];
  only: 2 | 3 | undefined;
  since: string | undefined;
  needs: string[];
  steps: Step[];
}

/** Where a transcript is played. */
export interface Stage {
  connect(): Promise<Client>;
  /** Lets time pass. */
  advance(ms: number): Promise<void> | void;
  protocol: 2 | 3;
  /** Version of the reference server ("7.0"), undefined when Ringshard itself is played. */
  reference: string | undefined;
}

type Traits = Pick<Step, "only" | "since" | "differs" | "matches" | "range" | "unordered" | "wholeScan" | "blocks"> & {
  needs: string[];
};

function traits(): Traits {
  return {
    only: undefined,
    since: undefined,
    differs: false,
    matches: undefined,
    range: undefined,
    unordered: false,
    wholeScan: false,
    blocks: false,
    needs: [],
  };
}

/** Reads one directive into `into`; false when it is none. */
function readDirective(line: string, into: Traits): boolean {
  let found: RegExpExecArray | null;
  if (/^# note: ./.test(line)) return true;
  if ((found = /^# resp([23]) only$/.exec(line)) !== null) into.only = Number(found[1]) as 2 | 3;
  else if ((found = /^# since (\d+\.\d+)$/.exec(line)) !== null) into.since = found[1];
  else if (/^# differs from redis 7\.0: ./.test(line)) into.differs = true;
  else if ((found = /^# reply matches \/(.*)\/([a-z]*)$/.exec(line)) !== null) {
    into.matches = new RegExp(found[1], found[2]);
  } else if ((found = /^# reply in (-?\d+)\.\.(-?\d+)$/.exec(line)) !== null) {
    into.range = [Number(found[1]), Number(found[2])];
  } else if (line === "# unordered") into.unordered = true;
  else if (line === "# whole scan") into.unordered = into.wholeScan = true;
  else if ((found = /^# needs ([A-Z| ]+)$/.exec(line)) !== null) into.needs = found[1].split(" ");
  else if (line === "# blocks") into.blocks = true;
  else return false;
  return true;
}

/** Reads a transcript; throws with the line number on anything that is none. */
export function parse(text: string, file = "transcript"): Section[] {
  const sections: Section[] = [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  let lead: string[] = [];
  let pending = traits();
  let step: Step | undefined;
  /** Where reply lines go: nowhere after a blank line or a directive. */
  let reply: string[] | undefined;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    const wrong = (what: string): never => {
      throw new Error(`${file}:${i + 1}: ${what}: ${line}`);
    };
    const command = /^([A-Za-z0-9]*)(>>|>|<)(?: (.+))?$/.exec(line);
    const advance = /^# advance (\d+)(ms|s)$/.exec(line);
    if (line.startsWith("## ")) {
      sections.push({ title: line.slice(3), lead, only: undefined, since: undefined, needs: [], steps: [] });
      lead = [];
      pending = traits();
      reply = undefined;
      step = undefined;
    } else if (line === "") {
      lead.push(line);
      reply = undefined;
      // The first blank line ends the section's own directives.
      const section = sections.at(-1);
      if (section !== undefined && section.steps.length === 0) {
        section.only ??= pending.only;
        section.since ??= pending.since;
        section.needs.push(...pending.needs);
        pending = traits();
      }
    } else if (line === "# resp3" && step !== undefined && reply === step.expected && reply.length > 0) {
      reply = step.expected3 = [];
    } else if (command !== null || advance !== null) {
      const section = sections.at(-1) ?? wrong("before the first section");
      const kind = advance !== null ? "advance" : command![2] === ">" ? "call" : command![2] === "<" ? "read" : "raw";
      const words = advance !== null ? String(Number(advance[1]) * (advance[2] === "s" ? 1000 : 1)) : command![3] ?? "";
      if ((kind === "call" || kind === "raw") && words === "") wrong("nothing to send");
      step = {
        ...pending,
        kind,
        line: i + 1,
        lead,
        source: line,
        connection: command?.[1] ?? "",
        text: words,
        expected: [],
        expected3: undefined,
      };
      section.steps.push(step);
      lead = [];
      pending = traits();
      reply = kind === "advance" ? undefined : step.expected;
    } else if (line.startsWith("#")) {
      if (!readDirective(line, pending)) wrong("unknown directive");
      lead.push(line);
      reply = undefined;
    } else if (reply !== undefined) reply.push(line);
    else wrong("a reply without a command");
  }
  if (lead.length > 0) throw new Error(`${file}: directives or blank lines at the end`);
  return sections;
}

/** The text of sections; the opposite of `parse`. */
export function print(sections: readonly Section[]): string {
  const lines: string[] = [];
  for (const section of sections) {
    lines.push(...section.lead, `## ${section.title}`);
    for (const step of section.steps) {
      lines.push(...step.lead, step.source, ...step.expected);
      if (step.expected3 !== undefined) lines.push("# resp3", ...step.expected3);
    }
  }
  return lines.join("\n") + "\n";
}

function olderThan(version: string, wanted: string): boolean {
  const [a, b] = [version, wanted].map((text) => text.split(".").map(Number));
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}

function skipped(part: Pick<Step, "only" | "since">, stage: Stage): boolean {
  if (part.only !== undefined && part.only !== stage.protocol) return true;
  return part.since !== undefined && stage.reference !== undefined && olderThan(stage.reference, part.since);
}

/** The text of a flat collection with its lines sorted and unnumbered. */
export function unorderedForm(text: string): string {
  return text.split("\n").map((line) => line.replace(/^\s*\d+[)~#] /, "")).sort().join("\n");
}

/** Replies in whole seconds that a slow machine may give late, where the clock is real. */
const TIMED = /^TTL /i;
const SECONDS_BEHIND = 5;

function slightlyBehind(expected: string, actual: string): boolean {
  const [a, b] = [expected, actual].map((text) => Number(/^\(integer\) (\d+)$/.exec(text)?.[1] ?? NaN));
  return a - b >= 0 && a - b <= SECONDS_BEHIND;
}

/** What is wrong with a reply, or undefined when it is as expected. */
function judge(step: Step, actual: string, stage: Stage): string | undefined {
  if (step.matches !== undefined) return step.matches.test(actual) ? undefined : `to match ${step.matches}`;
  if (step.range !== undefined) {
    const found = /^\(integer\) (-?\d+)$/.exec(actual);
    const value = found === null ? NaN : Number(found[1]);
    return value >= step.range[0] && value <= step.range[1] ? undefined : `an integer in ${step.range.join("..")}`;
  }
  const expected = (stage.protocol === 3 ? step.expected3 ?? step.expected : step.expected).join("\n");
  if (stage.reference !== undefined && TIMED.test(step.text) && slightlyBehind(expected, actual)) return undefined;
  const same = step.unordered ? unorderedForm(expected) === unorderedForm(actual) : expected === actual;
  return same ? undefined : expected;
}

/** Called with each reply that was played; gives what is wrong with it, if anything. */
export type Judge = (step: Step, actual: string) => string | undefined;

/**
 * Plays sections on a stage and returns what went wrong, one text a step; an empty list means all is as written.
 * `judgeStep` replaces the comparison (the recorder takes the replies instead).
 */
export async function play(
  sections: readonly Section[],
  stage: Stage,
  file: string,
  judgeStep: Judge = (step, actual) => judge(step, actual, stage),
): Promise<string[]> {
  const failures: string[] = [];
  for (const section of sections) {
    if (skipped(section, stage) || !await knows(section.needs, stage)) continue;
    failures.push(...await playSection(section, stage, file, judgeStep));
  }
  return failures;
}

async function knows(commands: readonly string[], stage: Stage): Promise<boolean> {
  if (commands.length === 0) return true;
  const client = await stage.connect();
  const reply = await client.call("COMMAND", "INFO", ...commands);
  client.close();
  return reply.type === "array" && reply.items.every((item) => item.type !== "null");
}

async function playSection(section: Section, stage: Stage, file: string, judgeStep: Judge): Promise<string[]> {
  const failures: string[] = [];
  const control = await stage.connect();
  await control.call("FLUSHALL");
  const connections = new Map<string, Client>();
  const connection = async (name: string) => {
    let client = connections.get(name);
    if (client === undefined) {
      client = await stage.connect();
      client.pushesAreReplies = true;
      connections.set(name, client);
      if (stage.protocol === 3) await client.call("HELLO", 3);
    }
    return client;
  };
  for (const step of section.steps) {
    if (skipped(step, stage)) continue;
    if (step.kind === "advance") {
      await stage.advance(Number(step.text));
      continue;
    }
    const client = await connection(step.connection);
    const before = step.blocks ? await blockedClients(control) : 0;
    let actual: string;
    try {
      if (step.kind === "raw") client.write(splitLine(step.text)[0]);
      if (step.kind === "call" && !step.wholeScan) client.send(...splitLine(step.text));
      if (step.blocks) {
        await waitFor(async () => await blockedClients(control) > before, `${file}:${step.line} to block`);
        continue;
      }
      actual = text(await withTimeout(step.wholeScan ? wholeScan(client, splitLine(step.text)) : client.read()));
    } catch (error) {
      actual = (error as Error).message === "connection closed"
        ? "(closed)"
        : `(no reply: ${(error as Error).message})`;
    }
    if (step.differs && stage.reference !== undefined) continue;
    const wrong = judgeStep(step, actual);
    if (wrong !== undefined) {
      failures.push(`${file}:${step.line} [${section.title}] ${step.source}\nexpected ${wrong}\nreceived ${actual}`);
      // Replies after a missing one would be taken for the wrong commands'.
      if (actual.startsWith("(no reply")) break;
    }
  }
  for (const client of connections.values()) client.close();
  control.close();
  return failures;
}

/** Runs a scan to its end; the reply is all elements as one array, duplicates (which SCAN may give) left out. */
async function wholeScan(client: Client, args: string[]): Promise<Reply> {
  const cursor = /^scan$/i.test(args[0]) ? 1 : 2;
  const found = new Map<string, Reply>();
  do {
    const reply = await client.call(...args);
    if (reply.type !== "array" || reply.items[0].type !== "bulk" || !("items" in reply.items[1])) return reply;
    for (const item of reply.items[1].items) found.set(format(item), item);
    args[cursor] = reply.items[0].text;
  } while (args[cursor] !== "0");
  return { type: "array", items: [...found.values()] };
}

function text(reply: Reply): string {
  return format(reply).split("\n").map((line) => line.trimEnd()).join("\n");
}

async function blockedClients(control: Client): Promise<number> {
  const reply = await control.call("INFO", "clients");
  const found = "text" in reply ? /blocked_clients:(\d+)/.exec(reply.text) : null;
  return found === null ? 0 : Number(found[1]);
}

async function withTimeout(reply: Promise<Reply>): Promise<Reply> {
  const late = Symbol();
  const first = await Promise.race([reply, delay(5000).then(() => late)]);
  if (first === late) throw new Error("none within 5 s");
  return first as Reply;
}
