/**
 * Pubsub: who listens to which channels and patterns, and what publishing to them reaches. Main thread.
 *
 * Invariants:
 * 1. A channel or pattern is here exactly while someone listens to it.
 * 2. `session.subscriptions` says the same from the session's side; it is undefined for a session without any, whose gate then lacks
 *    SUBSCRIBED.
 * 3. Publishing allocates nothing: a message is encoded at most once a protocol and channel or pattern that matches.
 */
import { equalBytes } from "../../base/bytes.ts";
import { globMatch } from "../../base/glob.ts";
import { KeyHash } from "../../base/hash.ts";
import type { Reply } from "../../codec/resp/reply.ts";
import type { Pushes } from "./pushes.ts";
import { Gate, type Session } from "./session.ts";

/** A channel or a pattern, with those that listen. */
export interface Topic {
  readonly name: Uint8Array;
  readonly hash: number;
  readonly sessions: Set<Session>;
  /** Another topic with this hash. */
  next: Topic | undefined;
}

/** What one session listens to. */
export class Subscriptions {
  readonly channels = new Set<Topic>();
  readonly patterns = new Set<Topic>();
  readonly shardChannels = new Set<Topic>();

  get count(): number {
    return this.channels.size + this.patterns.size + this.shardChannels.size;
  }
}

/** Kinds of topics, as Pubsub and Subscriptions name them. */
export type TopicKind = "channels" | "patterns" | "shardChannels";

/** The names of one kind; looked up by bytes, without a string. */
export class Topics {
  size = 0;
  private readonly byHash = new Map<number, Topic>();

  constructor(private readonly hash: KeyHash) {}

  find(buf: Uint8Array, from: number, len: number): Topic | undefined {
    let topic = this.byHash.get(this.hash.of(buf, from, len));
    while (topic !== undefined && !(topic.name.length === len && equalBytes(topic.name, 0, buf, from, len))) {
      topic = topic.next;
    }
    return topic;
  }

  /** The topic of that name, made if it is not there. */
  open(buf: Uint8Array, from: number, len: number): Topic {
    const known = this.find(buf, from, len);
    if (known !== undefined) return known;
    const hash = this.hash.of(buf, from, len);
    const topic = {
      name: buf.slice(from, from + len),
      hash,
      sessions: new Set<Session>(),
      next: this.byHash.get(hash),
    };
    this.byHash.set(hash, topic);
    this.size++;
    return topic;
  }

  remove(topic: Topic): void {
    this.size--;
    const first = this.byHash.get(topic.hash)!;
    if (first !== topic) {
      let before = first;
      while (before.next !== topic) before = before.next!;
      before.next = topic.next;
    } else if (topic.next === undefined) this.byHash.delete(topic.hash);
    else this.byHash.set(topic.hash, topic.next);
  }

  /** All topics. */
  *all(): Iterable<Topic> {
    for (const first of this.byHash.values()) {
      for (let topic: Topic | undefined = first; topic !== undefined; topic = topic.next) yield topic;
    }
  }
}

export class Pubsub {
  readonly channels: Topics;
  readonly shardChannels: Topics;
  /** Patterns by name; publishing walks over `patternList`. */
  readonly patterns: Topics;
  private readonly patternList = new Set<Topic>();
  /** Sessions that listen to anything. */
  clients = 0;

  /** Session whose request causes what is published now, and its record: see Pushes.push. */
  cause: Session | undefined;
  causeRecord = -1;

  constructor(private readonly pushes: Pushes) {
    const words = crypto.getRandomValues(new Int32Array(2));
    const hash = new KeyHash(words[0], words[1]);
    this.channels = new Topics(hash);
    this.shardChannels = new Topics(hash);
    this.patterns = new Topics(hash);
  }

  /** True when nobody listens to channels or patterns. */
  get silent(): boolean {
    return this.channels.size === 0 && this.patterns.size === 0;
  }

  // ---- subscribing --------------------------------------------------------------------------------------------------

