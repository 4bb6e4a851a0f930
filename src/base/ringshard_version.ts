/** Ringshard's own version, as INFO, --version and the log tell it. */
export const RINGSHARD_VERSION = "0.1.0";
