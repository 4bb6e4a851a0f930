/**
 * Quoting of redis.conf lines, both ways, byte for byte as Redis does it.
 *
 * All configuration texts are latin-1 texts: one char is one byte of the file (UTF-8 sequences stay sequences). So any
 * password survives a rewrite; see `latin1Text` and `latin1Bytes`.
 *
 * Syntax of an argument: runs of plain characters, "..." and '...' in any order, up to white space. A closing quote must
 * be followed by white space or the end. In double quotes: \n \r \t \b \a, \xHH, and \c for c itself; in single
 * quotes only \'.
 */

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };
const UNESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  "\x07": "\\a",
};

/** C's isspace in the "C" locale. */
function isSpace(c: string): boolean {
  return c === " " || (c >= "\t" && c <= "\r");
}

/** Strips what Redis strips from both ends of a configuration line. */
export function trimLine(line: string): string {
  return line.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
}

/** ASCII lower case, leaving every other byte alone. */
export function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Splits a line into its arguments; undefined when its quotes are unbalanced. */
export function splitArguments(line: string): string[] | undefined {
  const args: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isSpace(line[at])) at++;
    if (at >= line.length) return args;
    let arg = "";
    while (at < line.length && !" \n\r\t".includes(line[at])) {
      const c = line[at];
      if (c !== '"' && c !== "'") {
        arg += c;
        at++;
        continue;
      }
      const end = c === '"' ? doubleQuotedEnd(line, at + 1) : singleQuotedEnd(line, at + 1);
      if (end < 0 || (end + 1 < line.length && !isSpace(line[end + 1]))) return undefined;
      const inner = line.slice(at + 1, end);
      arg += c === '"' ? unescapeDouble(inner) : inner.replaceAll("\\'", "'");
      at = end + 1;
      break;
    }
    args.push(arg);
  }
}

/** Index of the closing quote, or -1. */
function doubleQuotedEnd(line: string, at: number): number {
  for (; at < line.length; at++) {
    if (line[at] === '"') return at;
    if (line[at] === "\\" && at + 1 < line.length) at++;
  }
  return -1;
}

function singleQuotedEnd(line: string, at: number): number {
  for (; at < line.length; at++) {
    if (line[at] === "'") return at;
    if (line[at] === "\\" && line[at + 1] === "'") at++;
  }
  return -1;
}

function unescapeDouble(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|([\s\S]))/g, (_all, hex: string | undefined, c: string) => {
    return hex === undefined ? ESCAPES[c] ?? c : String.fromCharCode(parseInt(hex, 16));
  });
}

/** The text in double quotes, with everything escaped that is not printable ASCII. */
export function quote(text: string): string {
  let out = '"';
  for (const c of text) {
    const escaped = UNESCAPES[c];
    if (escaped !== undefined) out += escaped;
    else if (c >= " " && c <= "~") out += c;
    else out += "\\x" + c.charCodeAt(0).toString(16).padStart(2, "0");
  }
  return out + '"';
}
