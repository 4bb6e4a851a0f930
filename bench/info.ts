/** Reads fields of INFO over a connection of its own, which unlike bench/connection.ts keeps what is replied. */

const decoder = new TextDecoder("latin1");

export class InfoReader {
  private constructor(private readonly socket: Deno.Conn) {}

  static async connect(port: number): Promise<InfoReader> {
    return new InfoReader(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** The fields of a section; a field that the server does not have is undefined. */
  async read(section: string): Promise<Record<string, string | undefined>> {
    await this.socket.write(new TextEncoder().encode(`INFO ${section}\r\n`));
    const input = new Uint8Array(1 << 16);
    let text = "";
    for (;;) {
      const length = await this.socket.read(input);
      if (length === null) throw new Error("the server closed the connection");
      text += decoder.decode(input.subarray(0, length));
      const head = /^\$(\d+)\r\n/.exec(text);
      if (head !== null && text.length >= head[0].length + Number(head[1]) + 2) break;
    }
    return Object.fromEntries([...text.matchAll(/^(\w+):(.*)\r$/gm)].map((m) => [m[1]!, m[2]!]));
  }

  close(): void {
    this.socket.close();
  }
}
