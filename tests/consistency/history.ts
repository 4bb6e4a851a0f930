/**
 * Histories: what clients asked, what they were answered, and when, as the checkers of this folder take it.
 *
 * Times are numbers of events in the one process that all clients run in: whatever was answered before something else was asked has the
 * smaller number, so real-time order is exact.
 */

import { type Argument, Client } from "../client.ts";
import type { Reply } from "../reply.ts";

/** A reply without its types: a text, a null, or a list. Errors keep their minus sign. */
export type Plain = string | null | Plain[];

export type Command = readonly string[];

/** One atomic action of a client: a command, or what stood between MULTI and EXEC. */
export interface Operation {
  readonly client: number;
  readonly commands: readonly Command[];
  readonly transaction: boolean;
  /** What the client's WATCH had seen: string keys and their values, which a transaction that took effect found unchanged. */
  readonly watched: ReadonlyMap<string, string | null>;
  readonly start: number;
  /** Infinity when no reply came: then it may have taken effect, at any time, or not at all. */
  end: number;
  /** A transaction's is the list of its replies, or null when WATCH stopped it. */
  reply: Plain;
  /** The one that the client sent just before in the same pipeline: it took effect before this one did. */
  behind?: Operation;
}

/** What a client asks its server through; the canaries put theirs between. */
export interface Link {
  pipeline(commands: readonly (readonly Argument[])[]): Promise<Reply[]>;
  close(): void;
}

export function plain(reply: Reply): Plain {
  switch (reply.type) {
    case "null":
      return null;
    case "error":
      return `-${reply.text}`;
    case "bool":
      return String(reply.value);
    case "array":
    case "map":
    case "set":
    case "push":
      return reply.items.map(plain);
    default:
      return reply.text;
  }
}

/** All operations of a run. */
export class History {
  readonly operations: Operation[] = [];
  #events = 0;

  begin(
    client: number,
    commands: readonly Command[],
    transaction: boolean,
    watched = new Map<string, string | null>(),
  ) {
    const operation: Operation = {
      client,
      commands,
      transaction,
      watched,
      start: ++this.#events,
      end: Infinity,
      reply: null,
    };
    this.operations.push(operation);
    return operation;
  }

  finish(operation: Operation, reply: Plain): void {
    operation.end = ++this.#events;
    operation.reply = reply;
  }
}

/** A client that records what it does, and comes again after it was killed. */
export class RecordingClient {
  /** Operations that the client's own death left without an answer. */
  lost = 0;
  #link: Link | undefined;

  constructor(
    readonly number: number,
    readonly history: History,
    private readonly connect: () => Promise<Link>,
  ) {}

  /** Runs one command, or several in a transaction; resolves to the reply. */
  async run(commands: readonly Command[], transaction = commands.length > 1): Promise<Plain> {
    const link = this.#link ??= await this.connect();
    const operation = this.history.begin(this.number, commands, transaction);
    const sent = transaction ? [["MULTI"], ...commands, ["EXEC"]] : commands;
    const replies = await link.pipeline(sent);
    const reply = plain(replies.at(-1)!);
    this.history.finish(operation, reply);
    return reply;
  }

  /** Sends commands in one go; resolves to their replies. */
  async pipeline(commands: readonly Command[]): Promise<Plain[]> {
    const link = this.#link ??= await this.connect();
    const operations = commands.map((command) => this.history.begin(this.number, [command], false));
    operations.forEach((operation, i) => operation.behind = operations[i - 1]);
    const replies = (await link.pipeline(commands)).map(plain);
    operations.forEach((operation, i) => this.history.finish(operation, replies[i]));
    return replies;
  }

  /** Reads string keys under WATCH and runs the commands made of their values; false when somebody changed the keys meanwhile. */
  async watch(keys: readonly string[], commands: (values: (string | null)[]) => readonly Command[]): Promise<boolean> {
    const link = this.#link ??= await this.connect();
    await link.pipeline([["WATCH", ...keys]]);
    const values = await this.run([["MGET", ...keys]]) as (string | null)[];
    const made = commands(values);
    const operation = this.history.begin(this.number, made, true, new Map(keys.map((key, i) => [key, values[i]])));
    const replies = await link.pipeline([["MULTI"], ...made, ["EXEC"]]);
    this.history.finish(operation, plain(replies.at(-1)!));
    return operation.reply !== null;
  }

  /** Asks and dies before the answer; the next command comes over a new connection. */
  async die(commands: readonly Command[], transaction = commands.length > 1): Promise<void> {
    const link = this.#link ??= await this.connect();
    this.history.begin(this.number, commands, transaction);
    this.lost++;
    link.pipeline(transaction ? [["MULTI"], ...commands, ["EXEC"]] : commands).catch(() => {});
    // What was written has left for the socket before it is closed.
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.close();
  }

  close(): void {
    this.#link?.close();
    this.#link = undefined;
  }
}

/** A connection to a server as a Link. */
export async function connect(port: number): Promise<Link> {
  return await Client.connect({ port });
}
