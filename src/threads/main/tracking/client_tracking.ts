/** ClientTracking: what CLIENT TRACKING set for one connection. Main thread. */
export interface ClientTracking {
  /** Number of the connection that gets the invalidations; 0 for this one itself. */
  readonly redirect: number;
  readonly broadcast: boolean;
  /** Only what CLIENT CACHING YES comes before is tracked; or all but what CLIENT CACHING NO comes before. */
  readonly optIn: boolean;
  readonly optOut: boolean;
  /** The connection does not want to hear of its own changes. */
  readonly noLoop: boolean;
  /** Prefixes of the keys of interest (broadcast). */
  readonly prefixes: ReadonlySet<string>;
  /** CLIENT CACHING was just called. */
  caching: boolean;
  /** The connection that was to get the invalidations is gone. */
  broken: boolean;
}

/** What `on` is asked for: a ClientTracking without its state. */
export type TrackingOptions = Omit<ClientTracking, "caching" | "broken">;
