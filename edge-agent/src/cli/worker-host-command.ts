/** `casare-agent worker-host`: starts workers for an agent of another user. */
import path from 'node:path';
import { homedir } from 'node:os';
import { type Command } from 'commander';
import { agentVersion } from '../service/index.ts';
import { ownSession } from '../windows/index.ts';
import type { Surroundings } from './surroundings.ts';

interface Flags {
  socket: string;
  home?: string;
}

/** Adds the command; it runs until it is told to stop. */
export function addWorkerHost(program: Command, around: Surroundings): void {
  program
    .command('worker-host')
    .description('start workers for an agent of another user, as this one, until told to stop')
    .requiredOption('--socket <path>', "the agent's --worker-socket")
    .option('--home <dir>', "a folder of this user's for browsers and their profiles (default: ~/.casare-worker)")
    .action(async ({ socket, home }: Flags) => {
      // What starts a browser is loaded when it is wanted, not for every other command.
      const { placeOf, runWorkerHost } = await import('../worker-host/index.ts');
      const stopping = new AbortController();
      void around.stopped().then(() => stopping.abort());
      const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
      await runWorkerHost({
        place: placeOf(socket),
        home: path.resolve(home ?? path.join(homedir(), '.casare-worker')),
        session: () => (process.platform === 'win32' ? ownSession() : null),
        version: agentVersion(),
        installed: agentVersion,
        environment: around.environment,
        platform: process.platform,
        module: new URL(`../runner/worker.${extension}`, import.meta.url),
        random: Math.random,
        log: (message) => around.print(`${new Date().toISOString().slice(11, 19)} ${message}\n`),
        stopped: stopping.signal,
      });
    });
}
