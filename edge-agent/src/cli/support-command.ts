/** `casare-agent support-bundle`: one zip for whoever helps; says what is in it, and what is not, before anybody sends it. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Fault } from '../fault.ts';
import { writeWhole } from '../identity/index.ts';
import { agentVersion } from '../service/index.ts';
import { collectParts, knownSecrets, type Manifest, packBundle } from '../support/index.ts';
import { table } from './output.ts';
import { type PlaceFlags, placeOf, withPlace } from './place.ts';
import type { Surroundings } from './surroundings.ts';

interface Flags extends PlaceFlags {
  readonly out?: string;
  readonly lines: string;
  readonly list?: true;
}

const LINES_AT_MOST = 50_000;

export function addSupportBundle(program: Command, around: Surroundings): void {
  withPlace(program.command('support-bundle'))
    .description('collect what helps to find a fault in one zip, without secrets')
    .option('--out <file>', 'where it goes (default: casare-support-<time>.zip here)')
    .option('--lines <n>', 'lines of each log', '5000')
    .option('--list', 'only say what would be in it')
    .action((flags: Flags) => bundle(flags, around));
}

async function bundle(flags: Flags, around: Surroundings): Promise<void> {
  const { environment } = around;
  const at = new Date();
  const file = resolve(flags.out ?? `casare-support-${at.toISOString().replaceAll(/[:.]/g, '-')}.zip`);
  if (flags.list !== true && existsSync(file)) throw usage(`${file} is there already: name another one by --out`);
  const { home, config } = placeOf(flags, environment);
  const parts = await collectParts({
    ...{ home, environment, config: config?.file ?? null, now: Date.now },
    lines: linesOf(flags.lines),
  });
  const settings = config?.network ?? readable(() => home.network.settings()) ?? {};
  const secrets = knownSecrets(home, settings, environment, config?.joinTokenFile ?? home.joinToken);
  const { manifest, zip } = packBundle(parts, secrets, { at: at.toISOString(), agentVersion: agentVersion() });
  around.print(contents(manifest));
  if (flags.list === true) return;
  writeWhole(file, zip);
  around.print(`\n${file}, ${zip.length} bytes: look through it before you send it\n`);
}

function contents({ files, leftOut }: Manifest): string {
  const rows = files.map(({ name, bytes, cut, about }) => [name, String(bytes), cut > 0 ? `${about}; cut` : about]);
  const without = leftOut.map(({ what, why }) => [what, why]);
  return `${table(['IN IT', 'BYTES', 'WHAT'], rows)}\n${table(['NOT IN IT', 'WHY'], without)}`;
}

/** What is broken is told by doctor's report: a bundle is made all the same. */
function readable<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function linesOf(text: string): number {
  const lines = Number(text);
  if (Number.isInteger(lines) && lines >= 1 && lines <= LINES_AT_MOST) return lines;
  throw usage(`--lines takes a number from 1 to ${LINES_AT_MOST}, not ${text}`);
}

function usage(message: string): Fault {
  return new Fault('USAGE', message, { exitCode: 2 });
}
