/** GEOSEARCH, GEOSEARCHSTORE and the GEORADIUS commands: members within a circle or a box. */
import { ZsetBuilder } from "../../store/types/zset_builder.ts";
import type { Call } from "../call.ts";
import { keyAt, type KeySpec, READ_KEY, type ShardCommand } from "../command.ts";
import { deleteTarget, finishStore } from "../sorted_sets/range.ts";
import { replyDistance } from "./distance.ts";
import { Found } from "./found.ts";
import { replyPoint } from "./position.ts";
import { Search, type SearchForm, SORT_NONE } from "./search_arguments.ts";

const STORE_KEYS = (from: number): readonly KeySpec[] => [
  keyAt(1, "RO", "access"),
  { flags: ["OW", "update"], begin: { keyword: "STORE", from }, find: { last: 0, step: 1, limit: 0 } },
  { flags: ["OW", "update"], begin: { keyword: "STOREDIST", from }, find: { last: 0, step: 1, limit: 0 } },
];
const COMPLEXITY =
  "O(N+log(M)), N the number of members in the squares of the grid that cover the area, and M the number of members of the index";
const CENTRE = "<FROMMEMBER member | FROMLONLAT longitude:double latitude:double>";
const UNIT = "<M | KM | FT | MI>";
const SHAPE = `<BYRADIUS radius:double ${UNIT} | BYBOX width:double height:double ${UNIT}>`;
const COUNT = "[COUNT count [ANY]]";
const WITH = "[WITHCOORD] [WITHDIST] [WITHHASH]";
const STORE = "[STORE key | STOREDIST key]";
const UNITS_OF_ANY_CASE = ["7.0.0", "Units may be in capitals."] as const;

const SEARCH_FORM: SearchForm = { name: "geosearch", source: 1, centre: "option", store: "none" };
const SEARCHSTORE_FORM: SearchForm = { name: "geosearchstore", source: 2, centre: "option", store: "target" };
const RADIUS_FORM: SearchForm = { name: "georadius", source: 1, centre: "point", store: "option" };
const RADIUS_RO_FORM: SearchForm = { ...RADIUS_FORM, store: "none" };
const MEMBER_FORM: SearchForm = { name: "georadiusbymember", source: 1, centre: "member", store: "option" };
const MEMBER_RO_FORM: SearchForm = { ...MEMBER_FORM, store: "none" };

export const geosearch: ShardCommand = {
  name: "geosearch",
  arity: -7,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "geo",
  since: "6.2.0",
  summary: "Returns the members of a geospatial index within a circle or a box.",
  complexity: COMPLEXITY,
  syntax: `key ${CENTRE} ${SHAPE} [ASC | DESC] ${COUNT} ${WITH}`,
  history: [UNITS_OF_ANY_CASE],
  run(call: Call): void {
    search(call, SEARCH_FORM);
  },
};

export const geosearchstore: ShardCommand = {
  name: "geosearchstore",
  arity: -8,
  flags: ["write", "denyoom"],
  keys: [keyAt(1, "OW", "update"), keyAt(2, "RO", "access")],
  group: "geo",
  since: "6.2.0",
  summary: "Makes a key hold the members of a geospatial index within a circle or a box.",
  complexity: COMPLEXITY,
  syntax: `destination:key source:key ${CENTRE} ${SHAPE} [ASC | DESC] ${COUNT} [STOREDIST]`,
  history: [UNITS_OF_ANY_CASE],
  run(call: Call): void {
    search(call, SEARCHSTORE_FORM);
  },
};

export const georadius: ShardCommand = {
  name: "georadius",
  arity: -6,
  flags: ["write", "denyoom", "movablekeys"],
  keys: STORE_KEYS(6),
  group: "geo",
  since: "3.2.0",
  summary: "Returns or stores the members of a geospatial index within a circle around a point.",
  complexity: COMPLEXITY,
  syntax: `key longitude:double latitude:double radius:double ${UNIT} ${WITH} ${COUNT} [ASC | DESC] ${STORE}`,
  deprecated: {
    since: "6.2.0",
    replacedBy: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
  },
  history: [["6.2.0", "Option `ANY`."], UNITS_OF_ANY_CASE],
  run(call: Call): void {
    search(call, RADIUS_FORM);
  },
};

export const georadiusRo: ShardCommand = {
  name: "georadius_ro",
  arity: -6,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "geo",
  since: "3.2.10",
  summary: "Returns the members of a geospatial index within a circle around a point.",
  complexity: COMPLEXITY,
  syntax: `key longitude:double latitude:double radius:double ${UNIT} ${WITH} ${COUNT} [ASC | DESC]`,
  deprecated: { since: "6.2.0", replacedBy: "`GEOSEARCH` with the `BYRADIUS` argument" },
  history: [["6.2.0", "Option `ANY`."]],
  run(call: Call): void {
    search(call, RADIUS_RO_FORM);
  },
};