  /** The session listens to buf[from, from+len) of that kind from now on. */
  subscribe(session: Session, kind: TopicKind, buf: Uint8Array, from: number, len: number): void {
    const topic = this[kind].open(buf, from, len);
    if (session.subscriptions === undefined) {
      session.subscriptions = new Subscriptions();
      session.gate |= Gate.SUBSCRIBED;
      this.clients++;
    }
    session.subscriptions[kind].add(topic);
    topic.sessions.add(session);
    if (kind === "patterns") this.patternList.add(topic);
  }

  /** The session no longer listens to the topic. */
  unsubscribe(session: Session, kind: TopicKind, topic: Topic): void {
    const subscriptions = session.subscriptions!;
    subscriptions[kind].delete(topic);
    topic.sessions.delete(session);
    if (topic.sessions.size === 0) {
      this[kind].remove(topic);
      this.patternList.delete(topic);
    }
    if (subscriptions.count > 0) return;
    session.subscriptions = undefined;
    session.gate &= ~Gate.SUBSCRIBED;
    this.clients--;
  }

  /** RESET and the connection's end. */
  leave(session: Session): void {
    for (const kind of KINDS) {
      for (const topic of session.subscriptions?.[kind] ?? []) this.unsubscribe(session, kind, topic);
    }
  }

  // ---- publishing ---------------------------------------------------------------------------------------------------

  /**
   * Publishes a[at, at+len) to the channel c[channelAt, channelAt+channelLen), and to the patterns that match it. Returns how many
   * subscriptions it reached.
   */
  publish(c: Uint8Array, channelAt: number, channelLen: number, a: Uint8Array, at: number, len: number): number {
    let reached = 0;
    const channel = this.channels.find(c, channelAt, channelLen);
    if (channel !== undefined) reached += this.send("message", channel, c, channelAt, -1, a, at, len);
    if (this.patterns.size === 0) return reached;
    const end = channelAt + channelLen;
    for (const pattern of this.patternList) {
      if (!globMatch(pattern.name, 0, pattern.name.length, c, channelAt, end, false)) continue;
      reached += this.send("pmessage", pattern, c, channelAt, channelLen, a, at, len);
    }
    return reached;
  }

  /** The same for shard channels, which patterns do not concern. */
  publishToShard(c: Uint8Array, channelAt: number, channelLen: number, a: Uint8Array, at: number, len: number): number {
    const channel = this.shardChannels.find(c, channelAt, channelLen);
    return channel === undefined ? 0 : this.send("smessage", channel, c, channelAt, -1, a, at, len);
  }

  /** Sends a message to all that listen to the topic; it names the channel too unless `channelLen` is -1. */
  private send(
    kind: string,
    topic: Topic,
    c: Uint8Array,
    channelAt: number,
    channelLen: number,
    a: Uint8Array,
    at: number,
    len: number,
  ): number {
    const { pushes } = this;
    const { resp2, resp3 } = pushes;
    pushes.begin();
    // Where the message stands in the encoders, once it was needed there.
    let at2 = -1;
    let at3 = -1;
    for (const session of topic.sessions) {
      if (session.resp3) {
        if (at3 < 0) at3 = encode(resp3, kind, topic.name, c, channelAt, channelLen, a, at, len);
        pushes.push(session, at3, resp3.pos, this.cause, this.causeRecord);
      } else {
        if (at2 < 0) at2 = encode(resp2, kind, topic.name, c, channelAt, channelLen, a, at, len);
        pushes.push(session, at2, resp2.pos, this.cause, this.causeRecord);
      }
    }
    return topic.sessions.size;
  }
}

const KINDS: readonly TopicKind[] = ["channels", "patterns", "shardChannels"];

/** Appends a message to an encoder; returns where it starts. */
function encode(
  to: Reply,
  kind: string,
  name: Uint8Array,
  c: Uint8Array,
  channelAt: number,
  channelLen: number,
  a: Uint8Array,
  at: number,
  len: number,
): number {
  const start = to.pos;
  to.push(channelLen < 0 ? 3 : 4);
  to.bulkText(kind);
  to.bulk(name, 0, name.length);
  if (channelLen >= 0) to.bulk(c, channelAt, channelLen);
  to.bulk(a, at, len);
  return start;
}
