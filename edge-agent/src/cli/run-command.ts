/** `enrol` and `run`: how an agent gets its identity, and how it works until it is told to stop. */
import { hostname } from 'node:os';
import type { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { Fault } from '../fault.ts';
import { enrol, type EnrolOptions } from '../identity/index.ts';
import {
  type Agent,
  enrolFirst,
  type HeldConfig,
  parseSlots,
  plain,
  startAgent,
  startEphemeralAgent,
} from '../service/index.ts';
import { type JoinFlags, readEnrolUrl, readJoinToken } from './join-token.ts';
import { keepNetwork, type NetworkFlags, withNetworkOptions } from './network-flags.ts';
import { type PlaceFlags, placeOf, withPlace } from './place.ts';
import type { Surroundings } from './surroundings.ts';

interface EnrolFlags extends PlaceFlags, JoinFlags, NetworkFlags {
  readonly name?: string;
  readonly tag: readonly string[];
}
interface RunFlags extends EnrolFlags {
  readonly ephemeral?: true;
  readonly slots?: string;
  readonly policy?: string;
  readonly workerSocket?: string;
  readonly stopOnStdinEnd?: true;
  readonly logToStdout?: true;
}

export function addRun(program: Command, around: Surroundings): void {
  withPlace(withNetworkOptions(withJoining(program.command('enrol'))))
    .description('give this agent its identity, with a join token')
    .action((flags: EnrolFlags) => enrolCommand(flags, around));
  withPlace(withNetworkOptions(withJoining(program.command('run'))))
    .description('run the agent until it is told to stop; with agent.yaml and a join token, enrol it first')
    .option('--ephemeral', 'enrol anew at this start, by the options of enrol, and keep no identity')
    .option('--stop-on-stdin-end', 'stop when standard input ends: for whoever cannot send a signal')
    .option('--log-to-stdout', 'write the log to standard output alone, not to logs/agent.log: for whoever keeps it')
    .option('--slots <list>', 'jobs at once by kind, such as browser=2,plain=4')
    .option(
      '--policy <file>',
      'what jobs may do (default: $CASARE_POLICY, /etc/casare/policy.yaml, policy.yaml of the home)',
    )
    .option(
      '--worker-socket <path>',
      'workers run as another user: where their worker host comes to (default: $CASARE_WORKER_SOCKET)',
    )
    .action((flags: RunFlags) => runCommand(flags, around));
}

function withJoining(command: Command): Command {
  const collect = (value: string, all: string[]): string[] => [...all, value];
  return command
    .option('--url <url>', 'URL of the enrol listener (default: $CASARE_AGENT_URL)')
    .option('--token-file <file>', 'file with the join token, - for standard input (default: $CASARE_AGENT_TOKEN_FILE)')
    .option('--token <token>', 'the join token itself (casare_…): lists of processes show it')
    .option('--name <name>', 'how people call this agent (default: the host name)')
    .option('--tag <k=v>', 'a label for people; may be given several times', collect, []);
}

/** How to enrol, without the token. */
function joinOf(flags: EnrolFlags, config: HeldConfig | null, around: Surroundings) {
  const host = hostname();
  return {
    url: readEnrolUrl(flags, around.environment, config?.url),
    name: (flags.name ?? config?.name ?? host).slice(0, 100),
    hostname: host.slice(0, 255),
    declared: [...(config?.declared ?? []), ...flags.tag],
  } satisfies Omit<EnrolOptions, 'home' | 'now' | 'token'>;
}

async function enrolCommand(flags: EnrolFlags, around: Surroundings): Promise<void> {
  const { home, config } = placeOf(flags, around.environment);
  keepNetwork(home, flags);
  const token = await readJoinToken(
    flags,
    around,
    config === null ? undefined : (config.joinTokenFile ?? home.joinToken),
  );
  const enrolled = await enrol({ ...joinOf(flags, config, around), token, home, now: Date.now });
  around.print(`enrolled as ${plain(enrolled.name)}: agent ${enrolled.agentId}, tenant ${plain(enrolled.tenant)}\n`);
  if (enrolled.state === 'pending') around.print('a person must approve this agent before it gets jobs\n');
}

async function runCommand(flags: RunFlags, around: Surroundings): Promise<void> {
  if (flags.stopOnStdinEnd === true) around.stopOnInputEnd?.();
  const { environment } = around;
  const level = environment['CASARE_LOG_LEVEL'];
  const gone = Promise.withResolvers<'gone'>();
  const { home, config } = placeOf(flags, environment);
  const options = {
    home,
    environment,
    slots: parseSlots(flags.slots, config?.slots),
    policy: flags.policy ?? environment['CASARE_POLICY'],
    workerSocket: (flags.workerSocket ?? environment['CASARE_WORKER_SOCKET']) || config?.workerSocket,
    clock: systemClock,
    random: Math.random,
    logLevel: level === 'debug' || level === 'warn' || level === 'error' ? level : 'info',
    keepLog: flags.logToStdout === true ? around.print : undefined,
    print: (line: string) => around.print(`${new Date().toISOString().slice(11, 19)} ${line}\n`),
  } as const;
  if (flags.ephemeral !== true) {
    keepNetwork(home, flags);
    if (flags.url !== undefined || flags.token !== undefined || flags.tokenFile !== undefined) {
      throw new Fault('USAGE', 'run takes --url and a token only with --ephemeral: use enrol first, or agent.yaml', {
        exitCode: 2,
      });
    }
    if (config !== null && !(await enrolByConfig(config, flags, options, around))) return;
    const agent: Agent = await startAgent(options);
    await around.stopped();
    await agent.stop();
    return;
  }
  const token = await readJoinToken(
    flags,
    around,
    config === null ? undefined : (config.joinTokenFile ?? home.joinToken),
  );
  const wanted = { ...joinOf(flags, config, around), token };
  keepNetwork(home, flags);
  const agent = await startEphemeralAgent({ ...options, join: wanted, onGone: () => gone.resolve('gone') });
  const why = await Promise.race([around.stopped(), gone.promise]);
  await agent.stop();
  // whoever started it starts it again, and it enrols anew
  if (why === 'gone') throw new Fault('AGENT_GONE', 'the control plane has decommissioned this agent: start it again');
}

/** False when the agent was told to stop before it was enrolled. */
function enrolByConfig(
  config: HeldConfig,
  flags: RunFlags,
  { home, random, print }: Pick<Parameters<typeof startAgent>[0], 'home' | 'random' | 'print'>,
  around: Surroundings,
): Promise<boolean> {
  return enrolFirst({
    ...{ home, random, print },
    join: () => joinOf(flags, config, around),
    tokenFile: around.environment['CASARE_AGENT_TOKEN_FILE'] || (config.joinTokenFile ?? home.joinToken),
    now: Date.now,
    stopped: around.stopped(),
  });
}
