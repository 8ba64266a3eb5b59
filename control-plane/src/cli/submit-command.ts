/** `casare submit <file>`: many jobs in one request, all or none. */
import type { JobRequest } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { UsageError } from './exit.ts';
import { readText } from './inputs.ts';
import { openSession, type Surroundings } from './session.ts';

export function addSubmitCommand(program: Command, around: Surroundings): void {
  program
    .command('submit <file>')
    .description('submit many jobs at once, all or none: a JSON array of jobs, or one job on each line; - reads them')
    .option('--idempotency-key <key>', 'the same call again with the same key submits nothing twice')
    .action(async (file: string, { idempotencyKey }: { idempotencyKey?: string }, command: Command) => {
      const jobs = jobsOf(await (file === '-' ? text(process.stdin) : readText(file)), file);
      const session = await openSession(command, around);
      const body = { jobs: jobs as JobRequest[] };
      const key = idempotencyKey ?? randomUUID();
      const made = await session.client.call(api.jobs.submitBulk, { body, idempotencyKey: key });
      session.show(made, ({ ids }) => ids.map((id) => `${id}\n`).join(''));
    });
}

/** The server says what is wrong with a job; here only that there are jobs at all. */
function jobsOf(content: string, file: string): unknown[] {
  const whole = parsed(content);
  if (Array.isArray(whole)) return whole as unknown[];
  const lines = content.split('\n').filter((line) => line.trim() !== '');
  const jobs = lines.map((line, index) => parsed(line) ?? broken(file, index + 1));
  return jobs.length > 0 ? jobs : broken(file, 1);
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch {
    return undefined;
  }
}

function broken(file: string, line: number): never {
  throw new UsageError(`${file} line ${line} is no JSON: write an array of jobs, or one job on each line.`);
}
