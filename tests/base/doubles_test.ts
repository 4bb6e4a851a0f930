/** Doubles and long doubles as text: Redis 7.4's reply layout, strtod's syntax, and sums that redis-server 7.0.15 gave. */

import { assert, assertEquals } from "@std/assert";
import { latin1Bytes, latin1Text } from "../../src/base/bytes.ts";
import { formatDouble, formatDouble17, parseDouble, parseScoreBound, writeDouble } from "../../src/base/doubles.ts";
import {
  classifyLongDouble,
  FLOAT_FINITE,
  FLOAT_INFINITE,
  FLOAT_INVALID,
  formatHumanDouble,
  LongDoubleSum,
  SUM_LEFT_INVALID,
  SUM_NOT_FINITE,
  SUM_OK,
  SUM_RIGHT_INVALID,
} from "../../src/base/long_doubles.ts";
import { test } from "../harness.ts";

function parse(text: string): number {
  const bytes = latin1Bytes("1" + text + "1");
  return parseDouble(bytes, 1, bytes.length - 1);
}

const sum = new LongDoubleSum();

function add(a: string, b: string): string | number {
  const [x, y] = [latin1Bytes(" " + a + " "), latin1Bytes(b)];
  const status = sum.add(x, 1, x.length - 1, y, 0, y.length);
  return status === SUM_OK ? latin1Text(sum.text, 0, sum.length) : status;
}

test("doubles: reply layout of Redis 7.4", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [-0, "-0"],
    [3, "3"],
    [-3.1, "-3.1"],
    [0.1 + 0.2, "0.30000000000000004"],
    [100, "100"],
    [9007199254740993, "9007199254740992"],
    [2 ** 62, "4611686018427387904"],
    [5e18, "5e+18"],
    [12345678901234567000, "12345678901234567000"],
    [1e21, "1e+21"],
    [1.0000000000000001e100, "1e+100"],
    [0.000001, "0.000001"],
    [1e-7, "1e-7"],
    [0.00001234, "1.234e-5"],
    [0.0012345678, "0.0012345678"],
    [12345.12345678, "1.234512345678e+4"],
    [1234.12345678, "1234.12345678"],
    [1700000000.123, "1700000000.123"],
    [Math.PI, "3.141592653589793"],
    [5e-324, "5e-324"],
    [-1.7976931348623157e308, "-1.7976931348623157e+308"],
    [Infinity, "inf"],
    [-Infinity, "-inf"],
    [NaN, "nan"],
  ];
  for (const [value, text] of cases) assertEquals(formatDouble(value), text);
  const out = new Uint8Array(40).fill(0x2e);
  assertEquals(writeDouble(out, 2, -12.5), 7);
  assertEquals(latin1Text(out, 0, 9), "..-12.5..");
});

test("doubles: %.17g, with exact ties to even", () => {
  const cases: [number, string][] = [
    [3.1, "3.1000000000000001"],
    [1e-7, "9.9999999999999995e-08"],
    [0.0001, "0.0001"],
    [0.00001, "1.0000000000000001e-05"],
    [1e20, "1e+20"],
    [123456, "123456"],
    [562949953421312.125, "562949953421312.12"],
    [562949953421312.375, "562949953421312.38"],
    [-0, "-0"],
    [5e-324, "4.9406564584124654e-324"],
    [Infinity, "inf"],
  ];
  for (const [value, text] of cases) assertEquals(formatDouble17(value), text);
});

test("doubles: what is written reads back", () => {
  const view = new DataView(new ArrayBuffer(8));
  let state = 88172645463325252n;
  for (let i = 0; i < 5000; i++) {
    state ^= BigInt.asUintN(64, state << 13n);
    state ^= state >> 7n;
    state ^= BigInt.asUintN(64, state << 17n);
    view.setBigUint64(0, state);
    const wild = view.getFloat64(0);
    if (!Number.isFinite(wild)) continue;
    for (const value of [wild, Number(wild.toPrecision(1 + i % 17)), (i * 7919 % 100003) / 10 ** (i % 9)]) {
      assert(Object.is(parse(formatDouble(value)), value), String(value));
      if (Math.abs(value) < 1e17) assertEquals(parse(formatDouble17(value)), value);
    }
  }
});

