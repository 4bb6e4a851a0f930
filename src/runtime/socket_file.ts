/**
 * Files of Unix-domain sockets. Main thread.
 */

import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { errorCode, errorText } from "./errors.ts";
import { NetworkError } from "./network.ts";

/** Removes a socket left behind at `path`. Anything that is not a socket stays, and makes the bind fail. */
export function removeSocketFile(path: string): void {
  try {
    if (lstatSync(path).isSocket()) unlinkSync(path);
  } catch {
    // Nothing there; or what is there will be named by the bind that fails.
  }
}

/** Sets the mode of the socket's file, whatever the umask is. Throws NetworkError. */
export function setMode(path: string, mode: number): void {
  try {
    chmodSync(path, mode);
  } catch (error) {
    const code = errorCode(error);
    throw new NetworkError(code, `chmod ${path}: ${errorText(code)}`);
  }
}
