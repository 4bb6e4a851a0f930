/** What Linux says of a process: processor time of all its threads, resident memory. Linux only, as the benchmarks are. */

/** Processor time used so far by all threads of a process, ended ones included, in microseconds. */
export interface CpuTime {
  userMicros: number;
  systemMicros: number;
}

/** Linux reports times in units of 1/100 s to every program, whatever the kernel's own tick (USER_HZ, proc(5)). */
const TICK_MICROS = 10_000;

export function cpuTime(pid: number): CpuTime {
  return timesOf(`/proc/${pid}/stat`);
}

function timesOf(path: string): CpuTime {
  const text = Deno.readTextFileSync(path);
  // The second field is the program's name in parentheses and may hold spaces: count fields after it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { userMicros: Number(fields[11]) * TICK_MICROS, systemMicros: Number(fields[12]) * TICK_MICROS };
}

/** As both runtimes name the threads of workers. */
const WORKER = /^worker/i;

/** Processor time, in microseconds, of a server's main thread and of all its workers; compilers and collectors are neither. */
export function threadTimes(pid: number): { mainMicros: number; workerMicros: number } {
  const sum = (path: string) => {
    const { userMicros, systemMicros } = timesOf(path);
    return userMicros + systemMicros;
  };
  let workerMicros = 0;
  for (const { name: thread } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${thread}`;
    if (WORKER.test(Deno.readTextFileSync(`${folder}/comm`))) workerMicros += sum(`${folder}/stat`);
  }
  return { mainMicros: sum(`/proc/${pid}/task/${pid}/stat`), workerMicros };
}

/** Resident memory in bytes: anonymous, file and shared pages. */
export function residentBytes(pid: number): number {
  return statusBytes(pid, "VmRSS");
}

/** The largest resident memory since `resetPeak`. */
export function peakResidentBytes(pid: number): number {
  return statusBytes(pid, "VmHWM");
}

/** The peak begins anew at what is resident now, which is returned. */
export function resetPeak(pid: number): number {
  Deno.writeTextFileSync(`/proc/${pid}/clear_refs`, "5");
  return residentBytes(pid);
}

function statusBytes(pid: number, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(Deno.readTextFileSync(`/proc/${pid}/status`));
  if (match === null) throw new Error(`process ${pid} has no ${field}`);
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