test("doubles: accepted and refused texts", () => {
  const accepted: [string, number][] = [
    ["1", 1],
    ["+1.5", 1.5],
    [".5", 0.5],
    ["5.", 5],
    ["-0", -0],
    ["1e5", 1e5],
    ["1E+2", 100],
    ["0x10", 16],
    ["0X1.8p1", 3],
    ["0x1p-1074", 5e-324],
    ["0x1.8p-1075", 5e-324],
    ["0x1.fffffffffffff7p1023", 1.7976931348623157e308],
    ["inf", Infinity],
    ["-Infinity", -Infinity],
    ["+INF", Infinity],
    ["3e-324", 5e-324],
    ["0e999999999999", 0],
    ["9007199254740993", 9007199254740992],
    ["123456789.123456789123456789", 123456789.12345679],
    ["000000000000000000000000000001.5", 1.5],
  ];
  for (const [text, value] of accepted) assert(Object.is(parse(text), value), text);
  const refused = [
    "",
    ".",
    "+",
    "e5",
    "1e",
    "1e+",
    "0x",
    "0x.p1",
    "0x1p",
    " 1",
    "1 ",
    "1a",
    "1.2.3",
    "--1",
    "nan",
    "-nan",
  ];
  refused.push("infinit", "1e400", "-1e400", "1e-400", "2e-324", "0x1p1024", "0x1p-1075", "1e999999999999", "1\0");
  for (const text of refused) assert(Number.isNaN(parse(text)), text);
});

test("doubles: bounds of score intervals are laxer", () => {
  const bound = (text: string) => parseScoreBound(latin1Bytes(text), 0, text.length);
  assertEquals(bound(""), 0);
  assertEquals(bound(" \t1.5"), 1.5);
  assertEquals(bound("1e400"), Infinity);
  assertEquals(bound("-inf"), -Infinity);
  assertEquals(bound("1e-400"), 0);
  for (const text of ["nan", " ", "1 ", "x"]) assert(Number.isNaN(bound(text)), text);
});

test("long doubles: sums that redis-server gave", () => {
  for (const [a, b, expected] of SUMS) {
    const got = String(add(a, b));
    assertEquals(expected.includes("…") ? got.slice(0, 20) + "…" + got.length : got, expected, `${a} + ${b}`);
  }
});

test("long doubles: the fast path agrees with the exact one", () => {
  let seed = 7;
  const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
  const digits = (n: number) => Array.from({ length: n }, () => random(10)).join("");
  for (let i = 0; i < 3000; i++) {
    const short = () =>
      (random(2) ? "-" : "") + (random(3) ? `${random(32)}.${digits(random(15))}` : digits(1 + random(15)));
    const [a, b] = [short(), short()];
    // An exponent sends the same values down the exact path.
    assertEquals(add(a, b), add(a + "e+0", b + "e-00"), `${a} + ${b}`);
    assertEquals(add(a, b), add(a + (a.includes(".") ? "" : ".") + "0".repeat(17), b), `${a} + ${b}`);
  }
});

test("long doubles: refused operands", () => {
  assertEquals(add("x", "1"), SUM_LEFT_INVALID);
  assertEquals(add("x", "y"), SUM_LEFT_INVALID);
  assertEquals(add("1", " 1"), SUM_RIGHT_INVALID);
  assertEquals(add("1", "nan"), SUM_RIGHT_INVALID);
  assertEquals(add("1", "inf"), SUM_NOT_FINITE);
  assertEquals(add("-inf", "inf"), SUM_NOT_FINITE);
  assertEquals(add("1.18e4932", "1.18e4932"), SUM_NOT_FINITE);
  assertEquals(add("1.2e4932", "1"), SUM_LEFT_INVALID);
  assertEquals(add("1", "1e-4952"), SUM_RIGHT_INVALID);
  assertEquals(add("1", "0".repeat(5 * 1024)), SUM_RIGHT_INVALID);
  assertEquals(add("1", "0".repeat(5 * 1024 - 1)), "1");
});

test("long doubles: classes of texts", () => {
  const classify = (text: string) => classifyLongDouble(latin1Bytes(text), 0, text.length);
  assertEquals(classify("1e4000"), FLOAT_FINITE);
  assertEquals(classify("-inf"), FLOAT_INFINITE);
  assertEquals(classify("1e5000"), FLOAT_INVALID);
  assertEquals(classify("nan"), FLOAT_INVALID);
});

