/** Deadlines: things ordered by when their time comes, each of which can be taken out at any moment: a binary heap. Any thread. */

/** What is ordered; `heapAt` is the heap's, -1 outside. */
export interface Deadline {
  deadlineMs: number;
  heapAt: number;
}

export class Deadlines<T extends Deadline> {
  private readonly heap: T[] = [];

  get size(): number {
    return this.heap.length;
  }

  /** The one whose time comes first. */
  get first(): T | undefined {
    return this.heap[0];
  }

  add(item: T): void {
    this.heap.push(item);
    this.up(item, this.heap.length - 1);
  }

  /** Takes an item out, if it is in. */
  remove(item: T): void {
    const at = item.heapAt;
    if (at < 0) return;
    item.heapAt = -1;
    const last = this.heap.pop()!;
    if (last === item) return;
    this.up(last, at);
    this.down(last, last.heapAt);
  }

  private up(item: T, at: number): void {
    const { heap } = this;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent].deadlineMs <= item.deadlineMs) break;
      this.put(heap[parent], at);
      at = parent;
    }
    this.put(item, at);
  }

  private down(item: T, at: number): void {
    const { heap } = this;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1].deadlineMs < heap[child].deadlineMs) child++;
      if (heap[child].deadlineMs >= item.deadlineMs) break;
      this.put(heap[child], at);
      at = child;
    }
    this.put(item, at);
  }

  private put(item: T, at: number): void {
    this.heap[at] = item;
    item.heapAt = at;
  }
}
