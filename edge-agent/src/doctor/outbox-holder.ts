/** Which process has the outbox locked, as the kernel says it: nothing is opened. Linux only; elsewhere nobody is known. */
import { readFileSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';

/** The process that holds a lock on `file`; null for nobody, or where the system does not tell. */
export function outboxHolder(file: string): number | null {
  if (process.platform !== 'linux') return null;
  try {
    const inode = String(statSync(file).ino);
    const path = realpathSync(file);
    // proc(5): number, type, kind, access, pid, major:minor:inode, start, end
    const holders = readFileSync('/proc/locks', 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[5]?.split(':')[2] === inode)
      .map((fields) => Number(fields[4]));
    return holders.find((pid) => pid > 0 && hasOpen(pid, path)) ?? null;
  } catch {
    return null;
  }
}

/** Inodes are counted in each file system: the process has to have this very file open. */
function hasOpen(pid: number, path: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === path);
  } catch {
    return false;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
