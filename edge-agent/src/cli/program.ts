/** The commands of `casare-agent`. Exit codes: 0 ok, 1 error, 2 usage, 3 not authorised, 5 the run did not succeed. */
import { hostname } from 'node:os';
import { Command, CommanderError, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { describe, Fault } from '../fault.ts';
import { agentHome, enrol } from '../identity/index.ts';
import { DocumentProblems } from '../local/document-problems.ts';
import { type Agent, askStatus, parseSlots, plain, startAgent, startEphemeralAgent } from '../service/index.ts';
import { addAudit } from './audit-command.ts';
import { addDoctor } from './doctor-command.ts';
import { addInspect } from './inspect-command.ts';
import { readEnrolUrl, readJoinToken, type JoinFlags } from './join-token.ts';
import { keepNetwork, type NetworkFlags, withNetworkOptions } from './network-flags.ts';
import { table } from './output.ts';
import { addRunLocal } from './run-local-command.ts';
import type { Surroundings } from './surroundings.ts';

interface HomeOption {
  home?: string;
}
interface OutputOption extends HomeOption {
  output: 'table' | 'json';
}
interface EnrolFlags extends HomeOption, JoinFlags, NetworkFlags {
  name?: string;
  tag: string[];
}
interface RunFlags extends EnrolFlags {
  slots?: string;
  policy?: string;
  ephemeral?: true;
  stopOnStdinEnd?: true;
}

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
  program.exitOverride().configureOutput({ writeOut: around.print, writeErr: around.complain });
  const home = (): Option => new Option('--home <dir>', 'agent home (default: $CASARE_HOME/agent, or .casare/agent)');
  const output = (): Option =>
    new Option('--output <kind>', 'how to show it').choices(['table', 'json']).default('table');
  const collect = (value: string, all: string[]): string[] => [...all, value];
  const joining = (command: Command): Command =>
    command
      .option('--url <url>', 'URL of the enrol listener (default: $CASARE_AGENT_URL)')
      .option(
        '--token-file <file>',
        'file with the join token, - for standard input (default: $CASARE_AGENT_TOKEN_FILE)',
      )
      .option('--token <token>', 'the join token itself (casare_…): lists of processes show it')
      .option('--name <name>', 'how people call this agent (default: the host name)')
      .option('--tag <k=v>', 'a label for people; may be given several times', collect, []);

  withNetworkOptions(joining(program.command('enrol')))
    .description('give this agent its identity, with a join token')
    .addOption(home())
    .action((flags: EnrolFlags) => enrolCommand(flags, around));
  withNetworkOptions(joining(program.command('run')))
    .description('run the agent until it is told to stop')
    .option('--ephemeral', 'enrol anew at this start, by the options of enrol, and keep no identity')
    .addOption(home())
    .option('--stop-on-stdin-end', 'stop when standard input ends: for whoever cannot send a signal')
    .option('--slots <list>', 'jobs at once by kind, such as browser=2,plain=4')
    .option(
      '--policy <file>',
      'what jobs may do (default: $CASARE_POLICY, /etc/casare/policy.yaml, policy.yaml of the home)',
    )
    .action((flags: RunFlags) => runCommand(flags, around));
  program
    .command('status')
    .description('what the running agent does')
    .addOption(home())
    .addOption(output())
    .action((flags: OutputOption) => statusCommand(flags, around));
  program
    .command('healthcheck')
    .description('exit 0 when the agent runs and answers')
    .addOption(home())
    .action((flags: HomeOption) => healthCommand(flags, around));
  addDoctor(program, around, () => new Failed());
  addAudit(program, around);
  addRunLocal(program, around, () => new RunFailed());
  addInspect(program, around);
  const network = program.command('network').description('how this agent gets out of its network');
  withNetworkOptions(network.command('set'))
    .description("keep settings in the agent home; '' takes one away")
    .option('--no-system-ca', 'do not trust it any more')
    .addOption(home())
    .action((flags: HomeOption & NetworkFlags) => keepNetwork(agentHome(flags.home, around.environment), flags));
  network
    .command('show')
    .description('what is kept, as JSON')
    .addOption(home())
    .action((flags: HomeOption) =>
      around.print(`${JSON.stringify(agentHome(flags.home, around.environment).network.settings(), null, 2)}\n`),
    );
  for (const command of [...program.commands, ...network.commands])
    command.exitOverride().copyInheritedSettings(program);
  return program;
}

