/** ReplyGroup: when replies leave, and what they leave behind in the encoder. */
import { assertEquals } from "@std/assert";
import { latin1Text } from "../../src/base/bytes.ts";
import { Reply } from "../../src/codec/resp/reply.ts";
import type { Socket } from "../../src/runtime/mod.ts";
import { ReplyGroup } from "../../src/threads/main/reply_group.ts";
import { Session } from "../../src/threads/main/session.ts";
import { test } from "../harness.ts";

const NO_SOCKET = {} as Socket;

function setUp() {
  const reply = new Reply();
  const sent: string[] = [];
  const clock = { ms: 0, onSend: (_session: Session) => {} };
  const group = new ReplyGroup(reply, (session, buf, from, to) => {
    sent.push(`${session.id} ${latin1Text(buf, from, to)}`);
    clock.onSend(session);
  }, () => clock.ms);
  const sessions = Array.from({ length: 4 }, (_, id) => new Session(id, NO_SOCKET, 0));
  return { reply, sent, clock, group, sessions };
}

test("reply group: sessions have their own replies, in order, once", () => {
  const { reply, sent, group, sessions } = setUp();
  for (let round = 0; round < 3; round++) {
    for (const session of sessions.slice(0, 3)) {
      reply.text(`to ${session.id}`);
      group.add(session);
    }
    assertEquals(sent.length, 0);
    assertEquals(sessions.map((session) => session.grouped), [true, true, true, false]);
    group.leave();
    group.leave();
    assertEquals(sent.splice(0), ["0 to 0", "1 to 1", "2 to 2"]);
    assertEquals(sessions.some((session) => session.grouped), false);
    assertEquals([reply.pos, group.start], [0, 0]);
  }
});

test("reply group: it leaves after a millisecond, or with many bytes", () => {
  const { reply, sent, clock, group, sessions } = setUp();
  reply.text("a");
  group.add(sessions[0]!);
  clock.ms = 0.9;
  reply.text("b");
  group.add(sessions[1]!);
  assertEquals(sent, []);
  clock.ms = 1;
  reply.text("c");
  group.add(sessions[2]!);
  assertEquals(sent.splice(0), ["0 a", "1 b", "2 c"]);
  const long = "x".repeat(70_000);
  for (const session of sessions.slice(0, 2)) {
    assertEquals(sent, []);
    reply.text(long);
    group.add(session);
  }
  assertEquals(sent, [`0 ${long}`, `1 ${long}`]);
});

test("reply group: while a request runs, its replies stay", () => {
  const { reply, sent, group, sessions } = setUp();
  reply.text("first");
  group.add(sessions[0]!);
  reply.text("of the one that runs");
  group.leave();
  assertEquals(sent.splice(0), ["0 first"]);
  assertEquals(latin1Text(reply.buf, group.start, reply.pos), "of the one that runs");
  group.add(sessions[1]!);
  reply.text("dropped");
  group.drop();
  reply.text("third");
  group.add(sessions[2]!);
  group.leave();
  assertEquals(sent, ["1 of the one that runs", "2 third"]);
  assertEquals([reply.pos, group.start], [0, 0]);
});

test("reply group: a session that is closed on the way gets nothing", () => {
  const { reply, sent, clock, group, sessions } = setUp();
  for (const session of sessions) {
    reply.text(String(session.id));
    group.add(session);
  }
  clock.onSend = (session) => {
    if (session.id !== 1) return;
    sessions[2]!.closed = true;
    group.leave(); // as closing it asks for
  };
  group.leave();
  assertEquals(sent, ["0 0", "1 1", "3 3"]);
});
