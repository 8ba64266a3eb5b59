/** The `casare-certs` command: its tree, and how a call of it ends. Never rejects. */
import { Command, Option } from 'commander';
import { version } from '../version.ts';
import { addAuditCommands } from './audit-commands.ts';
import { addBundleCommands } from './bundle-commands.ts';
import { addCertificateCommands } from './certificate-commands.ts';
import type { Surroundings } from './desk.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { exitCodeOf, lineOf, type ExitCode } from './exit.ts';
import { addInspectCommand } from './inspect-command.ts';
import { addLockCommands } from './lock-commands.ts';
import { addRootCommands } from './root-commands.ts';
import { addRotateCommands } from './rotate-commands.ts';
import { addSignerCommand } from './signer-command.ts';
import { addStatusCommands } from './status-commands.ts';
import { addTokenCommands } from './token-commands.ts';

/** Runs the command with `args` (without node and script); answers the exit code. */
export async function run(args: readonly string[], around: Surroundings): Promise<number> {
  let ended: ExitCode = 0;
  try {
    const program = programFor(around, (code) => (ended = code));
    await program.parseAsync([...args], { from: 'user' });
    return ended;
  } catch (error) {
    const line = lineOf(error);
    if (line !== '') around.error(`${line}\n`);
    return exitCodeOf(error);
  }
}

/** The tree of commands; `end` is told of exit codes that are no errors. */
export function programFor(around: Surroundings, end: (code: ExitCode) => void): Command {
  const program = new Command('casare-certs')
    .description('Looks after the certificates of Casare: CAs, rotations, locks, join tokens')
    .version(version())
    .option('--url <url>', 'the control plane (CASARE_URL)')
    .option('--api-key <key>', 'an API key of role security (CASARE_API_KEY)')
    .option('--local', 'break-glass: on the server itself, with its own store and master key, without an API key')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'))
    .showHelpAfterError('Add --help to see how it is called.')
    .exitOverride()
    .configureOutput({ writeOut: around.out, writeErr: around.error });
  addStatusCommands(program, around, end);
  addRotateCommands(program, around, end);
  addCertificateCommands(program, around, end);
  addLockCommands(program, around, end);
  addTokenCommands(program, around, end);
  addBundleCommands(program, around);
  addRootCommands(program, around);
  addAuditCommands(program, around);
  addInspectCommand(program, around);
  addDoctorCommand(program, around, end);
  addSignerCommand(program, end);
  for (const command of all(program)) command.exitOverride().copyInheritedSettings(program);
  return program;
}

/** Every command below `program`. */
export function all(program: Command): Command[] {
  return program.commands.flatMap((command) => [command, ...all(command)]);
}
