/**
 * `casare-agent selftest`: a checklist that an administrator runs on a real machine, each point really tried; as a table and
 * as one JSON document that says nothing about persons. `--read` shows such a document. Exit 1 when a point has failed.
 */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type SelftestPoint, SelftestReport } from '@casare/shared/selftest';
import type { Command } from 'commander';
import { describe, Fault } from '../fault.ts';
import { writeWhole } from '../identity/index.ts';
import { table } from './output.ts';
import { type PlaceFlags, placeOf, withPlace } from './place.ts';
import type { Surroundings } from './surroundings.ts';

interface Flags extends PlaceFlags {
  readonly only: readonly string[];
  readonly out?: string;
  readonly read?: string;
  readonly json?: true;
  readonly disruptive?: true;
  readonly lock?: true;
}

const REPORT_BYTES = 1_048_576;

/** @param failed what is thrown when a point has failed, which was said */
export function addSelftest(program: Command, around: Surroundings, failed: () => Error): void {
  const collect = (value: string, all: string[]): string[] => [...all, ...value.split(',').map((name) => name.trim())];
  withPlace(program.command('selftest'))
    .description('try on this machine what could not be proved elsewhere, and report it')
    .option('--only <points>', 'only these points, by commas', collect, [])
    .option('--out <file>', 'write the report, JSON, to this file too')
    .option('--json', 'print the report instead of the table')
    .option('--disruptive', 'also what interrupts the agent: its process is killed')
    .option('--lock', 'also what locks the screen: a person has to unlock it')
    .option('--read <file>', 'show a report that was written; nothing is tried')
    .action(async (flags: Flags) => {
      const report = flags.read === undefined ? await tried(flags, around) : readReport(flags.read);
      if (flags.out !== undefined) writeWhole(resolve(flags.out), `${JSON.stringify(report, null, 2)}\n`, 0o644);
      around.print(flags.json === true ? `${JSON.stringify(report)}\n` : tableOf(report));
      if (report.points.some(({ result }) => result === 'failed')) throw failed();
    });
}

async function tried(flags: Flags, around: Surroundings): Promise<SelftestReport> {
  // Driver and native parts are loaded when they are wanted.
  const { POINT_IDS, runSelftest } = await import('../selftest/index.ts');
  const wrong = flags.only.find((id) => !(POINT_IDS as readonly string[]).includes(id));
  if (wrong !== undefined) throw usage(`--only knows no point ${JSON.stringify(wrong)}: ${POINT_IDS.join(', ')}`);
  const live = around.terminal.live && flags.json !== true;
  return runSelftest({
    home: placeOf(flags, around.environment).home,
    environment: around.environment,
    platform: process.platform,
    disruptive: flags.disruptive === true,
    lock: flags.lock === true,
    now: Date.now,
    ...(flags.only.length === 0 ? {} : { only: new Set(flags.only) }),
    ...(live ? { told: ({ id, result }: SelftestPoint) => around.complain(`${result.padEnd(8)} ${id}\n`) } : {}),
  });
}

/** Throws SELFTEST_UNREADABLE. */
function readReport(file: string): SelftestReport {
  try {
    if (statSync(file).size > REPORT_BYTES) throw new Error('it is too large');
    return SelftestReport.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const text = `${file} is no report of selftest that this version can read (${describe(error)}): give the file of --out`;
    throw new Fault('SELFTEST_UNREADABLE', text, { cause: error });
  }
}

function tableOf({ at, agentVersion, system, points }: SelftestReport): string {
  const rows = points.map(({ id, result, reason }) => [id, result, reason]);
  const count = (wanted: string): number => points.filter(({ result }) => result === wanted).length;
  const head = `agent ${agentVersion} on ${system.platform} ${system.release} (${system.arch}), ${at}\n\n`;
  const sums = ['passed', 'failed', 'skipped'].map((result) => `${count(result)} ${result}`).join(', ');
  return `${head}${table(['POINT', 'RESULT', 'WHY'], rows)}\n${sums}\n`;
}

function usage(message: string): Fault {
  return new Fault('USAGE', message, { exitCode: 2 });
}
