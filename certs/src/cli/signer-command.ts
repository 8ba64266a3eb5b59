/** `signer`: the signer by itself, as a service of its own. */
import type { Command } from 'commander';
import { example } from './desk.ts';
import type { ExitCode } from './exit.ts';

export function addSignerCommand(program: Command, end: (code: ExitCode) => void): void {
  const signer = program
    .command('signer')
    .description('run the signer by itself, for a control plane that finds it by CASARE_SIGNER_SOCKET')
    .requiredOption('--home <dir>', 'where master.key is, or is made')
    .requiredOption('--socket <path>', 'where callers find it; in a directory of its own user')
    .requiredOption('--host <host...>', "what a gateway's certificate may name: a host name or an address")
    .option('--group <number>', 'a group that may use the socket too')
    .option('--trust-domain <name>', "in the host of every agent's name", 'casare.internal')
    .action(async (options: object) => {
      // Only here: no other command opens the master key.
      const { runSigner } = await import('../signer-process/run.ts');
      end((await runSigner(options)) as ExitCode);
    });
  example(
    signer,
    'signer --home /var/lib/casare-signer --socket /run/casare-signer/signer.sock --host gateway.example.com',
  );
}
