/** `casare job record`: the record of a run as one file. */
import { api } from '@casare/shared/client';
import { plain } from '@casare/shared/terminal';
import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault } from '../platform/errors.ts';
import { UsageError } from './exit.ts';
import { openSession, type Surroundings } from './session.ts';

/** Adds `job record` to the command `job`. */
export function addRecordCommand(job: Command, around: Surroundings): void {
  job
    .command('record <id>')
    .description('save everything recorded of a run as one file, for `casare run-view`; it never overwrites one')
    .option('--out <file>', 'where to; run-<id>.zip here unless said otherwise')
    .action(async (id: string, { out }: { out?: string }, command: Command) => {
      const session = await openSession(command, around);
      const file = out ?? `run-${id}.zip`;
      if (existsSync(file)) throw new UsageError(`${file} is there already: name another with --out.`);
      const response = await session.client.call(api.jobs.record, { params: { id } });
      await save(Readable.fromWeb(response.body as never), file);
      session.show({ id, file }, () => `${plain(file)}\n`);
    });
}

/** The file has its name only when all of it is there. */
async function save(content: Readable, file: string): Promise<void> {
  const part = `${file}.${randomUUID()}.part`;
  try {
    // What a run was given and gave is nobody else's to read.
    await pipeline(content, createWriteStream(part, { flags: 'wx', mode: 0o600 }));
    await rename(part, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isDisk = code !== undefined && /^E[A-Z]+$/.test(code) && code !== 'ECONNRESET';
    throw new Fault({
      code: isDisk ? 'RECORD_NOT_SAVED' : 'RECORD_BROKEN_OFF',
      what: isDisk ? `${file} cannot be written` : 'The record broke off while it was being sent',
      why: error instanceof Error ? error.message : String(error),
      fix: isDisk
        ? 'Name another file with --out'
        : 'Fetch it again; if it stays, the log of the control plane says why',
      cause: error,
    });
  } finally {
    await rm(part, { force: true });
  }
}
