/** `casare artifacts …`: files of runs, listed, saved, and handed on by links. */
import type { Artifact } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { plain, type Column } from '@casare/shared/terminal';
import type { Command } from 'commander';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault } from '../platform/errors.ts';
import { UsageError } from './exit.ts';
import { openSession, type Surroundings } from './session.ts';

const COLUMNS: readonly Column<Artifact>[] = [
  ['ID', (artifact) => artifact.id],
  ['KIND', (artifact) => artifact.kind],
  ['BYTES', (artifact) => artifact.bytes],
  ['NAME', (artifact) => artifact.name],
];

export function addArtifactCommands(program: Command, around: Surroundings): void {
  const artifacts = program.command('artifacts').description('files of runs');
  artifacts
    .command('list <job>')
    .description('the files of a job')
    .action(async (id: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      const page = await session.client.call(api.jobs.artifacts, { params: { id }, query: { limit: 200 } });
      session.list(page, COLUMNS);
    });
  artifacts
    .command('get <id>')
    .description('save a file, and compare it with its SHA-256; it never overwrites one')
    .option('--to <file>', 'where to; - is standard output')
    .action(async (id: string, { to }: { to?: string }, command: Command) => {
      const session = await openSession(command, around);
      const response = await session.client.call(api.artifacts.get, { params: { id } });
      const file = to ?? savedName(response, id);
      if (file !== '-' && existsSync(file)) throw new UsageError(`${file} is there already: name another with --to.`);
      await save(response, file, id);
      if (file !== '-') session.show({ id, file }, () => `${plain(file)}\n`);
    });
  artifacts
    .command('link <id>')
    .description('a link to a file that is good for minutes and needs no account: hand it on like the file itself')
    .option('--ttl <seconds>', 'how long it is good: 10 to 3600 (300)', seconds)
    .action(async (id: string, { ttl }: { ttl?: number }, command: Command) => {
      const session = await openSession(command, around);
      const body = ttl === undefined ? {} : { ttlSeconds: ttl };
      const link = await session.client.call(api.artifacts.link, { params: { id }, body });
      session.show(link, ({ url }) => `${plain(url)}\n`);
    });
}

/** @throws Fault ARTIFACT_HASH when other bytes came than those that were stored; a file of them does not stay */
async function save(response: Response, file: string, id: string): Promise<void> {
  const hash = createHash('sha256');
  const hashed = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const body = Readable.fromWeb(response.body as never);
  if (file === '-') await pipeline(body, hashed, process.stdout, { end: false });
  else await pipeline(body, hashed, createWriteStream(file, { flags: 'wx' }));
  const wanted = /^sha-256=:([A-Za-z0-9+/=]+):$/.exec(response.headers.get('repr-digest') ?? '')?.[1];
  if (wanted === undefined || wanted === hash.digest('base64')) return;
  if (file !== '-') await rm(file, { force: true });
  throw new Fault({
    code: 'ARTIFACT_HASH',
    what: `The bytes of artifact ${id} are not those that were stored`,
    why: 'their SHA-256 is another one',
    fix: 'Fetch it again; if that does not help, restore it from a backup',
  });
}

function savedName(response: Response, id: string): string {
  const named = /filename="((?:[^"\\]|\\.)*)"/.exec(response.headers.get('content-disposition') ?? '')?.[1];
  const name = path.basename((named ?? '').replaceAll(/[\\/:]/g, '_'));
  return name === '' || name.startsWith('.') ? id : name;
}

function seconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`${text} is not a whole number of seconds.`);
  return Number(text);
}
