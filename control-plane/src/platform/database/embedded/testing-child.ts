/**
 * Test support: owns an embedded server in a process of its own, so that a test can kill that process or run it as
 * another user. Takes EmbeddedOptions as JSON; says each event as a JSON line; stops when its input ends.
 */
import { Fault, lineOf } from '../../errors.ts';
import { silentLog } from '../../log.ts';
import { startEmbeddedPostgres, type EmbeddedOptions } from './server.ts';

export type ChildEvent =
  | { readonly kind: 'ready'; readonly url: string; readonly pid: number; readonly adopted: boolean }
  | { readonly kind: 'fault'; readonly code: string; readonly line: string }
  | { readonly kind: 'stopped' };

const say = (event: ChildEvent) => process.stdout.write(`${JSON.stringify(event)}\n`);

try {
  const options = JSON.parse(process.argv[2] ?? '{}') as EmbeddedOptions;
  const postgres = await startEmbeddedPostgres({ ...options, log: silentLog });
  say({ kind: 'ready', url: postgres.url, pid: postgres.pid, adopted: postgres.adopted });
  for await (const chunk of process.stdin) void chunk;
  await postgres.stop();
  say({ kind: 'stopped' });
} catch (error) {
  say({ kind: 'fault', code: error instanceof Fault ? error.code : 'NONE', line: lineOf(error) });
}
