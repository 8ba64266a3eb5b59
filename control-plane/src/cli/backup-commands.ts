/** `casare backup …` and `casare restore`, on the server: with the environment of the control plane and as its user. */
import { details, json } from '@casare/shared/terminal';
import { Option, type Command } from 'commander';
import type { BackupFiles } from '../backups.ts';
import { serverConfig } from '../platform/config-file.ts';
import { addRotateCommand } from './rotate-command.ts';
import { auditOption, pastTime, pendingOption, takeAway } from './restored-command.ts';
import type { Surroundings } from './session.ts';

interface KeyFlags {
  readonly keys: string;
  readonly passphraseFile: string;
}

interface RestoreFlags extends KeyFlags {
  readonly replace: boolean;
  readonly failedAt?: string;
  readonly pending: 'ask' | 'run';
  readonly audit: readonly string[];
}

export function addBackupCommands(program: Command, around: Surroundings): void {
  const backup = program.command('backup').description('make a backup of everything, or check one');
  withKeys(backup.command('create', { isDefault: true }))
    .description('make a backup, also while the control plane runs; its keys go into a file of their own')
    .requiredOption('--out <file>', 'the archive, a new file')
    .option('--artifacts', 'with the files of artifacts', false)
    .action(async ({ out, artifacts, ...flags }: KeyFlags & { out: string; artifacts: boolean }, command: Command) => {
      const { makeBackup } = await import('../backups.ts');
      const { config, env } = serverConfig(around.env);
      const made = await makeBackup(config, { ...filesOf(out, flags), artifacts, env }, tell(around));
      show(command, around, made, [
        ['backup', made.id],
        ['of', made.madeAt],
        ['archive', `${out}, ${made.bytes} bytes`],
        ['keys', `${flags.keys}: ${made.keyFiles.join(', ')}`],
        [
          'artifacts',
          made.artifacts === null ? 'left out' : `${made.artifacts.count}, ${made.artifacts.missing} missing`,
        ],
      ]);
      for (const what of made.elsewhere) around.terminal.err(`Not in the backup: ${what}.\n`);
      for (const what of made.artifacts?.damaged ?? []) {
        around.terminal.err(
          `ARTIFACT_DAMAGED: the file of ${what} is not what was stored; it is in the backup as it is.\n`,
        );
      }
      around.terminal.err('Keep the archive and the keys apart, and the passphrase apart from both.\n');
    });
  withKeys(backup.command('verify'))
    .description('read a backup to its end and compare every digest; nothing is written')
    .argument('<archive>', 'what --out named')
    .action(async (archive: string, flags: KeyFlags, command: Command) => {
      const { verifyBackup } = await import('../backups.ts');
      const found = await verifyBackup(filesOf(archive, flags), tell(around));
      show(command, around, found, [
        ['whole', archive],
        ['backup', found.id],
        ['of', found.madeAt],
        ['tables', `${found.tables}, at migration ${found.migration}`],
        ['artifacts', found.artifacts === null ? 'left out' : String(found.artifacts.count)],
        ['keys', found.keyFiles.join(', ')],
      ]);
    });
  addRotateCommand(backup, around);
  withKeys(program.command('restore'))
    .description('restore a backup into an empty home and database, before the control plane starts')
    .argument('<archive>', 'what `backup --out` named')
    .option('--replace', 'what the database and the home hold goes', false)
    .option('--failed-at <time>', 'until when the control plane had worked, such as 2026-05-01T20:00:00Z (now)')
    .addOption(pendingOption())
    .addOption(auditOption())
    .action(
      async (archive: string, { replace, failedAt, pending, audit, ...flags }: RestoreFlags, command: Command) => {
        const { restoreBackup } = await import('../backups.ts');
        const how = { replace, failedAt: pastTime(failedAt), askAboutPending: pending === 'ask' };
        const config = serverConfig(around.env).config;
        const done = await restoreBackup(config, { ...filesOf(archive, flags), ...how }, tell(around));
        show(command, around, done, [
          ['restored', `${done.id}, of ${done.madeAt}`],
          ['into', config.home],
          ['artifacts', String(done.artifacts)],
          ['epoch', String(done.epoch)],
          ['jobs that wait for a person now', String(done.asked)],
          ['attempts judged when their agents return', String(done.leases)],
          ['join tokens revoked', String(done.tokens)],
          ['sessions ended', String(done.sessions)],
        ]);
        for (const what of done.elsewhere)
          around.terminal.err(`Not in the backup: ${what}. Put it where it belongs.\n`);
        await takeAway(around, audit);
        around.terminal.err('Then start the control plane.\n');
      },
    );
}

function withKeys(command: Command): Command {
  return command
    .requiredOption('--keys <file>', 'the file of keys, kept apart from the archive')
    .addOption(
      new Option(
        '--passphrase-file <file>',
        'its first line is the passphrase of the keys; mode 0600',
      ).makeOptionMandatory(),
    );
}

function filesOf(archive: string, { keys, passphraseFile }: KeyFlags): BackupFiles {
  return { archive, keys, passphraseFile };
}

function tell(around: Surroundings): (step: string) => void {
  return (step) => around.terminal.err(`${step}\n`);
}

function show(command: Command, around: Surroundings, value: object, human: [string, string][]): void {
  const { output } = command.optsWithGlobals<{ output?: string }>();
  around.terminal.out(output === 'json' ? json(value) : details(human));
}
