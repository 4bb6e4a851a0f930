/**
 * guarded: a handler whose own errors stay uncaught ones. On the portable networks a runtime takes whatever a socket's callback
 * throws for that socket's failure and goes on; a mistake of ours must stop the process with a report (process.ts `onUncaught`).
 */
import { throwUncaught } from "./errors.ts";
import type { SocketHandler } from "./network.ts";

/** The same handler; what it throws is thrown again where nothing catches it, behind the current callbacks. */
export function guarded(handler: SocketHandler): SocketHandler {
  const guard: SocketHandler = {
    open(socket) {
      try {
        handler.open(socket);
      } catch (error) {
        throwUncaught(error);
      }
    },
    data(socket, buf, from, to) {
      try {
        handler.data(socket, buf, from, to);
      } catch (error) {
        throwUncaught(error);
      }
    },
    drain(socket) {
      try {
        handler.drain(socket);
      } catch (error) {
        throwUncaught(error);
      }
    },
    close(socket, reason) {
      try {
        handler.close(socket, reason);
      } catch (error) {
        throwUncaught(error);
      }
    },
  };
  if (handler.end === undefined) return guard;
  guard.end = (socket) => {
    try {
      handler.end!(socket);
    } catch (error) {
      throwUncaught(error);
    }
  };
  return guard;
}
