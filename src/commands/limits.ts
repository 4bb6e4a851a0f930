/** Limits: configuration values that commands read, as plain numbers. One object an engine; the server keeps it current. */
export class Limits {
  /** proto-max-bulk-len: longest string a command may make. */
  maxBulk = 512 * 1024 * 1024;
  /** Arena bytes kept free for what a running command still needs once it began to change things. */
  reserveBytes = 4 * 1024 * 1024;
  hashMaxListpackEntries = 128;
  hashMaxListpackValue = 64;
  setMaxIntsetEntries = 512;
  setMaxListpackEntries = 128;
  setMaxListpackValue = 64;
  zsetMaxListpackEntries = 128;
  zsetMaxListpackValue = 64;
  listMaxListpackSize = -2;
  listCompressDepth = 0;
  streamNodeMaxBytes = 4096;
  streamNodeMaxEntries = 100;
  hllSparseMaxBytes = 3000;
  /** 1 where the journal says UNLINK in place of DEL: lazyfree-lazy-expire, -eviction, -server-del, -user-del. */
  lazyExpire = 0;
  lazyEviction = 0;
  lazyServerDel = 0;
  lazyUserDel = 0;

  /** All values in the order of their declaration, to cross threads. */
  toNumbers(): number[] {
    return Object.values(this);
  }

  /** Takes over what `toNumbers` gave. */
  fromNumbers(numbers: ArrayLike<number>): void {
    Object.keys(this).forEach((name, i) => Object.assign(this, { [name]: numbers[i] }));
  }
}
