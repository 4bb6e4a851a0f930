/**
 * The configuration of one server: the current value of every directive, CONFIG GET, CONFIG SET and CONFIG REWRITE.
 *
 * Lives on the main thread. Other threads get what they need by message, from listeners.
 *
 * Invariants:
 * 1. CONFIG SET takes effect as a whole or not at all: if a value or a listener refuses, every value is what it was, and
 *    the listeners already told have been told again.
 * 2. The working folder is the process's; `dir` is asked for, never stored.
 * 3. Texts are latin-1 texts, one char per byte; `path` gives a JavaScript string.
 */

import { latin1Bytes } from "../base/bytes.ts";
import { globMatchText } from "../base/glob.ts";
import { type ConfLine, type Directive, Refusal } from "./directive.ts";
import { type DirectiveName, directives, type NamesOf, type ValueOf } from "./directives.ts";
import { lowerAscii, splitArguments } from "./quoting.ts";
import { type PersistedDirective, rewriteText } from "./rewrite.ts";

/** The process's working folder. Paths are latin-1 texts. */
export interface WorkingFolder {
  current(): string;
  /** Moves there; returns the system's error text ("No such file or directory") when that fails. */
  change(path: string): string | undefined;
}

/**
 * Called after directives it subscribed to have changed, once for each CONFIG SET. Returns why the change is refused
 * ("Unable to listen on this port. Check server logs."), in which case it is called again with the old values in place.
 */
export type ConfigListener = (config: Config) => string | undefined | void;

/** Who asks for CONFIG SET. */
export interface SetContext {
  /** The client is connected over loopback or a Unix socket. */
  readonly local: boolean;
  /** The data set is being loaded. */
  readonly loading: boolean;
}

interface Slot {
  readonly name: DirectiveName;
  readonly directive: Directive<unknown>;
  value: unknown;
}

/** One change while a CONFIG SET is under way. */
interface Change {
  readonly slot: Slot;
  readonly text: string;
  /** The name to show in an error. */
  readonly shown: string;
  readonly before: unknown;
}

