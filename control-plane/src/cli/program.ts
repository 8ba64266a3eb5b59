/** The `casare` command: its tree, and how a call of it ends. */
import { Command, Option } from 'commander';
import { CONTROL_PLANE_VERSION } from '../platform/version.ts';
import { exitCodeOf, linesOf } from './exit.ts';
import { addDeadLetterCommands } from './dead-letter-commands.ts';
import { addFleetCommands } from './fleet-commands.ts';
import { addAccountCommands } from './account-commands.ts';
import { addAlertCommands } from './alert-commands.ts';
import { addProviderCommands } from './provider-commands.ts';
import { addTenantCommands } from './tenant-commands.ts';
import { addKeyCommands } from './key-commands.ts';
import { addRouteCommands } from './route-commands.ts';
import { addHealthcheckCommand } from './healthcheck-command.ts';
import { addJobCommands } from './job-commands.ts';
import { addLendStoreCommand } from './lend-store-command.ts';
import { addLoginCommand } from './login-command.ts';
import { addBackupCommands } from './backup-commands.ts';
import { addRestoredCommand } from './restored-command.ts';
import { addRunViewCommand } from './run-view/command.ts';
import { addScheduleCommands } from './schedule-commands.ts';
import { addSecretCommands } from './secret-commands.ts';
import type { Surroundings } from './session.ts';
import { addSignerCommand } from './signer-command.ts';
import { addSubmitCommand } from './submit-command.ts';
import { addUpCommand } from './up-command.ts';
import { addWorkflowCommands } from './workflow-commands.ts';

/** Runs one call; its exit code. Never rejects. */
export async function runCli(args: readonly string[], around: Surroundings): Promise<number> {
  try {
    // Not an option of the program: commands have a `--version` of what they act on.
    if (args[0] === '--version') around.terminal.out(`${CONTROL_PLANE_VERSION ?? 'unknown'}\n`);
    else await programFor(around).parseAsync(args, { from: 'user' });
    return around.exitCode;
  } catch (error) {
    for (const line of linesOf(error)) around.terminal.err(`${line}\n`);
    return exitCodeOf(error);
  }
}

function programFor(around: Surroundings): Command {
  const program = new Command('casare')
    .description('Runs automation where the systems are, and controls it from here')
    .option('--url <url>', 'the control plane (CASARE_URL)')
    .option('--api-key <key>', 'an API key (CASARE_API_KEY)')
    .addOption(
      new Option('-o, --output <format>', 'how results are written').choices(['table', 'json']).default('table'),
    )
    .option('--if-match <etag>', 'change it only if it is still as this ETag says')
    .option('--etag-save <file>', 'write the ETag of what is shown or changed to a file')
    .addHelpText('after', '\n`casare --version` says which one this is.')
    .showHelpAfterError('Add --help to see how it is called.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => around.terminal.out(text),
      writeErr: (text) => around.terminal.err(text),
    });
  addUpCommand(program, around);
  addSignerCommand(program, around);
  addHealthcheckCommand(program, around);
  addBackupCommands(program, around);
  addRestoredCommand(program, around);
  addLendStoreCommand(program, around);
  addLoginCommand(program, around);
  addKeyCommands(program, around);
  addAccountCommands(program, around);
  addTenantCommands(program, around);
  addFleetCommands(program, around);
  addRouteCommands(program, around);
  addWorkflowCommands(program, around);
  addSecretCommands(program, around);
  addJobCommands(program, around);
  addRunViewCommand(program, around);
  addSubmitCommand(program, around);
  addDeadLetterCommands(program, around);
  addScheduleCommands(program, around);
  addAlertCommands(program, around);
  addProviderCommands(program, around);
  return program;
}
