/**
 * `casare lend-store`: for the package's break-glass, whose master key another user has (installer/linux/control-plane,
 * `break-glass`). It writes the addresses of the database and keeps it running until its input ends. Not for people: what it
 * writes has passwords in it.
 */
import type { Command } from 'commander';
import { text } from 'node:stream/consumers';
import { serverConfig } from '../platform/config-file.ts';
import { createLog } from '../platform/log.ts';
import type { Surroundings } from './session.ts';

export function addLendStoreCommand(program: Command, around: Surroundings): void {
  program
    .command('lend-store', { hidden: true })
    .description('write the addresses of the database, and keep it running until standard input ends')
    .option('--begin', 'an installation that has nothing yet begins by this', false)
    .action(async ({ begin }: { begin: boolean }) => {
      const { lendStore } = await import('../local-store.ts');
      await lendStore(serverConfig(around.env).config, {
        begins: begin,
        log: createLog({ level: 'error', name: 'local' }),
        lend: (lines) => around.terminal.out(lines),
        returned: text(process.stdin),
      });
    });
}
