/** Directives on memory, eviction, expiry, lazy freeing and encodings. */

import { directive, int, INT_MAX, INT_MIN, LONG_MAX, memory, oneOf, ULONG_MAX, yesNo } from "../directive.ts";

const entries = int(0, LONG_MAX);
const bytes = memory(0, LONG_MAX);

const NO_DEFRAG =
  "Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc " +
  "like the one shipped by default with the Redis source distribution";

export const memoryDirectives = {
  "maxmemory": directive(memory(0, ULONG_MAX), 0),
  "maxmemory-policy": directive(
    oneOf([
      "volatile-lru",
      "volatile-lfu",
      "volatile-random",
      "volatile-ttl",
      "allkeys-lru",
      "allkeys-lfu",
      "allkeys-random",
      "noeviction",
    ]),
    "noeviction",
  ),
  "maxmemory-samples": directive(int(1, INT_MAX), 5),
  "maxmemory-eviction-tenacity": directive(int(0, 100), 10),
  "lfu-log-factor": directive(int(0, INT_MAX), 10),
  "lfu-decay-time": directive(int(0, INT_MAX), 1),
  "active-expire-effort": directive(int(1, 10), 1),
  "lazyexpire-nested-arbitrary-keys": directive(yesNo, true, { hidden: true, effect: false }),
  "lazyfree-lazy-eviction": directive(yesNo, false),
  "lazyfree-lazy-expire": directive(yesNo, false),
  "lazyfree-lazy-server-del": directive(yesNo, false),
  "lazyfree-lazy-user-del": directive(yesNo, false),
  "lazyfree-lazy-user-flush": directive(yesNo, false, { effect: false }),
  "activerehashing": directive(yesNo, true, { effect: false }),
  "activedefrag": directive(yesNo, false, { effect: false, check: (on) => on ? NO_DEFRAG : undefined }),
  "active-defrag-cycle-min": directive(int(1, 99), 1, { effect: false }),
  "active-defrag-cycle-max": directive(int(1, 99), 25, { effect: false }),
  "active-defrag-threshold-lower": directive(int(0, 1000), 10, { effect: false }),
  "active-defrag-threshold-upper": directive(int(0, 1000), 100, { effect: false }),
  "active-defrag-max-scan-fields": directive(int(1, LONG_MAX), 1000, { effect: false }),
  "active-defrag-ignore-bytes": directive(memory(1, LONG_MAX), 100 * 1024 ** 2, { effect: false }),
  "jemalloc-bg-thread": directive(yesNo, true, { effect: false }),
  "hash-max-listpack-entries": directive(entries, 512, { alias: "hash-max-ziplist-entries" }),
  "hash-max-listpack-value": directive(bytes, 64, { alias: "hash-max-ziplist-value" }),
  "list-max-listpack-size": directive(int(INT_MIN, INT_MAX), -2, { alias: "list-max-ziplist-size" }),
  "list-compress-depth": directive(int(0, INT_MAX), 0),
  "set-max-intset-entries": directive(entries, 512),
  "set-max-listpack-entries": directive(entries, 128),
  "set-max-listpack-value": directive(entries, 64),
  "zset-max-listpack-entries": directive(entries, 128, { alias: "zset-max-ziplist-entries" }),
  "zset-max-listpack-value": directive(bytes, 64, { alias: "zset-max-ziplist-value" }),
  "hll-sparse-max-bytes": directive(bytes, 3000),
  "stream-node-max-bytes": directive(bytes, 4096),
  "stream-node-max-entries": directive(int(0, LONG_MAX), 100),
};
