/**
 * Runs the checks of `doctor`, fast ones first: each says what it looked at, what it found, and what to do about it.
 *
 * Invariants: every check ends in its time; one that breaks, or does not end, has failed and stops no other. Nothing is
 * left behind: what is written to try a disk is removed, and a home that is not there is not made.
 */
import type { AgentHome } from '../identity/index.ts';
import { broken, type Check, finding, type TimedCheck } from './check.ts';
import { checkDataFolder, checkDisk } from './disk-checks.ts';
import { CHECK_NAMES, type CheckName } from './findings.ts';
import { checkHome, checkPolicy, checkSecrets } from './home-checks.ts';
import { checkClock, checkIdentity } from './identity-checks.ts';
import { checkLimits, checkSession } from './machine-checks.ts';
import { networkChecks } from './network-checks.ts';
import { checkLeftovers, checkProcess, checkVersion, checkWorkerHost } from './process-checks.ts';
import { checkBrowser, checkDesktop } from './program-checks.ts';

/** For one check; what reaches out or starts programs has bounds of its own within. */
const CHECK_MS = 75_000;

export interface DoctorOptions {
  readonly home: AgentHome;
  readonly environment: NodeJS.ProcessEnv;
  readonly now: () => number;
  /** Where worker hosts come to, where they start the workers. */
  readonly workerSocket?: string | undefined;
  /** Only these; all when absent. */
  readonly only?: ReadonlySet<CheckName>;
  /** Told what is being looked at, for whoever watches. */
  readonly progress?: (names: readonly CheckName[], done: number, of: number) => void;
  /** For one check, milliseconds. */
  readonly checkMs?: number;
}

type Run = () => Check | readonly Check[] | Promise<Check | readonly Check[]>;

/** Runs the checks and answers their results in their order. Never rejects. */
export async function runChecks(options: DoctorOptions): Promise<TimedCheck[]> {
  const { only, progress } = options;
  const stages = stagesOf(options).map((stage) => stage.filter(([name]) => only?.has(name) ?? true));
  const of = stages.flat().length;
  const results: TimedCheck[] = [];
  let done = 0;
  for (const stage of stages.filter((checks) => checks.length > 0)) {
    const open = new Set(stage.map(([name]) => name));
    progress?.([...open], done, of);
    const found = await Promise.all(
      stage.map(async ([name, run]) => {
        const checks = await timed(name, run, options.checkMs ?? CHECK_MS);
        open.delete(name);
        done += 1;
        if (open.size > 0) progress?.([...open], done, of);
        return checks;
      }),
    );
    results.push(...found.flat());
  }
  return results.sort((one, other) => CHECK_NAMES.indexOf(one.name) - CHECK_NAMES.indexOf(other.name));
}

/** Checks of a stage run at once. The disk is tried alone: what starts a browser makes it look slow. */
function stagesOf({ home, environment, now, workerSocket }: DoctorOptions): [CheckName, Run][][] {
  return [
    [
      ['agent home', () => checkHome(home)],
      ['identity', () => checkIdentity(home, now())],
      ['policy', () => checkPolicy(home, environment)],
      ['limits', () => checkLimits()],
      ['leftover workers', () => checkLeftovers(home)],
      ['agent process', () => checkProcess(home)],
      ['worker host', () => checkWorkerHost(home, workerSocket)],
      ['version', () => checkVersion(home)],
    ],
    [['disk', () => checkDisk(home)]],
    [
      ['data folder', () => checkDataFolder(home)],
      ['session', () => checkSession(environment)],
      ...networkChecks(home),
      ['clock', () => checkClock(home, now)],
      ['secret providers', () => checkSecrets(home, environment)],
    ],
    [
      ['browser', () => checkBrowser(home, environment)],
      ['desktop', () => checkDesktop(environment)],
    ],
  ];
}

async function timed(name: CheckName, run: Run, checkMs: number): Promise<TimedCheck[]> {
  const began = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Check>((resolve) => {
    const text = `no result within ${checkMs / 1_000} s`;
    timer = setTimeout(() => resolve(finding(name, 'CHECK_TIMED_OUT', text)), checkMs);
  });
  const made = (async () => {
    try {
      return await run();
    } catch (error) {
      return broken(name, error);
    }
  })();
  const checks = await Promise.race([made, late]);
  clearTimeout(timer);
  const ms = Math.round(performance.now() - began);
  return [checks].flat().map((check) => ({ ...check, ms }));
}
