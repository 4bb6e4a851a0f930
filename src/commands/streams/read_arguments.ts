/** What the arguments of XREAD and XREADGROUP say. Any thread. */

/** No BLOCK was given. */
export const NO_TIMEOUT = -1;

/** One object an engine (call.reading). The identifiers lie in call.streams.list, one a stream. */
export class ReadArguments {
  /** ms that the client is willing to wait, 0 for ever; NO_TIMEOUT: not at all. */
  timeoutMs = NO_TIMEOUT;
  /** Most entries a stream; 0: all. */
  count = 0;
  noAck = false;
  /** The argument that names the group, before the consumer's; 0: XREAD. */
  group = 0;
  /** The argument of the first key, and how many there are. */
  first = 0;
  streams = 0;
}
