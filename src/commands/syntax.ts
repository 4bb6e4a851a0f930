/**
 * Syntax: from a command's `syntax` line to the tree of arguments that COMMAND DOCS answers, and that fuzzers walk. Any thread.
 *
 *   word            a value; its type follows from the word, or stands behind it: `increment:double`
 *   word@1          a value that names keys by the key spec with that number
 *   TOKEN = ~ *     what is typed as it stands; a token that values follow belongs to them
 *   [a b]           optional
 *   <A | B>         one of
 *   a [a ...]       a may be repeated
 *   [T a [T a ...]] the token is repeated too
 *
 * Source of the tree's form: Redis documentation, "COMMAND DOCS". Names of choices and blocks are made of their parts' names.
 */
import { assert } from "../base/assert.ts";

export type ArgumentType =
  | "string"
  | "integer"
  | "double"
  | "key"
  | "pattern"
  | "unix-time"
  | "pure-token"
  | "oneof"
  | "block";

export interface Argument {
  name: string;
  type: ArgumentType;
  /** What stands before it, or (pure-token) what it is. */
  token?: string;
  /** Number of the key spec that it belongs to. */
  keySpec?: number;
  optional?: boolean;
  multiple?: boolean;
  /** The token is repeated with each value. */
  multipleToken?: boolean;
  /** The choices of a oneof, the members of a block. */
  parts?: Argument[];
}

const WORD_TYPES: Record<string, ArgumentType> = { pattern: "pattern" };
for (const word of "unix-time-seconds unix-time-milliseconds".split(" ")) WORD_TYPES[word] = "unix-time";
for (const word of "key newkey source destination destkey dst src key1 key2 sourcekey".split(" ")) {
  WORD_TYPES[word] = "key";
}
for (const word of "latitude longitude radius width height score timeout".split(" ")) WORD_TYPES[word] = "double";
for (
  const word
    of ("bit bits client-id count cursor db decrement destination-db end increment index index1 index2 len limit " +
      "milliseconds ms num-matches numfields numkeys numreplicas numlocal offset port protover rank seconds slot start stop " +
      "start-slot end-slot ttl version weight frequency entries-added entries-read config-epoch cluster-bus-port")
      .split(" ")
) WORD_TYPES[word] = "integer";

/** Names of tokens that have no letters. */
const TOKEN_NAMES: Record<string, string> = { "=": "equal", "~": "approximately", "*": "auto-id", "$": "last-id" };

type Node =
  | { kind: "token"; text: string }
  | { kind: "word"; text: string }
  | { kind: "optional" | "choice"; choices: Node[][]; repeated: boolean }
  | { kind: "repeat"; body: Node[] };

/** The arguments of a syntax line, of a command with `keySpecs` key specs. Asserts that the line is well-formed. */
export function parseSyntax(syntax: string, keySpecs: number): Argument[] {
  const reader = new SyntaxReader(syntax.match(/\.\.\.|[[\]<>|]|[^\s[\]<>|]+/g) ?? []);
  const choices = reader.choices("");
  assert(choices.length === 1, `choices outside of brackets: ${syntax}`);
  const builder = new TreeBuilder(keySpecs);
  return builder.sequence(choices[0]);
}

/** Reads words and brackets into nodes. */
class SyntaxReader {
  private at = 0;
  /** Set by `choices`: its last choice ended with "...". */
  private more = false;

  constructor(private readonly pieces: readonly string[]) {}

  /** Everything up to `close`, which is passed over. */
  choices(close: string): Node[][] {
    const choices: Node[][] = [[]];
    this.more = false;
    let more = false;
    for (;;) {
      const piece = this.pieces[this.at++] ?? "";
      if (piece === close) break;
      assert(piece !== "" && piece !== "]" && piece !== ">", `brackets of a syntax: ${this.pieces.join(" ")}`);
      const seq = choices[choices.length - 1];
      more = piece === "...";
      if (piece === "|") choices.push([]);
      else if (piece === "[") this.bracket(seq, close === "]" ? choices : undefined);
      else if (piece === "<") seq.push({ kind: "choice", choices: this.choices(">"), repeated: false });
      else if (!more) seq.push({ kind: isToken(piece) ? "token" : "word", text: piece });
    }
    this.more = more;
    return choices;
  }

