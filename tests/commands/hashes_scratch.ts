import { engineTester } from "../engine.ts";
for (const ht of [false, true]) {
  const t = engineTester();
  if (ht) t.engine.limits.hashMaxListpackEntries = 0;
  for (
    const l of [
      "HSET h a 1 b 2 c 3",
      "HGETALL h",
      "HSET h a 10 d 4",
      "HGET h a",
      "HMGET h a x d",
      "HDEL h b",
      "HKEYS h",
      "HVALS h",
      "HINCRBY h a 5",
      "HINCRBYFLOAT h a 0.5",
      "HLEN h",
      "HEXPIRE h 10 FIELDS 2 a c",
      "HPTTL h FIELDS 3 a c d",
      "HGETALL h",
      "HEXPIRE h 5 GT FIELDS 1 a",
      "HEXPIRE h 5 LT FIELDS 1 a",
      "HTTL h FIELDS 1 a",
      "HSET h a 3",
      "HTTL h FIELDS 1 a",
      "HPERSIST h FIELDS 2 a c",
      "HEXPIRE h 3 FIELDS 1 c",
      "HSETEX h EX 20 FIELDS 2 x 1 y 2",
      "HGETEX h PERSIST FIELDS 1 x",
      "HSCAN h 0",
      "HRANDFIELD h 2 WITHVALUES",
      "HRANDFIELD h -3",
      "HGETDEL h FIELDS 2 a d",
      "HGETALL h",
    ]
  ) console.log(l, "\n" + t.show(l));
  t.advance(4000);
  console.log(
    t.show("HGETALL h"),
    t.show("HLEN h"),
    t.show("HGET h c"),
    t.show("HLEN h"),
    t.show("HEXPIRE h 1 FIELDS 1 x"),
  );
  t.advance(17000);
  t.engine.step(10, () => performance.now());
  console.log(t.show("HGETALL h"), t.show("HLEN h"), t.store.count(0), t.store.arena.usedBytes);
  console.log(t.takeEvents().join(","));
}
