/** `casare run-view`: shows a run record in a browser, with no control plane and no network. */
import { plain } from '@casare/shared/terminal';
import type { Command } from 'commander';
import { once } from 'node:events';
import { Fault } from '../../platform/errors.ts';
import { viewerPage } from '../../viewer.ts';
import { UsageError } from '../exit.ts';
import type { Surroundings } from '../session.ts';
import { openArchive } from './archive.ts';
import { browserCommand, openBrowser } from './open-browser.ts';
import { serveRun } from './server.ts';

export function addRunViewCommand(program: Command, around: Surroundings): void {
  program
    .command('run-view <file>')
    .description('show a run record (`casare job record`) in a browser on this machine, until stopped')
    .option('--port <port>', 'on this port of 127.0.0.1 instead of a free one', portOf)
    .option('--no-open', 'print the address only')
    .action(async (file: string, { port, open }: { port?: number; open: boolean }, command: Command) => {
      const { output } = command.optsWithGlobals<{ output?: string }>();
      await view(file, { port, open, json: output === 'json' }, around);
    });
}

interface ViewOptions {
  readonly port: number | undefined;
  readonly open: boolean;
  readonly json: boolean;
}

async function view(file: string, { port, open, json }: ViewOptions, around: Surroundings): Promise<void> {
  const viewer = await viewerPage();
  if (viewer === null) {
    throw new Fault({ code: 'VIEWER_NOT_BUILT', what: 'The viewer is not built', fix: 'Run npm run build' });
  }
  const archive = await openArchive(file);
  try {
    const served = await serveRun(archive, viewer, port);
    try {
      const { url } = served;
      around.terminal.out(json ? `${JSON.stringify({ url, job: archive.run.job.id })}\n` : `${plain(url)}\n`);
      const browser = open ? browserCommand(url, { platform: process.platform, env: around.env }) : null;
      if (browser !== null) openBrowser(browser);
      around.terminal.err(`${browser === null ? 'Open it in a browser on this machine. ' : ''}Ctrl-C ends it.\n`);
      if (!around.signal.aborted) await once(around.signal, 'abort');
    } finally {
      await served.close();
    }
  } finally {
    archive.close();
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new UsageError(`${text} is no port: give 0 to 65535.`);
  return port;
}
