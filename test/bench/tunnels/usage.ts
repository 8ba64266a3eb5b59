/** What a server process of this bench uses; asked for over its channel. */
import { readFileSync } from 'node:fs';

/** Bytes, and microseconds of processor time since the process began. */
export interface Usage {
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
  readonly cpuUs: number;
}

/**
 * Collects garbage first (`--expose-gc`), in the way that gives free pages back too, as V8 does when there is little to do:
 * only what is held counts.
 */
export async function usageAfterGc(): Promise<Usage> {
  for (let turn = 0; turn < 3; turn++) {
    (globalThis as { gc?: (how: object) => void }).gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return usage();
}

export function usage(): Usage {
  const { heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return { rss: residentBytes(), heap: heapUsed, external, cpuUs: user + system };
}

/** Without the pages of files: how much of a program was read in says nothing about tunnels. */
function residentBytes(): number {
  return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1_024;
}
