/**
 * SnapshotSink: where the entries of a snapshot go. The walk (store/snapshot.ts) writes, whoever makes the file implements it. Any
 * thread.
 *
 * Entries are written without SELECTDB: several shards' entries share one file, so who merges them says which database comes next.
 */
export interface SnapshotSink {
  /** Bytes that go on at once; the walk continues only while there is room for what it writes next. */
  room(): number;
  /**
   * Takes buf[from, to), copied before it returns: entries of database `db` one behind the other. `whole` false: the last of them
   * goes on in the next call, so nothing else may come between. Takes everything, room or not.
   */
  write(buf: Uint8Array, from: number, to: number, db: number, whole: boolean): void;
}