  /** An optional part at the end of `seq`: joins it with what it repeats. `around`: the brackets that it is in. */
  private bracket(seq: Node[], around: Node[][] | undefined): void {
    const inner = this.choices("]");
    const repeated = this.more;
    if (repeated && around !== undefined && print(inner) === print(around)) {
      // The part around consists of just what is repeated: its caller marks it.
      seq.push({ kind: "repeat", body: [] });
      return;
    }
    if (repeated && inner.length === 1) {
      const body = inner[0];
      const before = seq.slice(seq.length - body.length);
      if (body.length > 0 && body.length <= seq.length && print([before]) === print([body])) {
        seq.splice(seq.length - body.length, body.length, { kind: "repeat", body });
        return;
      }
    }
    const last = inner[inner.length - 1];
    const end = last[last.length - 1];
    const whole = end?.kind === "repeat" && end.body.length === 0;
    if (whole) last.pop();
    seq.push({ kind: "optional", choices: inner, repeated: repeated || whole });
  }
}

function isToken(piece: string): boolean {
  return /[A-Z]/.test(piece) || !/[a-z]/.test(piece);
}

function print(choices: Node[][]): string {
  return choices.map((seq) =>
    seq.map((node): string => {
      if (node.kind === "token" || node.kind === "word") return node.text;
      if (node.kind === "repeat") return `${print([node.body])} ...`;
      return `${node.kind}(${print(node.choices)})`;
    }).join(" ")
  ).join("|");
}

/** Makes arguments of nodes; counts the keys on the way, because keys and key specs follow each other in one order. */
class TreeBuilder {
  private keys = 0;

  constructor(private readonly keySpecs: number) {}

  sequence(seq: readonly Node[]): Argument[] {
    const list: Argument[] = [];
    for (let i = 0; i < seq.length; i++) {
      const node = seq[i];
      if (node.kind !== "token") {
        list.push(this.argument(node));
        continue;
      }
      // What must stand behind a token belongs to it.
      let end = i + 1;
      while (end < seq.length && seq[end].kind !== "token" && seq[end].kind !== "optional") end++;
      if (end === i + 1) {
        list.push(pureToken(node.text));
        continue;
      }
      const behind = single(this.sequence(seq.slice(i + 1, end)));
      if (behind.parts !== undefined) behind.name = node.text.toLowerCase();
      list.push({ ...behind, token: node.text });
      i = end - 1;
    }
    return list;
  }

  private argument(node: Node): Argument {
    switch (node.kind) {
      case "token":
        return pureToken(node.text);
      case "word":
        return this.value(node.text);
      case "repeat":
        return repeatedArgument(single(this.sequence(node.body)), node.body[0].kind === "token");
      default: {
        const parts = node.choices.map((seq) => single(this.sequence(seq)));
        const name = parts.map((part) =>
          part.type === "pure-token" ? part.name : part.token?.toLowerCase() ?? part.name
        )
          .join("-or-");
        let made: Argument = parts.length === 1 ? parts[0] : { name, type: "oneof", parts };
        if (node.repeated) made = repeatedArgument(made, node.choices[0][0].kind === "token" && parts.length === 1);
        if (node.kind === "optional") made.optional = true;
        return made;
      }
    }
  }

  private value(text: string): Argument {
    const [, name, type, spec] = /^([^:@]+)(?::([a-z-]+))?(?:@(\d+))?$/.exec(text) ?? [];
    assert(name !== undefined, `a value of a syntax: ${text}`);
    const made: Argument = { name, type: (type as ArgumentType | undefined) ?? WORD_TYPES[name] ?? "string" };
    if (made.type === "key" && this.keySpecs === 0) made.type = "string";
    if (spec !== undefined) made.keySpec = Number(spec);
    else if (made.type === "key") made.keySpec = Math.min(this.keys++, this.keySpecs - 1);
    return made;
  }
}

function pureToken(text: string): Argument {
  return { name: TOKEN_NAMES[text] ?? text.toLowerCase(), type: "pure-token", token: text };
}

function repeatedArgument(argument: Argument, withToken: boolean): Argument {
  argument.multiple = true;
  if (withToken && argument.token !== undefined) argument.multipleToken = true;
  return argument;
}

/** One argument: a block when there are more, named after its plain parts. */
function single(list: Argument[]): Argument {
  if (list.length === 1) return list[0];
  const plain = list.filter((argument) => argument.parts === undefined);
  return {
    name: (plain.length > 0 ? plain : list).map((argument) => argument.name).join("_"),
    type: "block",
    parts: list,
  };
}
