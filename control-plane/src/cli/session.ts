/** What a command works with: the client, the terminal, and how results are to be written. */
import { createClient, PATIENT, type Client } from '@casare/shared/client';
import { writeFile } from 'node:fs/promises';
import { json, table, type Column } from '@casare/shared/terminal';
import type { Command } from 'commander';
import { type Terminal } from './output.ts';
import type { SecretInput } from './secret-input.ts';
import { serverFor, type Server } from './settings.ts';

/** A page as the API gives it. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** The world outside of a command. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal;
  /** Where values of secrets come from; the process's own input when absent. */
  readonly input?: SecretInput;
  /** The last command says how it ended. */
  exitCode: number;
}

export interface Session {
  readonly server: Server;
  readonly client: Client;
  readonly terminal: Terminal;
  readonly json: boolean;
  /** Writes one result: as JSON, or what `human` makes of it. */
  show<T>(value: T, human: (value: T) => string): void;
  /** Writes a page of a list. */
  list<T>(page: Page<T>, columns: readonly Column<T>[]): void;
}

interface GlobalOptions {
  readonly url?: string;
  readonly apiKey?: string;
  readonly output?: 'table' | 'json';
  readonly ifMatch?: string;
  readonly etagSave?: string;
}

/** Opens a session by the global options of `command`. */
export async function openSession(command: Command, around: Surroundings): Promise<Session> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const server = await serverFor(options, around.env);
  const { terminal } = around;
  const asJson = options.output === 'json';
  return {
    server,
    client: createClient({
      ...server,
      patience: PATIENT,
      fetch: (to, init) => bound(options, to, { ...init, signal: around.signal }),
    }),
    terminal,
    json: asJson,
    show: (value, human) => terminal.out(asJson ? json(value) : human(value)),
    list: (page, columns) => {
      terminal.out(asJson ? json(page) : table(page.items, columns));
      if (!asJson && page.nextCursor !== null) terminal.err(`More with --cursor ${page.nextCursor}\n`);
    },
  };
}

/**
 * Every change is bound to `--if-match`: one that does not take it is refused, not made. With `--etag-save` the last ETag that the
 * server says is kept (ADR 0050).
 */
async function bound({ ifMatch, etagSave }: GlobalOptions, to: Parameters<typeof fetch>[0], init: RequestInit) {
  const changes = ifMatch !== undefined && init.method !== 'GET';
  const headers = { ...(init.headers as Record<string, string>), ...(changes ? { 'if-match': ifMatch } : {}) };
  const response = await fetch(to, { ...init, headers });
  const etag = response.headers.get('etag');
  if (etagSave !== undefined && etag !== null && response.ok) await writeFile(etagSave, `${etag}\n`);
  return response;
}
