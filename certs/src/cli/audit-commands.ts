/** `audit …`: a copy of the audit log, the signer's word on where it was, and the proof that a log is whole. */
import { type AuditEntry, AuditEvent, auditEvent, type AuditHead, type AuditLog } from '@casare/shared/api';
import { AuditEntry as AuditEntrySchema, AuditFormat } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { details, json, plain } from '@casare/shared/terminal';
import { type Command, Option } from 'commander';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { CHAIN_START, follow, type ChainHead } from '../audit-chain.ts';
import { Checkpoint, fingerprintOf, verifyCheckpoint } from '../audit-checkpoint.ts';
import { atDesk, example, outputOf, type Desk, type Surroundings } from './desk.ts';
import { CliError } from './exit.ts';
import { readPem, writeLines, writeNew } from './files.ts';

interface LogOptions {
  readonly log: AuditLog;
}

interface ExportOptions extends LogOptions {
  readonly out: string;
  readonly format: AuditFormat;
  readonly since?: string;
  readonly until?: string;
  readonly checkpoint?: string;
}

interface VerifyOptions extends LogOptions {
  readonly head?: string;
  readonly checkpoint: readonly string[];
  readonly key?: string;
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
    .description('write the log to a new file, one JSON entry or CloudEvent a line, and say where its chain ends')
    .requiredOption('--out <file>', 'a new file')
    .addOption(
      new Option('--format <format>', 'entries, or CloudEvents 1.0').choices(AuditFormat.options).default('jsonl'),
    )
    .option('--since <time>', 'from then on, such as 2026-11-01T00:00:00Z')
    .option('--until <time>', 'before then')
    .option('--checkpoint <file>', "a new file for the signer's word on where the chain ends")
    .addOption(log())
    .action(({ out, log, format, since, until, checkpoint }: ExportOptions, command: Command) =>
      atDesk(command, around, async (desk) => {
        // Entries of a time need not follow each other: they are not in the order of their times.
        const part = since !== undefined || until !== undefined;
        let head = CHAIN_START;
        const seen = (entry: AuditEntry): void => {
          head = part ? entry : checked(head, entry);
        };
        await writeLines(out, linesOf(desk, { log, since, until }, format, seen));
        if (checkpoint !== undefined) await writeCheckpoint(desk, log, checkpoint);
        desk.show({ file: out, position: head.position, hash: head.hash }, () => headText('written to', out, head));
      }),
    );
  example(
    exported,
    'audit export --out audit-2026-11.jsonl --checkpoint audit-2026-11.checkpoint.json',
    'audit export --out november.jsonl --format cloudevents --since 2026-11-01T00:00:00Z',
  );

  const made = audit
    .command('checkpoint')
    .description("write the signer's word on where the chain ends to a new file; keep it away from the server")
    .requiredOption('--out <file>', 'a new file')
    .addOption(log())
    .action(({ out, log }: LogOptions & { out: string }, command: Command) =>
      atDesk(command, around, async (desk) => {
        const checkpoint = await writeCheckpoint(desk, log, out);
        desk.show(
          { file: out, ...checkpoint, key: fingerprintOf(checkpoint) },
          () => `${headText('written to', out, checkpoint)}${details([['key', fingerprintOf(checkpoint)]])}`,
        );
      }),
    );
  example(made, 'audit checkpoint --out 2026-11-26.checkpoint.json');

  const verify = audit
    .command('verify')
    .description('check that a log is whole: one in a file without the server, else that of the server')
    .argument('[file.jsonl]', 'what `audit export` wrote')
    .addOption(log())
    .option('--head <hash>', 'a hash that was kept elsewhere: it must occur in the chain')
    .option(
      '--checkpoint <file>',
      'a checkpoint that was kept elsewhere: it must be signed, and the chain must have been there; again for more',
      (file: string, before: readonly string[]) => [...before, file],
      [] as readonly string[],
    )
    .option('--key <sha256>', 'checkpoints must be of this key')
    .action(async (file: string | undefined, options: VerifyOptions, command: Command) => {
      const { log, head: kept, key } = options;
      const given = await Promise.all(options.checkpoint.map((one) => readCheckpoint(one)));
      const report = async (
        entries: AsyncIterable<AuditEntry>,
        end: AuditHead | null,
        what: string,
        checkpoints: readonly Checkpoint[],
      ): Promise<void> => {
        const head = await chainOf(entries, kept?.toLowerCase() ?? null, expected(checkpoints, key?.toLowerCase()));
        if (end !== null && head.position < end.position) throw cut(what, head, end.position);
        const result = { whole: true, ...head, checkpoints: checkpoints.length };
        around.out(outputOf(command) === 'json' ? json(result) : headText('whole', what, head));
      };
      if (file !== undefined) return report(entriesIn(file), null, file, given);
      return atDesk(command, around, async (desk) => {
        const end = await desk.client.call(api.audit.head, { query: { log } });
        const stored = await checkpointsOf(desk, log);
        await report(entriesOf(desk, { log }), end, 'the log of the server', [...given, ...stored]);
      });
    });
  example(
    verify,
    'audit verify audit-2026-11.jsonl --checkpoint audit-2026-11.checkpoint.json',
    'audit verify --head 9f86d081884c7d65…',
  );
}