test("long doubles: coordinates as GEOPOS prints them", () => {
  assertEquals(formatHumanDouble(13.36138933897018433), "13.36138933897018433");
  assertEquals(formatHumanDouble(-0), "0");
  assertEquals(formatHumanDouble(-122.5), "-122.5");
  assertEquals(formatHumanDouble(3.814697265625e-6), "0.00000381469726562");
});

const SUMS: [a: string, b: string, sum: string][] = [
  ["10.50", "0.1", "10.6"],
  ["5.0e3", "2.0e2", "5200"],
  ["0", "-0.0", "0"],
  ["1", "-1", "0"],
  ["3.0", "1.1", "4.1"],
  ["100.1", "0.2", "100.3"],
  ["1e4932", "1e-4950", "10000000000000000000…4933"],
  ["0x1.8p3", "0x.1", "12.0625"],
  ["-31.99999999999999", "0.00000000000001", "-31.99999999999998"],
  ["1e300", "-1e300", "0"],
  ["1.7976931348623157e308", "1", "17976931348623156999…309"],
  ["123456789012345", "999999999999999", "1123456789012344"],
  ["99999999999999999999", "0.5", "100000000000000000000"],
  ["1e-17", "0", "0.00000000000000001"],
  ["5e-18", "0", "0"],
  ["1.5e-17", "0", "0.00000000000000002"],
  ["2.5e-17", "0", "0.00000000000000002"],
  ["0x1p-17", "0", "0.00000762939453125"],
  ["-77274.978", "896.03", "-76378.9480000000000004"],
  ["-34145.3", "48.472233086062433", "-34096.82776691393756607"],
  ["68649.19", "-4.25470280007", "68644.93529719992999816"],
  ["69737.10255", "559.11272", "70296.21527000000000385"],
  ["71250.631767", "-21.3396903437984", "71229.29207665620160128"],
  ["-61391.202", "115.6", "-61275.60200000000000031"],
  ["89608.56392", "-528.85", "89079.71392000000000166"],
  ["-99755.7044", "-852.63570716982302129", "-100608.34010716982302114"],
  ["-58566.897560", "187.2385", "-58379.6590600000000002"],
  ["-70970.65991", "-331.078099400275988", "-71301.73800940027599182"],
  ["-23682.06147", "-850.45382544298", "-24532.51529544297999941"],
  ["85106.84", "-956.306022332378504", "84150.53397766762149956"],
  ["5257.42", "397.3", "5654.71999999999999975"],
  ["-48995.6", "578.6974959988888", "-48416.90250400111120044"],
  ["-32560.2441805", "352.08683481", "-32208.15734569000000143"],
  ["-89617.1585566", "858.4009048017539", "-88758.75765179824609419"],
  ["37532.59996614", "-293.118809947015", "37239.48115619298500079"],
  ["76486.330292", "-139.602513765689", "76346.7277782343110033"],
  ["96200.28831", "102.14563", "96302.43393999999999977"],
  ["44005.887497", "-111.66121252030438802", "43894.22628447969561094"],
  ["-61272.6", "963.602117947547", "-60308.99788205245300077"],
  ["-54287.4557", "-654.33801823", "-54941.79371822999999964"],
  ["-319.796", "-418.5386330515037346", "-738.33463305150373462"],
  ["-45420.52335", "-483.27886645500899990", "-45903.80221645500899896"],
  ["79718.133", "15.71525054372435134", "79733.8482505437243546"],
  ["-1546.392", "394.48449599228807", "-1151.90750400771193007"],
  ["71826.09", "43.66424", "71869.75424000000000291"],
  ["-5038.09412", "399.0", "-4639.0941200000000002"],
  ["73726.21866", "924.1147699920222362", "74650.33342999202223922"],
  ["66587.9", "484.49104545049877892", "67072.3910454504987797"],
  ["68321.9", "-437.40148835996994959", "67884.49851164003004556"],
  ["-5566.4740279", "989.8342231097983", "-4576.63980479020169989"],
  ["33362.31795", "411.6429208", "33773.96087079999999858"],
  ["52434.2", "425.25020558641", "52859.45020558641000008"],
  ["-73809.078", "-754.70231374006801", "-74563.78031374006801002"],
  ["-56670.53448", "463.69766673", "-56206.83681326999999683"],
  ["-91870.83292", "-940.2748", "-92811.10772000000000048"],
  ["44868.14832253", "425.33895802622118804", "45293.48728055622119015"],
  ["13994.128", "694.005531526", "14688.13353152600000051"],
  ["-27012.7098906", "395.9947", "-26616.71519059999999968"],
];
