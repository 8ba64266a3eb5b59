/** The checks of what the machine gives: open files, memory, a session or the means to make one. */
import { readFileSync } from 'node:fs';
import { sessionState } from '../desktop/index.ts';
import { type Check, finding, ok } from './check.ts';
import { desktopFix } from './program-checks.ts';

const FEW_FILES = 4_096;
const LITTLE_MEMORY = 1_073_741_824;

/** What a process may open, and what memory is left to it; in a container, by its limit. */
export interface Limits {
  /** Infinity for no limit, null where the system does not tell. */
  readonly files: number | null;
  readonly memory: number;
}

/** Limits of this process, as a worker will have them. */
export function checkLimits(limits: Limits = limitsHere()): Check[] {
  const { files, memory } = limits;
  const mib = `${Math.floor(memory / 1_048_576)} MiB of memory can be had`;
  const open = files === null ? 'open files not known' : `${files} files at once`;
  const findings = [
    ...(files !== null && files < FEW_FILES ? [finding('limits', 'FILES_FEW', `at most ${open}`)] : []),
    ...(memory < LITTLE_MEMORY ? [finding('limits', 'MEMORY_LOW', mib)] : []),
  ];
  return findings.length > 0 ? findings : [ok('limits', `${open}, ${mib}`)];
}

function limitsHere(): Limits {
  return { files: process.platform === 'linux' ? openFiles() : null, memory: process.availableMemory() };
}

/** The hard limit: Node has raised its own soft one to it. */
function openFiles(): number | null {
  try {
    const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    if (hard === undefined) return null;
    return hard === 'unlimited' ? Infinity : Number(hard);
  } catch {
    return null;
  }
}

/** Which display desktop jobs would get. Not every agent runs them: nothing here is a failure. */
export async function checkSession(environment: NodeJS.ProcessEnv): Promise<Check> {
  const state = await sessionState(environment, process.platform);
  if (state.kind === 'wrong') return finding('session', 'SESSION_SETTING', state.found);
  if (state.kind === 'none') return finding('session', 'SESSION_NONE', state.found, desktopFix());
  if (state.kind === 'unreachable') return finding('session', 'DISPLAY_UNREACHABLE', state.found);
  return state.locked === true ? finding('session', 'SESSION_LOCKED', state.found) : ok('session', state.found);
}
