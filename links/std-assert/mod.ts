/**
 * Stand-in for `@std/assert` over `node:assert`: the same names and signatures, only those that Ringshard's tests
 * use. Deleting `links` from deno.json switches to the published package.
 */

import { isDeepStrictEqual } from "node:util";

/** The error that every failed assertion throws. */
export class AssertionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

// deno-lint-ignore no-explicit-any
type AnyConstructor = new (...args: any[]) => any;
// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = new (...args: any[]) => E;

function show(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array) return `Uint8Array(${value.length}) [${[...value.subarray(0, 64)].join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return JSON.stringify(value, (_key, part) => typeof part === "bigint" ? `${part}n` : part, 2) ?? String(value);
  } catch {
    return String(value);
  }
}

function fail(text: string, msg?: string): never {
  throw new AssertionError(msg === undefined ? text : `${text}: ${msg}`);
}

/** Fails unless `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Fails unless the two are deeply and strictly equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  fail(`Values are not equal.\n    actual: ${show(actual)}\n  expected: ${show(expected)}`, msg);
}

/** Fails when the two are deeply and strictly equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (isDeepStrictEqual(actual, expected)) fail(`Expected actual: ${show(actual)} not to be: ${show(expected)}`, msg);
}

/** Fails unless the two are the same by `Object.is`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  fail(`Values are not strictly equal.\n    actual: ${show(actual)}\n  expected: ${show(expected)}`, msg);
}

/** Fails when `actual` is null or undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) fail(`Expected actual: "${actual}" to not be null or undefined`, msg);
}

/** Fails unless `actual` is an instance of `expectedType`. */
export function assertInstanceOf<T extends AnyConstructor>(
  actual: unknown,
  expectedType: T,
  msg?: string,
): asserts actual is InstanceType<T> {
  if (!(actual instanceof expectedType)) {
    fail(`Expected object to be an instance of "${expectedType.name}" but was ${show(actual)}`, msg);
  }
}

/** Fails unless `expected` matches `actual`. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) fail(`Expected actual: ${show(actual)} to match: ${expected}`, msg);
}

/** Fails unless `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (!actual.includes(expected)) fail(`Expected actual: ${show(actual)} to contain: ${show(expected)}`, msg);
}

/** Fails unless `actual` > `expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) fail(`Expect ${show(actual)} > ${show(expected)}`, msg);
}

/** Fails unless `actual` >= `expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual >= expected)) fail(`Expect ${show(actual)} >= ${show(expected)}`, msg);
}

/** Fails unless `actual` < `expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) fail(`Expect ${show(actual)} < ${show(expected)}`, msg);
}

/** Fails unless `actual` <= `expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) fail(`Expect ${show(actual)} <= ${show(expected)}`, msg);
}

function checkError(error: unknown, ErrorType: ErrorClass<Error> | undefined, includes?: string, msg?: string): Error {
  if (!(error instanceof Error)) fail(`A non-Error object was thrown: ${show(error)}`, msg);
  const { name, message } = error;
  if (ErrorType !== undefined && !(error instanceof ErrorType)) {
    fail(`Expected error to be instance of "${ErrorType.name}", but was "${name}: ${message}"`, msg);
  }
  if (includes !== undefined && !message.includes(includes)) {
    fail(`Expected error message to include ${show(includes)}, but got ${show(message)}`, msg);
  }
  return error;
}

/** Fails unless `fn` throws an error, of the class and containing the text where given; returns it. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorType: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  first?: string | ErrorClass<Error>,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const [ErrorType, text] = typeof first === "function" ? [first, msg] : [undefined, first];
  try {
    fn();
  } catch (error) {
    return ErrorType === undefined ? error : checkError(error, ErrorType, msgIncludes, text);
  }
  fail("Expected function to throw", text);
}

/** The same for a promise: fails unless it rejects. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorType: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  first?: string | ErrorClass<Error>,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const [ErrorType, text] = typeof first === "function" ? [first, msg] : [undefined, first];
  try {
    await fn();
  } catch (error) {
    return ErrorType === undefined ? error : checkError(error, ErrorType, msgIncludes, text);
  }
  fail("Expected function to reject", text);
}
