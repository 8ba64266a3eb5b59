/** `casare-agent doctor`: what keeps this agent from working, with what to do about it. Exit 1 when a check has failed,
 * 2 when agent.yaml has faults: what it says about the network could not be looked at. */
import { type Command, Option } from 'commander';
import { CHECK_NAMES, type CheckName, runChecks, type TimedCheck } from '../doctor/index.ts';
import { Fault } from '../fault.ts';
import { table } from './output.ts';
import { type PlaceFlags, placeOf, withPlace } from './place.ts';
import type { Surroundings } from './surroundings.ts';

interface Flags extends PlaceFlags {
  readonly output: 'table' | 'json';
  readonly json?: true;
  readonly only: readonly string[];
}

/** @param failed what is thrown when a check has failed, which was said */
export function addDoctor(program: Command, around: Surroundings, failed: () => Error): void {
  const collect = (value: string, all: string[]): string[] => [...all, ...value.split(',').map((name) => name.trim())];
  withPlace(program.command('doctor'))
    .description('find out what keeps this agent from working')
    .option('--only <checks>', `only these checks, by commas: ${CHECK_NAMES.join(', ')}`, collect, [])
    .addOption(new Option('--output <kind>', 'how to show it').choices(['table', 'json']).default('table'))
    .option('--json', 'the same as --output json')
    .action(async (flags: Flags) => {
      const json = flags.json === true || flags.output === 'json';
      const place = placeOf(flags, around.environment);
      const checks = await runChecks({
        home: place.home,
        workerSocket: around.environment['CASARE_WORKER_SOCKET'] || place.config?.workerSocket,
        environment: around.environment,
        now: Date.now,
        ...onlyOf(flags.only),
        ...(around.terminal.live && !json ? { progress: progressOn(around) } : {}),
      });
      if (around.terminal.live && !json) around.print(ERASE);
      around.print(json ? `${JSON.stringify({ checks })}\n` : tableOf(checks));
      if (checks.some(({ result }) => result === 'failed')) throw failed();
    });
}

/** Back to the start of the line, and nothing on it. */
const ERASE = '\r\u001b[2K';

function tableOf(checks: readonly TimedCheck[]): string {
  const rows = checks.map(({ name, result, code, found, fix }) => [name, result, code ?? '-', found, fix]);
  return table(['CHECK', 'RESULT', 'CODE', 'FOUND', 'WHAT TO DO'], rows);
}

function onlyOf(names: readonly string[]): { only?: ReadonlySet<CheckName> } {
  if (names.length === 0) return {};
  const known = new Set<string>(CHECK_NAMES);
  const wrong = names.find((name) => !known.has(name));
  if (wrong === undefined) return { only: new Set(names as readonly CheckName[]) };
  throw new Fault('USAGE', `--only knows no check ${JSON.stringify(wrong)}: ${CHECK_NAMES.join(', ')}`, {
    exitCode: 2,
  });
}

/** One line on a terminal that says what is being looked at. */
function progressOn(around: Surroundings) {
  return (names: readonly CheckName[], done: number, of: number): void =>
    around.print(`${ERASE}${done}/${of}  ${names.join(', ')} …`.slice(0, 79 + ERASE.length));
}
