/** connect-redis: express-session keeps the sessions of an HTTP server in the store. */

import { assert, assertEquals } from "@std/assert";
import { RedisStore } from "connect-redis";
import session from "express-session";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createClient } from "redis";
import { cleanup, waitFor } from "../harness.ts";
import { testSession } from "./servers.ts";

type Visit = IncomingMessage & {
  sessionID: string;
  session: { views?: number; name?: string; regenerate(done: () => void): void; destroy(done: () => void): void };
};

/** Counts views; /name/x remembers a name, /login begins a new session, /logout ends it. */
function answer(request: Visit, response: ServerResponse): void {
  const reply = () =>
    response.end(JSON.stringify({ id: request.sessionID, views: request.session?.views, name: request.session?.name }));
  const [, action, name] = request.url!.split("/");
  if (action === "login") return request.session.regenerate(reply);
  if (action === "logout") return request.session.destroy(reply);
  if (action === "name") request.session.name = decodeURIComponent(name);
  request.session.views = (request.session.views ?? 0) + 1;
  reply();
}

/** A program at the other end: keeps its cookie. */
function visitor(port: number): (path: string) => Promise<{ id: string; views?: number; name?: string }> {
  let cookie = "";
  return async (path) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: cookie === "" ? {} : { cookie } });
    cookie = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
    return await response.json();
  };
}

testSession("connect-redis", async (port) => {
  const client = createClient({ socket: { port, host: "127.0.0.1" } });
  await client.connect();
  cleanup(() => client.destroy());
  const store = new RedisStore({ client, prefix: "app:", scanCount: 2 });
  const middleware = session({
    store,
    secret: "a secret",
    resave: false,
    saveUninitialized: true,
    rolling: true,
    cookie: { maxAge: 100_000 },
  });
  const server = createServer((request, response) => {
    middleware(request as never, response as never, () => answer(request as Visit, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup(() => {
    server.closeAllConnections();
    server.close();
  });
  const at = (server.address() as AddressInfo).port;
  const [ann, bob] = [visitor(at), visitor(at)];

  // Each has a session of his own, which lasts as long as the cookie says.
  const { id } = await ann("/");
  assertEquals((await ann("/name/Ann%20%C3%84.")).views, 2);
  assertEquals((await bob("/")).views, 1);
  assertEquals(await ann("/"), { id, views: 3, name: "Ann Ä." });
  const ttl = await client.ttl(`app:${id}`);
  assert(ttl > 90 && ttl <= 100, `${ttl} s`);
  assertEquals(JSON.parse((await client.get(`app:${id}`))!).views, 3);

  // A session that is only touched lasts longer again.
  await client.expire(`app:${id}`, 10);
  await ann("/");
  assert(await client.ttl(`app:${id}`) > 90);

  // A new session in place of the old one; none; one that the server has forgotten.
  const login = await ann("/login");
  assert(login.id !== id);
  assertEquals(await client.exists([`app:${id}`, `app:${login.id}`]), 1);
  assertEquals((await ann("/")).id, login.id);
  await ann("/logout");
  assertEquals(await client.exists(`app:${login.id}`), 0);
  await ann("/");
  await client.pExpire(`app:${(await ann("/")).id}`, 1);
  await waitFor(async () => (await store.length()) === 1, "the session to expire");
  assertEquals((await ann("/")).views, 1);

  // The store as its users see it, among other keys.
  await client.set("other", "key");
  const many = Array.from({ length: 30 }, (_, i) => `s${i}`);
  for (const sid of many) await store.set(sid, { cookie: {}, sid } as never);
  assertEquals((await store.get("s7") as { sid?: string }).sid, "s7");
  assertEquals(await store.get("none"), null);
  assertEquals(await store.length(), 32);
  assertEquals((await store.ids() as string[]).filter((sid) => many.includes(sid)).sort(), [...many].sort());
  assertEquals((await store.all() as { id: string }[]).length, 32);
  assertEquals(await client.ttl("app:s7"), 86400);
  await client.expire("app:s7", 10);
  await store.touch("s7", { cookie: {} } as never);
  assert(await client.ttl("app:s7") > 10);
  await store.set("s8", { cookie: { expires: new Date(Date.now() - 1000) } } as never);
  await store.destroy("s9");
  assertEquals(await store.length(), 30);
  await store.clear();
  assertEquals(await store.length(), 0);
  assertEquals(await client.get("other"), "key");
});
