/**
 * What a command works with: a client of the control plane (by REST, or of the server's own store in break-glass mode),
 * where to write, and how. Opened only by commands that need a server.
 */
import type { Client } from '@casare/shared/client';
import { json, table, type Column } from '@casare/shared/terminal';
import { type Command, Option } from 'commander';
import type { RootFiles } from '../ceremony.ts';
import type { RootKind } from '../root.ts';
import { CliError, EXIT } from './exit.ts';

/** Where to call, and as whom. */
export interface Server {
  readonly url: string;
  readonly apiKey: string;
}

/** A client of the server's own store: same calls, no listener, no API key. */
export interface LocalDesk {
  readonly client: Client;
  /** Roots between the server and a safe: only here, never over REST. Refusals are `ApiError`, as the client's. */
  readonly roots: LocalRoots;
  close(): Promise<void>;
}

/** What is done with the active root of a kind. */
export interface LocalRoots {
  /** The certificate and the key, encrypted; the server keeps its own copy. */
  readonly exportRoot: (kind: RootKind, passphrase: string) => Promise<RootFiles>;
  /** The server forgets the key that `files` were shown to hold. */
  readonly takeOffline: (
    kind: RootKind,
    how: ChangeOptions & { readonly files: RootFiles; readonly passphrase: string },
  ) => Promise<{ readonly id: string }>;
  /** Makes a root that was made elsewhere the installation's, before its first start. */
  readonly importRoot: (
    kind: RootKind,
    how: ChangeOptions & { readonly certificatePem: string },
  ) => Promise<{ readonly id: string; readonly keyId: string }>;
}

/** `begins`: the command is made for an installation that has nothing yet, and may make its database. */
export interface LocalOpening {
  readonly begins: boolean;
}

/** The world around the program, given as an argument so that tests can be it. */
export interface Surroundings {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress and errors. */
  readonly error: (text: string) => void;
  readonly env: NodeJS.ProcessEnv;
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly connect: (flags: { readonly url?: string; readonly apiKey?: string }) => Promise<Client>;
  /** Break-glass mode; absent where the control plane is not installed. */
  readonly openLocal?: (how: LocalOpening) => Promise<LocalDesk>;
  /** All of standard input, such as a passphrase. */
  readonly readInput: () => Promise<string>;
}

/** A command's desk. */
export interface Desk {
  readonly client: Client;
  /** Null without --local. */
  readonly roots: LocalRoots | null;
  readonly around: Surroundings;
  readonly asJson: boolean;
  /** Writes a result: as JSON, or what `human` makes of it. */
  readonly show: <T>(value: T, human: (value: T) => string) => void;
  /** Writes a page of a list. */
  readonly list: <T>(page: Page<T>, columns: readonly Column<T>[]) => void;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** Options of the whole program. */
interface GlobalOptions {
  readonly url?: string;
  readonly apiKey?: string;
  readonly local?: boolean;
  readonly output: 'table' | 'json';
}

/** Options of every command that changes something. */
export interface ChangeOptions {
  readonly dryRun?: boolean;
  readonly ifRev?: number;
}

/** Adds the options of a change. */
export function changing(command: Command): Command {
  return command
    .option('--dry-run', 'judge it and say what would happen; change nothing')
    .addOption(
      new Option('--if-rev <n>', 'only when trust is still at this rev (see `status`)').argParser((text) =>
        Number(text),
      ),
    );
}

/** The part of a request's body that `changing` speaks of. */
export function changeOf({ dryRun, ifRev }: ChangeOptions): { dryRun: boolean; ifRev?: number } {
  return { dryRun: dryRun ?? false, ...(ifRev === undefined ? {} : { ifRev }) };
}

const examples = new WeakMap<Command, readonly string[]>();

/** Gives examples in the help of a command; every command has one. */
export function example(command: Command, ...lines: string[]): Command {
  examples.set(command, lines);
  return command.addHelpText('after', `\nExample:\n${lines.map((line) => `  $ casare-certs ${line}\n`).join('')}`);
}

/** The examples of a command, without the program's name. */
export function examplesOf(command: Command): readonly string[] {
  return examples.get(command) ?? [];
}

/** How results are written; needs no server. */
export function outputOf(command: Command): GlobalOptions['output'] {
  return command.optsWithGlobals<GlobalOptions>().output;
}

/** Runs `work` at a desk and closes it. */
export async function atDesk(
  command: Command,
  around: Surroundings,
  work: (desk: Desk) => Promise<void>,
  opening: LocalOpening = { begins: false },
): Promise<void> {
  const { url, apiKey, local, output } = command.optsWithGlobals<GlobalOptions>();
  const opened = local ? await openLocal(around, opening) : null;
  const flags = { ...(url === undefined ? {} : { url }), ...(apiKey === undefined ? {} : { apiKey }) };
  const asJson = output === 'json';
  try {
    await work({
      client: opened?.client ?? (await around.connect(flags)),
      roots: opened?.roots ?? null,
      around,
      asJson,
      show: (value, human) => around.out(asJson ? json(value) : human(value)),
      list: (page, columns) => {
        around.out(asJson ? json(page) : table(page.items, columns));
        if (!asJson && page.nextCursor !== null) around.error(`More with --cursor ${page.nextCursor}\n`);
      },
    });
  } finally {
    await opened?.close();
  }
}

/** What only --local can do. */
export function localOnly({ roots }: Desk): LocalRoots {
  if (roots !== null) return roots;
  throw new CliError(
    'LOCAL_ONLY',
    'Keys of roots are never moved over the network: on the server itself, add --local',
    EXIT.usage,
  );
}

/** Writes a result of a command that needs no server. */
export function showAs<T>(command: Command, around: Surroundings, value: T, human: (value: T) => string): void {
  around.out(outputOf(command) === 'json' ? json(value) : human(value));
}

/** Said before the result of a dry run. */
export function sayDryRun({ around }: Desk, { dryRun }: ChangeOptions): void {
  if (dryRun) around.error('dry run: this is how it would be; nothing was changed\n');
}

async function openLocal(around: Surroundings, opening: LocalOpening): Promise<LocalDesk> {
  if (around.openLocal) return around.openLocal(opening);
  throw new CliError(
    'LOCAL_NOT_HERE',
    'The control plane is not installed on this machine, so there is no store to open: use --url and --api-key',
  );
}