/** How to enrol. */
async function joinOf(flags: EnrolFlags, around: Surroundings) {
  const host = hostname();
  return {
    url: readEnrolUrl(flags, around.environment),
    token: await readJoinToken(flags, around),
    name: (flags.name ?? host).slice(0, 100),
    hostname: host.slice(0, 255),
    declared: flags.tag,
  };
}

async function enrolCommand(flags: EnrolFlags, around: Surroundings): Promise<void> {
  const home = agentHome(flags.home, around.environment);
  keepNetwork(home, flags);
  const enrolled = await enrol({ ...(await joinOf(flags, around)), home, now: Date.now });
  around.print(`enrolled as ${plain(enrolled.name)}: agent ${enrolled.agentId}, tenant ${plain(enrolled.tenant)}\n`);
  if (enrolled.state === 'pending') around.print('a person must approve this agent before it gets jobs\n');
}

async function runCommand(flags: RunFlags, around: Surroundings): Promise<void> {
  if (flags.stopOnStdinEnd === true) around.stopOnInputEnd?.();
  const { environment } = around;
  const level = environment['CASARE_LOG_LEVEL'];
  const gone = Promise.withResolvers<'gone'>();
  const options = {
    home: agentHome(flags.home, environment),
    environment,
    slots: parseSlots(flags.slots),
    policy: flags.policy ?? environment['CASARE_POLICY'],
    clock: systemClock,
    random: Math.random,
    logLevel: level === 'debug' || level === 'warn' || level === 'error' ? level : 'info',
    print: (line: string) => around.print(`${new Date().toISOString().slice(11, 19)} ${line}\n`),
  } as const;
  if (flags.ephemeral !== true) {
    keepNetwork(options.home, flags);
    if (flags.url !== undefined || flags.token !== undefined || flags.tokenFile !== undefined) {
      throw new Fault('USAGE', 'run takes --url and a token only with --ephemeral: use enrol first', { exitCode: 2 });
    }
    const agent: Agent = await startAgent(options);
    await around.stopped();
    await agent.stop();
    return;
  }
  const wanted = await joinOf(flags, around);
  keepNetwork(options.home, flags);
  const agent = await startEphemeralAgent({ ...options, join: wanted, onGone: () => gone.resolve('gone') });
  const why = await Promise.race([around.stopped(), gone.promise]);
  await agent.stop();
  // whoever started it starts it again, and it enrols anew
  if (why === 'gone') throw new Fault('AGENT_GONE', 'the control plane has decommissioned this agent: start it again');
}

async function statusCommand(flags: OutputOption, around: Surroundings): Promise<void> {
  const status = await askStatus(agentHome(flags.home, around.environment));
  if (flags.output === 'json') {
    around.print(`${JSON.stringify(status)}\n`);
    return;
  }
  const slots = Object.entries(status.slots).map(([kind, count]) => `${kind}=${count}`);
  const why = status.tunnel.why === undefined ? '' : ` (${status.tunnel.why})`;
  const generation = status.certificateGeneration === undefined ? '' : `, generation ${status.certificateGeneration}`;
  const rows = [
    ['agent', `${status.name} (${status.agentId}), tenant ${status.tenant}`],
    ['process', `pid ${status.pid}, version ${status.version}, since ${status.startedAt}`],
    ['tunnel', `${status.tunnel.state} since ${status.tunnel.since}${why}`],
    ['way out', status.network ?? 'unknown'],
    ['certificate', `until ${status.certificateUntil}${generation}`],
    ['bundle', status.bundle === undefined ? 'unknown' : status.bundle.slice(0, 16)],
    ['sealing key', status.sealingKey ?? 'unknown'],
    ['policy', status.policy ?? 'unknown'],
    ['slots', slots.join(', ')],
    ['browser', status.browser],
    ['desktop', status.desktop ?? 'unknown'],
    ['capabilities', status.capabilities.join(', ')],
    ...status.running.map((run) => ['running', `${run.workflow}: job ${run.jobId}, attempt ${run.attempt}`]),
    ['held runs', String(status.heldRuns)],
  ];
  around.print(table(['WHAT', 'IS'], rows));
}

async function healthCommand(flags: HomeOption, around: Surroundings): Promise<void> {
  const status = await askStatus(agentHome(flags.home, around.environment));
  around.print(`ok: pid ${status.pid}, tunnel ${status.tunnel.state}\n`);
}