/** What must be at which place. Throws CHECKPOINT_FORGED, CHECKPOINT_KEY_OTHER. */
function expected(checkpoints: readonly Checkpoint[], key: string | undefined): Map<number, Checkpoint[]> {
  const places = new Map<number, Checkpoint[]>();
  for (const one of checkpoints) {
    const signed = verifyCheckpoint(one);
    if (!signed.ok) throw new CliError(signed.code, `${signed.message}: somebody else made it, or it was changed`);
    // All are of one key, so that nobody slips in some of their own.
    const wanted = key ?? fingerprintOf(checkpoints[0]!);
    if (fingerprintOf(one) !== wanted) {
      throw new CliError(
        'CHECKPOINT_KEY_OTHER',
        `The checkpoint of ${one.at} was signed by key ${fingerprintOf(one)}, not by ${wanted}: find out whose that is`,
      );
    }
    places.set(one.position, [...(places.get(one.position) ?? []), one]);
  }
  return places;
}

/** Follows a chain to its end. Throws at the first entry that does not fit, and when what was kept does not occur. */
async function chainOf(
  entries: AsyncIterable<AuditEntry>,
  kept: string | null,
  places: ReadonlyMap<number, readonly Checkpoint[]>,
): Promise<ChainHead> {
  let head = CHAIN_START;
  let found = kept === null;
  const last = Math.max(0, ...places.keys());
  const stands = ({ position, hash }: ChainHead, log: string | null): void => {
    for (const one of places.get(position) ?? []) {
      if (one.hash === hash && (log === null || one.log === log)) continue;
      throw new CliError(
        'AUDIT_OTHER',
        `The signer said on ${one.at} that the log of ${one.log} was another one at entry ${position}: it was written anew`,
      );
    }
  };
  stands(head, null);
  for await (const entry of entries) {
    head = checked(head, entry);
    stands(head, entry.tenant);
    if (head.hash === kept) found = true;
  }
  if (head.position < last) throw cut('the log', head, last);
  if (found) return head;
  throw new CliError(
    'AUDIT_OTHER',
    'The hash that was kept does not occur in this chain: it is another log, or it was written anew',
  );
}

function cut(what: string, head: ChainHead, end: number): CliError {
  return new CliError('AUDIT_CUT', `${what} ends at entry ${head.position}, its chain at ${end}: entries are gone`);
}

function checked(head: ChainHead, entry: AuditEntry): ChainHead {
  const next = follow(head, entry);
  if (next.ok) return next.value;
  throw new CliError(
    next.code,
    `The log is not whole: ${next.message}: find out who changed it, and compare with a copy`,
  );
}

interface Range extends LogOptions {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

async function* entriesOf({ client, around }: Desk, { log, since, until }: Range): AsyncGenerator<AuditEntry> {
  const range = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
  let cursor: string | null | undefined;
  while (cursor !== null) {
    around.signal.throwIfAborted();
    const query = { log, limit: PAGE, ...(cursor === undefined ? {} : { cursor }), ...range };
    const page: { items: AuditEntry[]; nextCursor: string | null } = await client.call(api.audit.list, { query });
    yield* page.items;
    cursor = page.nextCursor;
  }
}

async function checkpointsOf({ client }: Desk, log: AuditLog): Promise<Checkpoint[]> {
  const all: Checkpoint[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const query = { log, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
    const page: { items: Checkpoint[]; nextCursor: string | null } = await client.call(api.audit.checkpoints, {
      query,
    });
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all;
}

async function* linesOf(
  desk: Desk,
  range: Range,
  format: AuditFormat,
  seen: (entry: AuditEntry) => void,
): AsyncGenerator<string> {
  for await (const entry of entriesOf(desk, range)) {
    seen(entry);
    yield `${JSON.stringify(format === 'jsonl' ? entry : auditEvent(entry))}\n`;
  }
}

async function writeCheckpoint(desk: Desk, log: AuditLog, file: string): Promise<Checkpoint> {
  const checkpoint = await desk.client.call(api.audit.checkpoint, { query: { log } });
  await writeNew(file, `${JSON.stringify(checkpoint, null, 2)}\n`);
  return checkpoint;
}

/** Throws FILE_UNREADABLE, CHECKPOINT_MALFORMED. */
async function readCheckpoint(file: string): Promise<Checkpoint> {
  const parsed = Checkpoint.safeParse(parseJson(await readPem(file)));
  if (parsed.success) return parsed.data;
  throw new CliError('CHECKPOINT_MALFORMED', `${file} is no checkpoint: give what \`audit checkpoint\` wrote`);
}

/** The entries of a file, also those in CloudEvents. Throws FILE_UNREADABLE, AUDIT_MALFORMED. */
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
    const value = parseJson(line);
    const event = AuditEvent.safeParse(value);
    const entry = event.success ? event : AuditEntrySchema.safeParse(value);
    if (!entry.success) {
      throw new CliError(
        'AUDIT_MALFORMED',
        `${file}, line ${number}, is no entry of an audit log: give what \`audit export\` wrote`,
      );
    }
    yield 'data' in entry.data ? entry.data.data : entry.data;
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
