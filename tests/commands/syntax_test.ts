/** Syntax lines and the argument trees that COMMAND DOCS makes of them. */
import { assertEquals, assertThrows } from "@std/assert";
import { type Argument, parseSyntax } from "../../src/commands/syntax.ts";
import { runnableCommands } from "../../src/commands/table.ts";
import { test } from "../harness.ts";

/** A tree in one line: name:type(token)@spec?*+ with its parts in braces. */
function print(args: readonly Argument[]): string {
  return args.map((arg) => {
    const token = arg.token === undefined ? "" : `(${arg.token})`;
    const spec = arg.keySpec === undefined ? "" : `@${arg.keySpec}`;
    const marks = (arg.optional ? "?" : "") + (arg.multiple ? "*" : "") + (arg.multipleToken ? "+" : "");
    const parts = arg.parts === undefined ? "" : ` {${print(arg.parts)}}`;
    return `${arg.name}:${arg.type}${token}${spec}${marks}${parts}`;
  }).join(", ");
}

const trees: [syntax: string, keySpecs: number, tree: string][] = [
  ["", 0, ""],
  ["key", 1, "key:key@0"],
  ["key", 0, "key:string"],
  ["key [key ...]", 1, "key:key@0*"],
  ["[section [section ...]]", 0, "section:string?*"],
  ["key value [key value ...]", 1, "key_value:block* {key:key@0, value:string}"],
  ["increment:double", 0, "increment:double"],
  ["[NX | XX]", 0, "nx-or-xx:oneof? {nx:pure-token(NX), xx:pure-token(XX)}"],
  ["[LIMIT offset count]", 0, "limit:block(LIMIT)? {offset:integer, count:integer}"],
  ["[COUNT count]", 0, "count:integer(COUNT)?"],
  ["[GET pattern@1 [GET pattern@1 ...]]", 2, "pattern:pattern(GET)@1?*+"],
  ["[WEIGHTS weight [weight ...]]", 0, "weight:integer(WEIGHTS)?*"],
  ["[AGGREGATE <SUM | MIN>]", 0, "aggregate:oneof(AGGREGATE)? {sum:pure-token(SUM), min:pure-token(MIN)}"],
  ["STREAMS key [key ...] id [id ...]", 1, "streams:block(STREAMS) {key:key@0*, id:string*}"],
  ["<* | id> field", 0, "auto-id-or-id:oneof {auto-id:pure-token(*), id:string}, field:string"],
  ["[EX seconds | PERSIST]", 0, "ex-or-persist:oneof? {seconds:integer(EX), persist:pure-token(PERSIST)}"],
  ["source destination [DB destination-db]", 2, "source:key@0, destination:key@1, destination-db:integer(DB)?"],
  [
    "key [GET a | SET a b [GET a | SET a b ...]]",
    1,
    "key:key@0, get-or-set:oneof?* {a:string(GET), set:block(SET) {a:string, b:string}}",
  ],
];

for (const [syntax, keySpecs, tree] of trees) {
  test(`syntax: ${syntax === "" ? "nothing" : syntax}`, () => {
    assertEquals(print(parseSyntax(syntax, keySpecs)), tree);
  });
}

test("a line with unbalanced brackets is our mistake", () => {
  for (const line of ["[a", "a]", "<a | b", "a | b"]) assertThrows(() => parseSyntax(line, 0));
});

test("every command's line can be read", () => {
  for (const command of runnableCommands) parseSyntax(command.syntax, command.keys?.length ?? 0);
});
