/** `casare restored`: on the server, after its database was restored from a backup and before the control plane starts. */
import { details, json } from '@casare/shared/terminal';
import { Option, type Command } from 'commander';
import { serverConfig } from '../platform/config-file.ts';
import { UsageError } from './exit.ts';
import type { Surroundings } from './session.ts';

interface RestoredFlags {
  readonly failedAt?: string;
  readonly pending: 'ask' | 'run';
  readonly audit: readonly string[];
}

export function addRestoredCommand(program: Command, around: Surroundings): void {
  program
    .command('restored')
    .description('say that the database was restored from a backup, before the control plane starts')
    .option('--failed-at <time>', 'until when the control plane had worked, such as 2026-05-01T20:00:00Z (now)')
    .addOption(pendingOption())
    .addOption(auditOption())
    .action(async ({ failedAt, pending, audit }: RestoredFlags, command: Command) => {
      const at = pastTime(failedAt);
      const { sayRestored } = await import('../restored.ts');
      const done = await sayRestored(serverConfig(around.env).config, {
        failedAt: at,
        askAboutPending: pending === 'ask',
      });
      const { output } = command.optsWithGlobals<{ output?: string }>();
      const human = details([
        ['epoch', String(done.epoch)],
        ['jobs that wait for a person now', String(done.asked)],
        ['attempts judged when their agents return', String(done.leases)],
        ['join tokens revoked', String(done.tokens)],
        ['sessions ended', String(done.sessions)],
      ]);
      around.terminal.out(output === 'json' ? json(done) : human);
      await takeAway(around, audit);
    });
}

/** What becomes of jobs that a restored record has in its queue. */
export function pendingOption(): Option {
  return new Option('--pending <what>', 'jobs in the queue that may have run since and must not be repeated blindly')
    .choices(['ask', 'run'])
    .default('ask');
}

/** The time that was given, or now. @throws UsageError */
export function pastTime(text: string | undefined): Date {
  const at = text === undefined ? new Date() : new Date(text);
  if (!Number.isNaN(at.getTime()) && at <= new Date()) return at;
  throw new UsageError(`${text} is no time that has passed: write it as 2026-05-01T20:00:00Z.`);
}

/** Exports of the audit log that say what was taken away since. */
export function auditOption(): Option {
  return new Option(
    '--audit <file>',
    'an export of the audit log: what was taken away since is taken away again; again for more',
  )
    .argParser((file: string, before: readonly string[]) => [...before, file])
    .default([]);
}

/** Takes away again what the exports tell of, and says what people have to do themselves. */
export async function takeAway(around: Surroundings, files: readonly string[]): Promise<void> {
  const say = (line: string): void => around.terminal.err(`${line}\n`);
  if (files.length === 0) {
    say('What people did since the backup is lost: lock again what was locked, revoke again what was revoked.');
    return;
  }
  const { doAgain } = await import('../done-again.ts');
  const done = await doAgain(serverConfig(around.env).config, files);
  say(`Taken away again: ${done.locks} locks, ${done.keys} keys, ${done.accounts} accounts.`);
  for (const { what, code } of done.refused) say(`${code}: ${what} is as the backup has it: look at it.`);
  const others = Object.entries(done.others).map(([action, times]) => `${action} ${times}`);
  if (others.length > 0) say(`Not done again: ${others.join(', ')}.`);
}
