/**
 * The commands of `casare-agent`. Exit codes: 0 ok, 1 error, 2 usage, 3 not authorised, 5 the run did not succeed,
 * 6 (`status`) the agent runs and gets no jobs.
 */
import { Command, CommanderError } from 'commander';
import { describe, Fault } from '../fault.ts';
import { agentHome } from '../identity/index.ts';
import { DocumentProblems } from '../local/document-problems.ts';
import { agentVersion, askStatus, ConfigInvalid, plain } from '../service/index.ts';
import { addAudit } from './audit-command.ts';
import { addDoctor } from './doctor-command.ts';
import { addInspect } from './inspect-command.ts';
import { keepNetwork, type NetworkFlags, withNetworkOptions } from './network-flags.ts';
import { type PlaceFlags, placeOf, withPlace } from './place.ts';
import { addRun } from './run-command.ts';
import { addRunLocal } from './run-local-command.ts';
import { addSelftest } from './selftest-command.ts';
import { addService } from './service-command.ts';
import { addStatus, AgentIdle, IDLE_EXIT } from './status-command.ts';
import { addSupportBundle } from './support-command.ts';
import type { Surroundings } from './surroundings.ts';
import { addWorkerHost } from './worker-host-command.ts';

/** Runs one command line (without the program's own name) and answers the exit code. */
export async function main(argv: readonly string[], around: Surroundings): Promise<number> {
  try {
    const program = commands(around);
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof RunFailed) return 5;
    if (error instanceof Failed) return 1;
    if (error instanceof AgentIdle) return IDLE_EXIT;
    if (error instanceof ConfigInvalid) {
      around.complain([`${error.code}: ${error.message}`, ...error.lines].map((line) => `${plain(line)}\n`).join(''));
      return error.exitCode;
    }
    if (error instanceof DocumentProblems) {
      around.complain(error.lines.map((line) => `${plain(line)}\n`).join(''));
      return 1;
    }
    const code = error instanceof Fault ? error.code : 'UNEXPECTED';
    around.complain(`${code}: ${plain(describe(error))}\n`);
    return error instanceof Fault ? error.exitCode : 1;
  }
}

/** A command that has said what is wrong. */
class Failed extends Error {}
/** A run that did not succeed, which was said. */
class RunFailed extends Error {}

function commands(around: Surroundings): Command {
  const program = new Command('casare-agent').description('The Casare edge agent: runs jobs where the systems are.');
  program.version(agentVersion()).exitOverride().configureOutput({ writeOut: around.print, writeErr: around.complain });

  addRun(program, around);
  addStatus(program, around);
  withPlace(program.command('healthcheck'))
    .description('exit 0 when the agent runs and answers')
    .action((flags: PlaceFlags) => healthCommand(flags, around));
  addService(program, around);
  addDoctor(program, around, () => new Failed());
  addSupportBundle(program, around);
  addSelftest(program, around, () => new Failed());
  addAudit(program, around);
  addRunLocal(program, around, () => new RunFailed());
  addInspect(program, around);
  addWorkerHost(program, around);
  const network = program.command('network').description('how this agent gets out of its network');
  withPlace(withNetworkOptions(network.command('set')))
    .description("keep settings in the agent home; '' takes one away")
    .option('--no-system-ca', 'do not trust it any more')
    .action((flags: PlaceFlags & NetworkFlags) => keepNetwork(placeOf(flags, around.environment).home, flags));
  withPlace(network.command('show'))
    .description('what is kept, as JSON')
    .action((flags: PlaceFlags) =>
      around.print(`${JSON.stringify(placeOf(flags, around.environment).home.network.settings(), null, 2)}\n`),
    );
  for (const command of [...program.commands, ...program.commands.flatMap((command) => command.commands)])
    command.exitOverride().copyInheritedSettings(program);
  return program;
}

/** The home alone decides: a fault that got into `agent.yaml` since the start is no fault of the agent that runs. */
async function healthCommand(flags: PlaceFlags, around: Surroundings): Promise<void> {
  const status = await askStatus(agentHome(flags.home, around.environment));
  around.print(`ok: pid ${status.pid}, tunnel ${status.tunnel.state}\n`);
}