/** A pattern rather than a name, by Redis's rule. */
const GLOB = /[[*?]/;

export class Config {
  /** By primary name and by alias, in the order of the table. */
  readonly #slots = new Map<string, Slot>();
  readonly #listeners = new Map<DirectiveName, Set<ConfigListener>>();
  readonly #folder: WorkingFolder;

  /** Every directive at its default. */
  constructor(folder: WorkingFolder) {
    this.#folder = folder;
    for (const [name, directive] of Object.entries(directives) as [DirectiveName, Directive<unknown>][]) {
      const slot: Slot = { name, directive, value: directive.byDefault };
      this.#slots.set(name, slot);
      if (directive.alias !== undefined) this.#slots.set(directive.alias, slot);
    }
  }

  /** The value of a directive, typed by the table. */
  value<N extends DirectiveName>(name: N): ValueOf<N> {
    return this.#value(this.#slots.get(name)!) as ValueOf<N>;
  }

  /** A number; memory sizes in bytes, a percentage p as -p. */
  int(name: NamesOf<number>): number {
    return this.value(name);
  }

  bool(name: NamesOf<boolean>): boolean {
    return this.value(name);
  }

  /** A text or the word of an enumeration, as a latin-1 text. */
  text(name: NamesOf<string>): string {
    return this.value(name);
  }

  /** A text that names a file, decoded from UTF-8. */
  path(name: NamesOf<string>): string {
    return new TextDecoder().decode(latin1Bytes(this.text(name)));
  }

  /** Whether `name` (or alias, any case) is a directive whose value must not be shown to others. */
  isSensitive(name: string): boolean {
    return this.#slots.get(lowerAscii(name))?.directive.sensitive === true;
  }

  /** Calls `listener` after any of `names` has changed. Nothing is called for the values that are there already. */
  on(names: DirectiveName | readonly DirectiveName[], listener: ConfigListener): void {
    for (const name of typeof names === "string" ? [names] : names) {
      const listeners = this.#listeners.get(name) ?? new Set();
      this.#listeners.set(name, listeners.add(listener));
    }
  }

  /**
   * CONFIG GET: pairs of name and value. A name without glob characters is answered as the client wrote it, and finds hidden
   * directives too; a pattern is matched without regard to case.
   */
  get(patterns: readonly string[]): [name: string, value: string][] {
    const found = new Map<string, [string, string]>();
    const add = (shown: string, slot: Slot) => {
      const key = lowerAscii(shown);
      if (!found.has(key)) found.set(key, [shown, slot.directive.type.format(this.#value(slot))]);
    };
    for (const pattern of patterns) {
      if (!GLOB.test(pattern)) {
        const slot = this.#slots.get(lowerAscii(pattern));
        if (slot !== undefined) add(pattern, slot);
        continue;
      }
      for (const [name, slot] of this.#slots) {
        if (slot.directive.hidden !== true && globMatchText(pattern, name)) add(name, slot);
      }
    }
    return [...found.values()];
  }

  /**
   * CONFIG SET with pairs of name and value. Returns the error reply, code included and without "-", or undefined when
   * everything is set.
   */
  set(pairs: readonly (readonly [name: string, value: string])[], context: SetContext): string | undefined {
    const changes = this.#prepare(pairs, context);
    if (typeof changes === "string") return changes;
    for (const [done, change] of changes.entries()) {
      const { slot, text, shown } = change;
      const args = !slot.directive.type.multi ? [text] : text === "" ? [] : text.split(" ");
      const reason = this.#assign(slot, args, false);
      if (reason === undefined) continue;
      this.#restore(changes.slice(0, done));
      return failed(shown, reason);
    }
    return this.#announce(changes.filter(({ slot, before }) => !this.#isSame(slot, before)));
  }

  /**
   * Sets a directive as a line of redis.conf does, or returns why not; undefined also when `name` is no directive, which
   * `has` tells. No listener is called. `repeated`: the line's directive has occurred before in this configuration.
   */
  load(name: string, args: readonly string[], repeated: boolean): string | undefined {
    const slot = this.#slots.get(lowerAscii(name));
    if (slot === undefined) return undefined;
    if (!slot.directive.type.multi && args.length !== 1) return "wrong number of arguments";
    // One quoted argument may hold them all: save "900 1 300 10".
    const inner = slot.directive.type.multi && args.length === 1 && args[0] !== "" ? splitArguments(args[0]) : args;
    return this.#assign(slot, inner ?? [], repeated);
  }

  /** The primary name of a directive given by name or alias in any case, or undefined. */
  primaryName(name: string): DirectiveName | undefined {
    return this.#slots.get(lowerAscii(name))?.name;
  }

  /**
   * CONFIG REWRITE: the new text of the configuration file whose old text (latin-1, "" when there is none) is given. `users`
   * are the ACL's users as `user` lines without that word; none when an ACL file has them. `all`: also what is as by default.
   */
  rewrite(oldText: string, users: readonly string[], all = false): string {
    const persisted: PersistedDirective[] = [];
    for (const [name, slot] of this.#slots) {
      if (name === slot.name) {
        persisted.push({
          name,
          lines: this.#lines(slot).map((line) => all ? { ...line, force: true } : line),
        });
      }
    }
    persisted.push({ name: "user", lines: users.map((user) => ({ text: `user ${user}`, force: true })) });
    return rewriteText(oldText, persisted, (name) => this.primaryName(name));
  }

  #lines(slot: Slot): ConfLine[] {
    // A cluster node's master is in nodes.conf.
    if (slot.name === "replicaof" && this.bool("cluster-enabled")) return [];
    return slot.directive.type.lines(slot.name, this.#value(slot), slot.directive.byDefault);
  }

  #value(slot: Slot): unknown {
    return slot.name === "dir" ? this.#folder.current() : slot.value;
  }

  #isSame(slot: Slot, before: unknown): boolean {
    return slot.directive.type.format(this.#value(slot)) === slot.directive.type.format(before);
  }

  /** Checks names and permissions; returns the changes to make, or the error reply. */
  #prepare(pairs: readonly (readonly [string, string])[], context: SetContext): Change[] | string {
    const changes: Change[] = [];
    for (const [name, text] of pairs) {
      const shown = lowerAscii(name);
      const slot = this.#slots.get(shown);
      if (slot === undefined) return `ERR Unknown option or number of arguments for CONFIG SET - '${name}'`;
      const { immutable, protected: isProtected, denyLoading } = slot.directive;
      if (immutable) return failed(name, "can't set immutable config");
      if (isProtected && !this.#allowsProtected(context)) return failed(name, "can't set protected config");
      if (denyLoading && context.loading) return "LOADING Redis is loading the dataset in memory";
      if (changes.some((change) => change.shown === shown)) return failed(name, "duplicate parameter");
      changes.push({ slot, text, shown, before: this.#value(slot) });
    }
    return changes;
  }

  #allowsProtected(context: SetContext): boolean {
    const allowed = this.value("enable-protected-configs");
    return allowed === "yes" || (allowed === "local" && context.local);
  }

  /** Parses, checks and stores; returns why not. */
  #assign(slot: Slot, args: readonly string[], repeated: boolean): string | undefined {
    const { type, check } = slot.directive;
    const value = type.parse(args, this.#value(slot), repeated);
    if (value instanceof Refusal) return value.text;
    const reason = check?.(value);
    if (reason !== undefined) return reason;
    if (slot.name === "dir") return this.#folder.change(value as string);
    slot.value = value;
    return undefined;
  }

  #restore(changes: readonly Change[]): void {
    for (const { slot, before } of changes) {
      if (slot.name === "dir") this.#folder.change(before as string);
      else slot.value = before;
    }
  }

  /** Tells the listeners of what changed; on a refusal puts everything back. */
  #announce(changes: readonly Change[]): string | undefined {
    const told = new Set<ConfigListener>();
    for (const { slot, shown } of changes) {
      for (const listener of this.#listeners.get(slot.name) ?? []) {
        if (told.has(listener)) continue;
        told.add(listener);
        const reason = listener(this);
        if (reason === undefined) continue;
        this.#restore(changes);
        for (const earlier of told) earlier(this);
        return failed(shown, reason as string);
      }
    }
    return undefined;
  }
}

function failed(name: string, reason: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;
}
