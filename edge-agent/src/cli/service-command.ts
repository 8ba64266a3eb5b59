/** `casare-agent service …`: for installers and for administrators who do without one. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Argument, type Command } from 'commander';
import { agentHome } from '../identity/index.ts';
import { systemPolicy } from '../policy/index.ts';
import { plain } from '../service/index.ts';
import {
  closeSessions,
  configOf,
  configure,
  installService,
  openSessions,
  purge,
  uninstallService,
} from '../setup/index.ts';
import { readJoinToken } from './join-token.ts';
import { placeOf } from './place.ts';
import type { Surroundings } from './surroundings.ts';

interface ConfigureFlags {
  readonly home?: string;
  readonly config?: string;
  readonly url?: string;
  readonly name?: string;
  readonly site?: string;
  readonly tags?: string;
  readonly proxy?: string;
  readonly bypass?: string;
  readonly caFile?: string;
  readonly policy?: string;
  readonly workerSocket?: string;
  readonly joinToken?: string;
  readonly joinTokenFile?: string;
}

const HOME = 'agent home (default: $CASARE_AGENT_HOME, $CASARE_HOME/agent, or .casare/agent)';
const CONFIG = 'agent.yaml (default: in the home)';

interface SessionsFlags extends Pick<ConfigureFlags, 'home' | 'config'> {
  readonly user?: string;
}

interface InstallFlags {
  readonly home?: string;
  readonly account?: string;
}

export function addService(program: Command, around: Surroundings): void {
  const service = program.command('service').description('set this agent up as a service, and take it away');
  service
    .command('configure')
    .description('write agent.yaml and the join token; what is not named, or empty, stays as it was')
    .option('--home <dir>', HOME)
    .option('--config <file>', CONFIG)
    .option('--url <url>', 'URL of the enrol listener')
    .option('--join-token <token>', 'the join token (casare_…): lists of processes show it')
    .option('--join-token-file <file>', 'file with the join token, - for standard input')
    .option('--name <name>', 'how people call this agent')
    .option('--site <name>', 'where it stands, for people')
    .option('--tags <list>', 'labels for people, by commas')
    .option('--proxy <url>', 'HTTP CONNECT proxy, http://host:port; none: not even HTTPS_PROXY')
    .option('--bypass <hosts>', 'hosts, domains and networks that are reached without the proxy, by commas')
    .option('--ca-file <file>', 'PEM file with a CA of your company')
    .option('--policy <file>', 'what jobs may do: becomes the policy of the machine')
    .option('--worker-socket <path>', 'workers run as another user: where their worker hosts come to')
    .action((flags: ConfigureFlags) => configureCommand(flags, around));
  service
    .command('purge')
    .description('take this agent away for good: decommission it where that can be done, and remove identity and data')
    .option('--home <dir>', HOME)
    .option('--config <file>', 'agent.yaml, for the way out (default: in the home)')
    .action((flags: Pick<ConfigureFlags, 'home' | 'config'>) => purgeCommand(flags, around));
  service
    .command('sessions')
    .description('Windows: workers run in the sessions of those who are signed in, or no longer do')
    .addArgument(new Argument('<state>').choices(['on', 'off']))
    .option('--home <dir>', HOME)
    .option('--config <file>', CONFIG)
    .option(
      '--user <account>',
      'with on: in the sessions of this account alone, such as PC\\robot (default: of everybody)',
    )
    .action((state: string, flags: SessionsFlags) => sessionsCommand(state, flags, around));
  service
    .command('install')
    .description('Windows, without the MSI: make the service from the folder of this agent, and start it')
    .option('--home <dir>', HOME)
    .option('--account <name>', 'whose rights it has; one that needs no password (default: NT SERVICE\\CasareAgent)')
    .action((flags: InstallFlags) => installCommand(flags, around));
  service
    .command('remove')
    .description('Windows, without the MSI: stop the service and take it away; identity and data stay')
    .action(async () => tell(await uninstallService(), around));
}

function tell(lines: readonly string[], around: Surroundings): void {
  for (const line of lines) around.print(`${plain(line)}\n`);
}

function installCommand({ home, account }: InstallFlags, around: Surroundings): void {
  const place = { home: agentHome(home, around.environment), folder: dirname(process.execPath) };
  tell(installService({ ...place, ...(account ? { account } : {}) }), around);
}

function sessionsCommand(state: string, flags: SessionsFlags, { environment, ...around }: Surroundings): void {
  const home = agentHome(flags.home, environment);
  const agent = { home, config: resolve(flags.config ?? configOf(home)), policy: systemPolicy() };
  const program = { node: process.execPath, agent: resolve(process.argv[1] ?? '') };
  const place = { agent, program, environment, user: flags.user };
  tell(state === 'on' ? openSessions(place) : closeSessions(place), { environment, ...around });
}

async function purgeCommand(flags: Pick<ConfigureFlags, 'home' | 'config'>, around: Surroundings): Promise<void> {
  const { environment } = around;
  const config = configOf(agentHome(flags.home, environment));
  const place = { ...flags, ...(flags.config === undefined && existsSync(config) ? { config } : {}) };
  const { home, config: held } = placeOf(place, environment);
  tell(await purge(home, { workerSocket: held?.workerSocket }), around);
}

async function configureCommand(flags: ConfigureFlags, around: Surroundings): Promise<void> {
  const home = agentHome(flags.home, around.environment);
  const { url, name, site, tags, proxy, bypass, caFile, workerSocket, joinToken, joinTokenFile } = flags;
  const texts = { url, name, site, proxy, workerSocket, caFile: caFile ? resolve(caFile) : '' };
  const settings = {
    ...Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, text ?? ''])),
    tags: listOf(tags),
    noProxy: listOf(bypass),
  };
  const hasToken = Boolean(joinToken) || Boolean(joinTokenFile);
  const token = hasToken
    ? await readJoinToken(
        { ...(joinToken ? { token: joinToken } : {}), ...(joinTokenFile ? { tokenFile: joinTokenFile } : {}) },
        around,
      )
    : undefined;
  const place = { home, config: resolve(flags.config ?? configOf(home)), policy: systemPolicy() };
  const wanted = { settings, joinToken: token, policy: flags.policy };
  tell(configure(place, wanted), around);
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
