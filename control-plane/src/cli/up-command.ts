/** `casare up`: the control plane in the foreground, until it is asked to stop. A stop longer than `STOP_MS` is cut short. */
import type { Command } from 'commander';
import { serverConfig } from '../platform/config-file.ts';
import { lineOf } from '../platform/errors.ts';
import { EXIT } from './exit.ts';
import type { Surroundings } from './session.ts';

const STOP_MS = 9_000;

export function addUpCommand(program: Command, around: Surroundings): void {
  program
    .command('up')
    .description('start the control plane; it stays in the foreground')
    .option('--reset-password', 'give the owner a new password, written to admin.json')
    .option('--config <file>', 'control-plane.yaml; the environment goes over it (CASARE_CONFIG)')
    .action(async ({ resetPassword = false, config: file }: { resetPassword?: boolean; config?: string }) => {
      const { terminal, env } = around;
      const { config } = serverConfig(file === undefined ? env : { ...env, CASARE_CONFIG: file });
      const { startControlPlane } = await import('../main.ts');
      const running = await startControlPlane(config, {
        resetPassword,
        onProgress: (step) => terminal.err(`${step}\n`),
      });
      terminal.out(`Casare is up at ${running.urls.web} (data in ${config.home})\n`);
      // A parent that waits for it need not read the line.
      process.send?.({ type: 'ready', urls: running.urls });
      const failure = await Promise.race([aborted(around.signal), running.failed]);
      if (failure) terminal.err(`${lineOf(failure)}\n`);
      terminal.err('stopping\n');
      const late = setTimeout(() => {
        terminal.err('STOP_TOO_SLOW: not everything stopped in time; what was acknowledged is safe in the database.\n');
        process.exit(EXIT.error);
      }, STOP_MS);
      await running.stop();
      clearTimeout(late);
      if (failure) around.exitCode = EXIT.error;
    });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
