/**
 * A raw RESP2 connection for timing: writes prepared bytes, counts complete replies, keeps no values.
 *
 * Invariant: one exchange at a time; an error reply rejects it with the server's text, once every reply is there.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");
const MINUS = 0x2d, DOLLAR = 0x24, STAR = 0x2a, CR = 0x0d;

/** One request as RESP text. Arguments are ASCII: a character is a byte. */
export function request(...args: (string | number)[]): string {
  let text = `*${args.length}\r\n`;
  for (const arg of args) {
    const word = String(arg);
    text += `$${word.length}\r\n${word}\r\n`;
  }
  return text;
}

/** The requests `make(start)` to `make(end - 1)` as bytes. */
export function batchOf(start: number, end: number, make: (index: number) => string): Uint8Array {
  let text = "";
  for (let i = start; i < end; i++) text += make(i);
  return encoder.encode(text);
}

export class Connection {
  readonly #socket: Deno.Conn;
  readonly #input: Uint8Array;
  #replies = 0; // complete top-level replies of this exchange
  #open = 1; // values until the current top-level reply is complete
  #skip = 0; // bytes of a bulk string still to come, CR LF included
  #line = ""; // an unfinished line
  #firstError = "";
  #lastLine = "";

  private constructor(socket: Deno.Conn, inputBytes: number) {
    this.#socket = socket;
    this.#input = new Uint8Array(inputBytes);
  }

  /** `inputBytes` is what one read can take; replies may be longer. */
  static async connect(port: number, inputBytes = 1 << 18): Promise<Connection> {
    const socket = await Deno.connect({ hostname: "127.0.0.1", port });
    socket.setNoDelay(true);
    return new Connection(socket, inputBytes);
  }

  /** Sends `count` requests and waits for their replies; resolves to the last reply's last header line. */
  async exchange(requests: Uint8Array, count: number): Promise<string> {
    this.#replies = 0;
    this.#firstError = "";
    const writing = this.#write(requests);
    while (this.#replies < count) {
      const length = await this.#socket.read(this.#input);
      if (length === null) throw new Error("the server closed the connection");
      this.#consume(length);
    }
    await writing;
    if (this.#firstError !== "") throw new Error(this.#firstError);
    return this.#lastLine;
  }

  /** One request; the reply's last header line (":5", "+OK", "$3", "$-1"). */
  command(...args: (string | number)[]): Promise<string> {
    return this.exchange(encoder.encode(request(...args)), 1);
  }

  /** `count` requests made by `make(i)`, `batch` of them at a time. */
  async pipeline(count: number, batch: number, make: (index: number) => string): Promise<void> {
    for (let i = 0; i < count; i += batch) {
      const end = Math.min(count, i + batch);
      await this.exchange(batchOf(i, end, make), end - i);
    }
  }

  close(): void {
    this.#socket.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) sent += await this.#socket.write(bytes.subarray(sent));
  }

  #consume(length: number): void {
    const input = this.#input;
    let at = 0;
    while (at < length) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, length - at);
        this.#skip -= step;
        at += step;
        if (this.#skip === 0) this.#complete();
        continue;
      }
      const lf = input.indexOf(0x0a, at);
      const end = lf < 0 || lf >= length ? length : lf + 1;
      if (end === length && input[length - 1] !== 0x0a) {
        this.#line += decoder.decode(input.subarray(at, end));
        return;
      }
      if (this.#line !== "") {
        this.#header(this.#line + decoder.decode(input.subarray(at, end)));
        this.#line = "";
      } else if (end - at === 4 && input[at] === DOLLAR && input[at + 2] === CR) {
        this.#skip = input[at + 1]! - 0x30 + 2;
      } else {
        this.#header(decoder.decode(input.subarray(at, end)));
      }
      at = end;
    }
  }

  #header(line: string): void {
    this.#lastLine = line.slice(0, -2);
    const kind = line.charCodeAt(0);
    if (kind === DOLLAR) {
      const size = parseInt(line.slice(1));
      if (size >= 0) {
        this.#skip = size + 2;
        return;
      }
    } else if (kind === STAR) {
      this.#open += Math.max(0, parseInt(line.slice(1)));
    } else if (kind === MINUS && this.#firstError === "") {
      this.#firstError = this.#lastLine.slice(1);
    }
    this.#complete();
  }

  #complete(): void {
    if (--this.#open > 0) return;
    this.#open = 1;
    this.#replies++;
  }
}
