/** Entry of the `casare-certs` command: its surroundings in this checkout, where the control plane is at hand. */
import { CliError, run } from '@casare/certs/cli';
import { createClient } from '@casare/shared/client';
import { text } from 'node:stream/consumers';
import { Fault } from '../platform/errors.ts';
import { UsageError } from './exit.ts';
import { serverFor } from './settings.ts';
import { stopSignal } from './signals.ts';

// A reader that goes away, such as `head`, ends the output and is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const signal = stopSignal();
process.exitCode = await run(process.argv.slice(2), {
  out: (written) => void process.stdout.write(written),
  error: (written) => void process.stderr.write(written),
  env: process.env,
  signal,
  now: () => new Date(),
  readInput: () => text(process.stdin),
  async openLocal(how) {
    const { openLocalAccess } = await import('../local-access.ts');
    return openLocalAccess(process.env, how).catch((error: unknown) => {
      throw error instanceof Fault ? new CliError(error.code, error.message) : error;
    });
  },
  async connect(flags) {
    const server = await serverFor(flags, process.env).catch((error: unknown) => {
      throw error instanceof UsageError ? new CliError('USAGE', error.message, 2) : error;
    });
    return createClient({ ...server, fetch: (to, init) => fetch(to, { ...init, signal }) });
  },
});
// Something may still hold the process, such as a kept-alive connection; what was written has to leave first.
if (process.stdout.writableLength === 0) process.exit();
else process.stdout.once('drain', () => process.exit());
