/** Processor time that one process has used since it began, without those it started, seconds. Linux only. */
import { readFileSync } from 'node:fs';

const TICKS = 100;

export function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return Number.NaN;
  }
}