export const georadiusbymember: ShardCommand = {
  name: "georadiusbymember",
  arity: -5,
  flags: ["write", "denyoom", "movablekeys"],
  keys: STORE_KEYS(5),
  group: "geo",
  since: "3.2.0",
  summary: "Returns or stores the members of a geospatial index within a circle around one of them.",
  complexity: COMPLEXITY,
  syntax: `key member radius:double ${UNIT} ${WITH} ${COUNT} [ASC | DESC] ${STORE}`,
  deprecated: {
    since: "6.2.0",
    replacedBy: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
  },
  history: [["6.2.0", "Option `ANY`."], UNITS_OF_ANY_CASE],
  run(call: Call): void {
    search(call, MEMBER_FORM);
  },
};

export const georadiusbymemberRo: ShardCommand = {
  name: "georadiusbymember_ro",
  arity: -5,
  flags: ["readonly"],
  keys: READ_KEY,
  group: "geo",
  since: "3.2.10",
  summary: "Returns the members of a geospatial index within a circle around one of them.",
  complexity: COMPLEXITY,
  syntax: `key member radius:double ${UNIT} ${WITH} ${COUNT} [ASC | DESC]`,
  deprecated: { since: "6.2.0", replacedBy: "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments" },
  run(call: Call): void {
    search(call, MEMBER_RO_FORM);
  },
};

/** Members that one recorded ZADD names, at most. */
const ZADD_MEMBERS = 1024;
/** Bytes that a stored member takes, for `needRoom`. */
const MEMBER_BYTES = 80;

function search(call: Call, form: SearchForm): void {
  const wanted = new Search(call, form);
  if (wanted.e === 0) {
    if (wanted.target === 0) call.reply.array(0);
    else {
      deleteTarget(call, wanted.target);
      call.reply.int(0);
    }
    return;
  }
  const cursor = call.storeOf(form.source).zsets.cursor;
  cursor.open(wanted.e);
  const found = new Found();
  found.gather(wanted.area, cursor, wanted.any ? wanted.count : Infinity);
  const n = wanted.count > 0 ? Math.min(wanted.count, found.count) : found.count;
  if (wanted.sort !== SORT_NONE) found.sort(wanted.sort, n);
  if (wanted.target !== 0) storeFound(call, form, wanted, found, n);
  else replyFound(call, wanted, found, n);
}

function replyFound(call: Call, wanted: Search, found: Found, n: number): void {
  const { reply } = call;
  const cursor = call.storeOf(1).zsets.cursor;
  const fields = 1 + Number(wanted.withDistance) + Number(wanted.withHash) + Number(wanted.withPoint);
  reply.array(n);
  for (let k = 0; k < n; k++) {
    const index = found.order[k];
    cursor.revisit(found.place[index]);
    if (fields > 1) reply.array(fields);
    reply.bulk(cursor.bytes, cursor.at, cursor.len);
    if (wanted.withDistance) replyDistance(reply, found.metres[index] / wanted.area.unit);
    if (wanted.withHash) reply.int(found.score[index]);
    if (wanted.withPoint) replyPoint(reply, found.score[index]);
  }
}

function storeFound(call: Call, form: SearchForm, wanted: Search, found: Found, n: number): void {
  const { target, area } = wanted;
  const cursor = call.storeOf(form.source).zsets.cursor;
  call.needRoom(target, n * MEMBER_BYTES);
  const builder = new ZsetBuilder(call.storeOf(target));
  try {
    for (let k = 0; k < n; k++) {
      const index = found.order[k];
      cursor.revisit(found.place[index]);
      const score = wanted.storeDistance ? found.metres[index] / area.unit : found.score[index];
      builder.add(cursor.bytes, cursor.at, cursor.len, score);
    }
  } catch (error) {
    builder.discard();
    throw error;
  }
  finishStore(call, target, builder, form.store === "target" ? "geosearchstore" : "georadiusstore", n);
  if (call.effects.on && wanted.storeDistance && n > 0) recordDistances(call, target, n);
}

/** Records the `n` distances stored in the key of argument `target`: the last digit of one depends on who computes sines. */
function recordDistances(call: Call, target: number, n: number): void {
  const { effects } = call;
  const { cursor } = call.storeOf(target).zsets;
  effects.deleted(target, call.limits.lazyServerDel);
  cursor.open(call.peek(target));
  cursor.start(0, false);
  for (let k = 0; k < n; k++) {
    cursor.next();
    if (k % ZADD_MEMBERS === 0) {
      effects.begin(2 + 2 * Math.min(n - k, ZADD_MEMBERS));
      effects.text("ZADD");
      effects.arg(target);
    }
    effects.double(cursor.score);
    effects.bytes(cursor.bytes, cursor.at, cursor.len);
  }
}
