/** What Linux says of a process: processor time of all its threads, resident memory. Linux only, as the benchmarks are. */

/** Processor time used so far by all threads of a process, ended ones included, in microseconds. */
export interface CpuTime {
  userMicros: number;
  systemMicros: number;
}

/** Linux reports times in units of 1/100 s to every program, whatever the kernel's own tick (USER_HZ, proc(5)). */
const TICK_MICROS = 10_000;

export function cpuTime(pid: number): CpuTime {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses and may hold spaces: count fields after it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { userMicros: Number(fields[11]) * TICK_MICROS, systemMicros: Number(fields[12]) * TICK_MICROS };
}

/** Resident memory in bytes: anonymous, file and shared pages. */
export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`));
  if (match === null) throw new Error(`process ${pid} has no VmRSS`);
  return Number(match[1]) * 1024;
}

/** Waits until a process's resident memory stays within 1 % for a second (at most 5 s), and returns it. */
export async function settledResidentBytes(pid: number): Promise<number> {
  let last = residentBytes(pid);
  for (let i = 0; i < 5; i++) {
    await new Promise((wake) => setTimeout(wake, 1000));
    const now = residentBytes(pid);
    if (Math.abs(now - last) < last * 0.01) return now;
    last = now;
  }
  return last;
}
