import { engineTester } from "../engine.ts";
const t = engineTester();
for (
  const l of [
    "SADD s 1 2 3",
    "SMEMBERS s",
    "SADD s a",
    "SMEMBERS s",
    "SADD s 2",
    "SISMEMBER s 2",
    "SREM s 1 a",
    "SMEMBERS s",
    "SINTER s s",
    "SUNION s s",
    "SADD u x y z 2",
    "SDIFF u s",
    "SDIFFSTORE d u s",
    "SMEMBERS d",
    "SMOVE d s x",
    "SMEMBERS s",
    "SPOP d 10",
    "SPOP d",
    "SRANDMEMBER u -5",
    "SRANDMEMBER u 2",
    "SSCAN u 0",
    "SINTERCARD 2 u s LIMIT 1",
    "SUNIONSTORE a u s",
    "SMEMBERS a",
  ]
) console.log(l, "\n" + t.show(l));
const many = Array.from({ length: 1000 }, (_, i) => "m" + i);
t.run("SADD", "big", ...many);
console.log(t.show("SCARD big"), t.show("SPOP big 3"), t.show("SCARD big"), t.show("SRANDMEMBER big 4"));
console.log(t.takeEvents().join(","));
let cur = "0", seen = new Set(), steps = 0;
do {
  const r: any = t.run("SSCAN", "big", cur, "COUNT", "50");
  cur = new TextDecoder().decode(r.items?.[0].bytes ?? new Uint8Array()) || String(r.items[0].text);
  for (const m of r.items[1].items) seen.add(m.text ?? new TextDecoder().decode(m.bytes));
  steps++;
} while (cur !== "0" && steps < 200);
console.log(seen.size, steps);
