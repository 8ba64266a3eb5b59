/** `casare-agent service …`: for installers and for administrators who do without one. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { agentHome } from '../identity/index.ts';
import { systemPolicy } from '../policy/index.ts';
import { plain } from '../service/index.ts';
import { configOf, configure, purge } from '../setup/index.ts';
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
  readonly joinToken?: string;
  readonly joinTokenFile?: string;
}

export function addService(program: Command, around: Surroundings): void {
  const service = program.command('service').description('set this agent up as a service, and take it away');
  service
    .command('configure')
    .description('write agent.yaml and the join token; what is not named, or empty, stays as it was')
    .option('--home <dir>', 'agent home (default: $CASARE_AGENT_HOME, $CASARE_HOME/agent, or .casare/agent)')
    .option('--config <file>', 'agent.yaml (default: in the home)')
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
    .action((flags: ConfigureFlags) => configureCommand(flags, around));
  service
    .command('purge')
    .description('take this agent away for good: decommission it where that can be done, and remove identity and data')
    .option('--home <dir>', 'agent home (default: $CASARE_AGENT_HOME, $CASARE_HOME/agent, or .casare/agent)')
    .option('--config <file>', 'agent.yaml, for the way out (default: in the home)')
    .action((flags: Pick<ConfigureFlags, 'home' | 'config'>) => purgeCommand(flags, around));
}

async function purgeCommand(flags: Pick<ConfigureFlags, 'home' | 'config'>, around: Surroundings): Promise<void> {
  const { environment } = around;
  const config = configOf(agentHome(flags.home, environment));
  const place = { ...flags, ...(flags.config === undefined && existsSync(config) ? { config } : {}) };
  for (const line of await purge(placeOf(place, environment).home)) around.print(`${plain(line)}\n`);
}

async function configureCommand(flags: ConfigureFlags, around: Surroundings): Promise<void> {
  const home = agentHome(flags.home, around.environment);
  const { url, name, site, tags, proxy, bypass, caFile, joinToken, joinTokenFile } = flags;
  const texts = { url, name, site, proxy, caFile: caFile ? resolve(caFile) : '' };
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
  for (const line of configure(place, wanted)) around.print(`${plain(line)}\n`);
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
