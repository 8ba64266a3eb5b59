/** `casare-agent inspect`: what can be named on a page, as selectors that are ready to be copied into a workflow. */
import { type Command, Option } from 'commander';
import { BrowserError } from '../browser/index.ts';
import { describe, Fault } from '../fault.ts';
import { agentHome } from '../identity/index.ts';
import { plain } from '../service/index.ts';
import { inspectPage } from '../steps/index.ts';
import type { Surroundings } from './surroundings.ts';

interface Flags {
  url: string;
  profile?: string;
  home?: string;
  output: 'text' | 'json';
}

const TIMEOUT_MS = 60_000;
/** Levels of indentation; deeper elements stand at the last. */
const MOST_INDENTED = 30;

export function addInspect(program: Command, around: Surroundings): void {
  program
    .command('inspect')
    .description('list what can be named on a page, with selectors that are ready to be copied')
    .requiredOption('--url <address>', 'the page, opened in a browser of its own')
    .option('--profile <name>', 'begin with what a workflow kept under this name, such as a sign-in')
    .addOption(
      new Option('--output <kind>', 'text: indented selectors; json: one object')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option('--home <dir>', 'agent home (default: $CASARE_HOME/agent, or .casare/agent)')
    .action((flags: Flags) => inspectCommand(flags, around));
}

async function inspectCommand(flags: Flags, around: Surroundings): Promise<void> {
  if (!URL.canParse(flags.url) || !/^https?:$/.test(new URL(flags.url).protocol)) {
    throw new Fault('USAGE', `--url takes an http:// or https:// address, not ${plain(flags.url)}`, { exitCode: 2 });
  }
  const home = agentHome(flags.home, around.environment).root;
  const options = { home, env: around.environment, platform: process.platform, timeoutMs: TIMEOUT_MS };
  const page = await inspectPage({ ...options, url: flags.url, profile: flags.profile }).catch((error: unknown) => {
    if (error instanceof BrowserError) throw new Fault(error.code, error.message);
    throw new Fault('PAGE_NOT_OPENED', `${flags.url}: ${describe(error).split('\n', 1)[0] ?? ''}`);
  });
  if (flags.output === 'json') {
    around.print(`${JSON.stringify(page)}\n`);
    return;
  }
  const lines = page.elements.map(
    ({ depth, selector }) => `${'  '.repeat(Math.min(depth, MOST_INDENTED))}${plain(selector)}`,
  );
  around.print(`${plain(page.url)}  ${plain(page.title)}\n${lines.join('\n')}\n`);
}
