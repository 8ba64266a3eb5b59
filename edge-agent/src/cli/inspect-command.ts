/** `casare-agent inspect`: what can be named on a page or on a desktop, as selectors that are ready to be copied into a workflow. */
import { type Command, Option } from 'commander';
import { BrowserError } from '../browser/index.ts';
import { DesktopError, inspectDesktop } from '../desktop/index.ts';
import { describe, Fault } from '../fault.ts';
import { agentHome } from '../identity/index.ts';
import { plain } from '../service/index.ts';
import type { Surroundings } from './surroundings.ts';

interface Flags {
  url?: string;
  window?: string;
  display?: string;
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
    .description('list what can be named on a page or a desktop, with selectors that are ready to be copied')
    .option('--url <address>', 'a page, opened in a browser of its own')
    .option('--window <title>', 'windows of the desktop whose title holds this; without --url, all windows')
    .option('--display <name>', 'the display, such as :1 (default: $DISPLAY)')
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
  if (flags.url === undefined) return inspectWindows(flags, around);
  if (flags.window !== undefined || flags.display !== undefined) {
    throw new Fault('USAGE', 'inspect takes a page (--url) or a desktop (--window, --display), not both', {
      exitCode: 2,
    });
  }
  if (!URL.canParse(flags.url) || !/^https?:$/.test(new URL(flags.url).protocol)) {
    throw new Fault('USAGE', `--url takes an http:// or https:// address, not ${plain(flags.url)}`, { exitCode: 2 });
  }
  const home = agentHome(flags.home, around.environment).root;
  const options = { home, env: around.environment, platform: process.platform, timeoutMs: TIMEOUT_MS };
  // Every command is loaded for each; what runs steps is not.
  const { inspectPage } = await import('../steps/index.ts');
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

async function inspectWindows({ window, display, output }: Flags, around: Surroundings): Promise<void> {
  const env = { ...around.environment, ...(display === undefined ? {} : { DISPLAY: display }) };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const windows = await inspectDesktop({ env, window, signal }).catch((error: unknown) => {
    if (!(error instanceof DesktopError)) throw error;
    const hint = error.code === 'DESKTOP_NO_DISPLAY' ? ': name the display by --display, or a page by --url' : '';
    throw new Fault(error.code, `${error.message.replace('CASARE_DESKTOP is "display" and there', 'There')}${hint}`);
  });
  if (output === 'json') {
    around.print(`${JSON.stringify({ windows })}\n`);
    return;
  }
  if (windows.length === 0) around.print('no window is open there that matches\n');
  for (const { title, application, elements } of windows) {
    const lines = elements.map(({ depth, selector, states }) => {
      const indent = '  '.repeat(Math.min(depth, MOST_INDENTED));
      return `${indent}${plain(selector)}${states.length === 0 ? '' : `  (${states.join(', ')})`}`;
    });
    around.print(`${plain(title)}  ${plain(application)}\n${lines.join('\n')}\n`);
  }
}
