/** `audit …`: a copy of the audit log, and the proof that a log is whole. */
import { AuditEntry, type AuditHead, type AuditLog } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { details, json, plain } from '@casare/shared/terminal';
import { type Command, Option } from 'commander';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { CHAIN_START, follow, type ChainHead } from '../audit-chain.ts';
import { atDesk, example, outputOf, type Desk, type Surroundings } from './desk.ts';
import { CliError } from './exit.ts';
import { writeLines } from './files.ts';

interface LogOptions {
  readonly log: AuditLog;
}

const PAGE = 200;

export function addAuditCommands(program: Command, around: Surroundings): void {
  const audit = program.command('audit').description('the audit log: what people and keys did');
  const log = (): Option =>
    new Option('--log <log>', "the tenant's own, or that of the installation's CAs")
      .choices(['tenant', 'installation'])
      .default('tenant');

  const exported = audit
    .command('export')
    .description('write the log to a new file, one JSON entry a line, and say where its chain ends')
    .requiredOption('--out <file>', 'a new file')
    .addOption(log())
    .action(({ out, log }: LogOptions & { out: string }, command: Command) =>
      atDesk(command, around, async (desk) => {
        let head = CHAIN_START;
        await writeLines(
          out,
          linesOf(desk, log, (entry) => (head = checked(head, entry))),
        );
        desk.show({ file: out, ...head }, () => headText('written to', out, head));
      }),
    );
  example(exported, 'audit export --out audit-2026-11.jsonl');

  const verify = audit
    .command('verify')
    .description('check that a log is whole: one in a file without the server, else that of the server')
    .argument('[file.jsonl]', 'what `audit export` wrote')
    .addOption(log())
    .option('--head <hash>', 'a hash that was kept elsewhere: it must occur in the chain')
    .action(async (file: string | undefined, { log, head: kept }: LogOptions & { head?: string }, command: Command) => {
      const report = async (entries: AsyncIterable<AuditEntry>, end: AuditHead | null, what: string): Promise<void> => {
        const head = await chainOf(entries, kept?.toLowerCase() ?? null);
        if (end !== null && head.position < end.position) {
          throw new CliError(
            'AUDIT_CUT',
            `${what} ends at entry ${head.position}, its chain at ${end.position}: entries are gone`,
          );
        }
        around.out(outputOf(command) === 'json' ? json({ whole: true, ...head }) : headText('whole', what, head));
      };
      if (file !== undefined) return report(entriesIn(file), null, file);
      return atDesk(command, around, async (desk) => {
        const end = await desk.client.call(api.audit.head, { query: { log } });
        await report(entriesOf(desk, log), end, 'the log of the server');
      });
    });
  example(verify, 'audit verify audit-2026-11.jsonl', 'audit verify --head 9f86d081884c7d65…');
}

/** Follows a chain to its end. Throws at the first entry that does not fit, and when `kept` does not occur. */
async function chainOf(entries: AsyncIterable<AuditEntry>, kept: string | null): Promise<ChainHead> {
  let head = CHAIN_START;
  let found = kept === null;
  for await (const entry of entries) {
    head = checked(head, entry);
    if (head.hash === kept) found = true;
  }
  if (found) return head;
  throw new CliError(
    'AUDIT_OTHER',
    'The hash that was kept does not occur in this chain: it is another log, or it was written anew',
  );
}

function checked(head: ChainHead, entry: AuditEntry): ChainHead {
  const next = follow(head, entry);
  if (next.ok) return next.value;
  throw new CliError(
    next.code,
    `The log is not whole: ${next.message}: find out who changed it, and compare with a copy`,
  );
}

async function* entriesOf({ client, around }: Desk, log: AuditLog): AsyncGenerator<AuditEntry> {
  let cursor: string | null = '0';
  while (cursor !== null) {
    around.signal.throwIfAborted();
    const query: { log: AuditLog; limit: number; cursor: string } = { log, limit: PAGE, cursor };
    const page: { items: AuditEntry[]; nextCursor: string | null } = await client.call(api.audit.list, { query });
    yield* page.items;
    cursor = page.nextCursor;
  }
}

async function* linesOf(desk: Desk, log: AuditLog, seen: (entry: AuditEntry) => void): AsyncGenerator<string> {
  for await (const entry of entriesOf(desk, log)) {
    seen(entry);
    yield `${JSON.stringify(entry)}\n`;
  }
}

/** The entries of a file. Throws FILE_UNREADABLE, AUDIT_MALFORMED. */
async function* entriesIn(file: string): AsyncGenerator<AuditEntry> {
  const input = createReadStream(file, 'utf8');
  const unreadable = new Promise<never>((_, reject) => {
    input.once('error', () => reject(new CliError('FILE_UNREADABLE', `${file} cannot be read: check the path`)));
  });
  unreadable.catch(() => undefined);
  await Promise.race([new Promise((resolve) => input.once('open', resolve)), unreadable]);
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    number += 1;
    const entry = AuditEntry.safeParse(parseJson(line));
    if (!entry.success) {
      throw new CliError(
        'AUDIT_MALFORMED',
        `${file}, line ${number}, is no entry of an audit log: give what \`audit export\` wrote`,
      );
    }
    yield entry.data;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function headText(what: string, name: string, { position, hash }: ChainHead): string {
  return details([
    [what, plain(name)],
    ['entries', position],
    ['head', hash],
  ]);
}
