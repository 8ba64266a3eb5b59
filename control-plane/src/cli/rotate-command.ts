/**
 * `casare backup rotate`: what a timer calls. A backup under a name that says when it was made, read back to its end; then the
 * oldest go. Nothing goes before the new one was seen to be whole.
 */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { outdated, rotationStem } from '../backup/index.ts';
import { systemClock } from '../platform/clock.ts';
import { serverConfig } from '../platform/config-file.ts';
import type { Surroundings } from './session.ts';

interface RotateFlags {
  readonly into: string;
  readonly keysInto: string;
  readonly passphraseFile: string;
  readonly keep: number;
  readonly artifacts: boolean;
}

const MOST = 1_000;

export function addRotateCommand(backup: Command, around: Surroundings): void {
  backup
    .command('rotate')
    .description('make a backup under the name of its time, read it back, then remove the oldest; for timers')
    .requiredOption('--into <folder>', 'of the archives')
    .requiredOption('--keys-into <folder>', 'of the files of keys')
    .requiredOption('--passphrase-file <file>', 'its first line is the passphrase of the keys; mode 0600')
    .option('--keep <number>', 'how many stay, this one among them', count, 14)
    .option('--artifacts', 'with the files of artifacts', false)
    .action(async ({ into, keysInto, passphraseFile, keep, artifacts }: RotateFlags) => {
      const { makeBackup, verifyBackup } = await import('../backups.ts');
      const { config, env } = serverConfig(around.env);
      const stem = rotationStem(systemClock.now());
      const [archiveOf, keysOf] = [
        (name: string) => path.join(into, `${name}.backup`),
        (name: string) => path.join(keysInto, `${name}.keys`),
      ];
      const files = { archive: archiveOf(stem), keys: keysOf(stem), passphraseFile };
      const tell = (step: string) => around.terminal.err(`${step}\n`);
      const made = await makeBackup(config, { ...files, artifacts, env }, tell);
      await verifyBackup(files, tell);
      around.terminal.out(`${files.archive}: ${made.bytes} bytes, whole\n`);
      for (const what of made.elsewhere) tell(`Not in the backup: ${what}.`);
      for (const old of outdated(await readdir(into), keep)) {
        // The keys first: an archive that stays is found again by the next call, keys alone are not.
        for (const file of [keysOf(old), archiveOf(old)]) await rm(file, { force: true });
        around.terminal.out(`${archiveOf(old)}: removed\n`);
      }
    });
}

function count(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= MOST) return Number(text);
  throw new InvalidArgumentError(`expected a number from 1 to ${MOST}.`);
}
