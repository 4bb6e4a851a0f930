/** The version Ringshard presents itself with: the Redis release whose behaviour it follows. */
export const REDIS_VERSION = "7.4.0";
