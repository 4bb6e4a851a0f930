/** Listeners: the addresses on which the server accepts connections, at its start and after CONFIG SET port or bind. Main thread. */
import type { Config } from "../../config/config.ts";
import { type Listener, type Network, NetworkError, type SocketHandler } from "../../runtime/mod.ts";

/** Reasons why an address that may be missing ("-address") is left out. */
const MISSING = ["EADDRNOTAVAIL", "EAFNOSUPPORT", "EPROTONOSUPPORT", "ENOENT"];

/** Deno closes a listener only when its pending accept has ended, some ms later. */
const REBIND_TRIES = 20;
const REBIND_PAUSE_MS = 20;

export class Listeners {
  /** The TCP port bound, 0 without one. */
  port = 0;
  /** By address as bind names it. */
  private tcp = new Map<string, Listener>();
  private unix: Listener | undefined;

  constructor(
    private readonly network: Network,
    private readonly handler: SocketHandler,
    private readonly config: Config,
  ) {}

  /**
   * Binds every address of the configuration. Port 0 means no TCP at all, as in redis.conf; with `anyPort` it means a port that the
   * system chooses. Throws NetworkError.
   */
  async open(how: { anyPort: boolean }): Promise<void> {
    const port = this.config.int("port");
    if (port !== 0 || how.anyPort) {
      await this.bind(this.config.value("bind"), port, this.tcp);
      this.config.load("port", [String(this.port)], false);
    }
    const path = this.config.path("unixsocket");
    if (path === "") return;
    const mode = this.config.int("unixsocketperm");
    this.unix = await this.network.listen(
      { path, mode: mode === 0 ? undefined : mode, ...this.options },
      this.handler,
    );
  }

  /** Binds what the configuration says now in place of what is bound. Throws NetworkError with everything as it was. */
  async change(): Promise<void> {
    const port = this.config.int("port");
    const addresses = this.config.value("bind");
    if (port !== this.port) {
      // The new port is there before the old one goes.
      const fresh = new Map<string, Listener>();
      const before = this.port;
      this.port = 0;
      try {
        if (port !== 0) await this.bind(addresses, port, fresh);
      } catch (error) {
        for (const listener of fresh.values()) listener.close();
        this.port = before;
        throw error;
      }
      for (const listener of this.tcp.values()) listener.close();
      this.tcp = fresh;
      return;
    }
    // On one port an address may cover another: those that go must be closed before those that come are bound.
    const gone = [...this.tcp.keys()].filter((address) => !addresses.includes(address));
    this.unbind(gone);
    const before = new Set(this.tcp.keys());
    const wanted = addresses.filter((address) => !before.has(address));
    try {
      if (port !== 0) await this.rebind(wanted, port);
    } catch (error) {
      this.unbind(wanted);
      await this.rebind(gone, port);
      throw error;
    }
  }

  /** As `bind`, while the system may still be closing a socket of ours on that port. */
  private async rebind(addresses: readonly string[], port: number): Promise<void> {
    for (let tries = 1;; tries++) {
      try {
        return await this.bind(addresses.filter((address) => !this.tcp.has(address)), port, this.tcp);
      } catch (error) {
        if (tries === REBIND_TRIES || !(error instanceof NetworkError && error.code === "EADDRINUSE")) throw error;
        await new Promise((resolve) => setTimeout(resolve, REBIND_PAUSE_MS));
      }
    }
  }

  /** Kinds of connections accepted, as the log names them. */
  get kinds(): string[] {
    return [...(this.tcp.size > 0 ? ["tcp"] : []), ...(this.unix !== undefined ? ["unix"] : [])];
  }

  /** Addresses bound, as bind names them. */
  get addresses(): string[] {
    return [...this.tcp.keys()];
  }

  close(): void {
    this.unbind([...this.tcp.keys()]);
    this.unix?.close();
  }

  private get options(): { backlog: number; keepAliveSeconds: number } {
    return { backlog: this.config.int("tcp-backlog"), keepAliveSeconds: this.config.int("tcp-keepalive") };
  }

  private async bind(addresses: readonly string[], port: number, into: Map<string, Listener>): Promise<void> {
    for (const address of addresses) {
      // "-address": one that may be missing. "*": every address of the machine.
      const optional = address.startsWith("-");
      const name = optional ? address.slice(1) : address;
      const hostname = name === "*" ? "0.0.0.0" : name === "::*" ? "::" : name;
      try {
        const listener = await this.network.listen(
          { hostname, port: this.port || port, ...this.options },
          this.handler,
        );
        into.set(address, listener);
        this.port ||= listener.port;
      } catch (error) {
        if (!(error instanceof NetworkError)) throw error;
        // Deno.listen can't bind "::" for IPv6 alone, so it meets our own "0.0.0.0".
        const covered = error.code === "EADDRINUSE" && name === "::*" && into.has("*");
        if (!optional || (!covered && !MISSING.includes(error.code))) {
          const reason = error.message.slice(error.message.lastIndexOf(": ") + 2);
          throw new NetworkError(error.code, `${name}:${this.port || port}: bind: ${reason}`);
        }
      }
    }
  }

  private unbind(addresses: readonly string[]): void {
    for (const address of addresses) {
      this.tcp.get(address)?.close();
      this.tcp.delete(address);
    }
  }
}
