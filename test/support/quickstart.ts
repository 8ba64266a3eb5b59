/** Runs `npm start -- --once --json` in a checkout and reads what it printed. */
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { invoicePdf } from '../../docs/examples/supplier-portal/invoice-pdf.ts';
import { invoicesOf } from '../../docs/examples/supplier-portal/invoices.ts';
import { freePorts } from './ports.ts';
import { MONTH } from './stack.ts';

/** The result line (design section 16). */
const Result = z.strictObject({
  job: z.uuid(),
  state: z.string(),
  output: z.object({ month: z.string(), files: z.array(z.string()) }),
  artifacts: z.int(),
  seconds: z.number(),
});

/** What became of a run. */
export interface QuickStart {
  readonly code: number | null;
  readonly result: z.infer<typeof Result>;
  /** Everything on standard error: what a person reads. */
  readonly screen: string;
}

/** How to run it. */
export interface QuickStartOptions {
  readonly checkout: string;
  readonly home: string;
  /** Instead of the present user. */
  readonly as?: { readonly uid: number; readonly gid: number };
  readonly env?: NodeJS.ProcessEnv;
  /** Web, enrol and tunnel; free ones unless given. */
  readonly ports?: readonly number[];
  /** The command; `npm start --` unless said otherwise. */
  readonly command?: readonly [string, ...string[]];
}

/** Runs it to its end on free ports. */
export async function quickStart(options: QuickStartOptions): Promise<QuickStart> {
  const [web, enrol, tunnel] = options.ports ?? (await freePorts(3));
  const [command, ...args] = options.command ?? ['npm', 'start', '--silent', '--'];
  const child = spawn(command, [...args, '--once', '--json'], {
    cwd: options.checkout,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      CASARE_HOME: options.home,
      CASARE_WEB_PORT: String(web),
      CASARE_ENROL_PORT: String(enrol),
      CASARE_TUNNEL_PORT: String(tunnel),
      ...options.env,
    },
    ...options.as,
  });
  let [out, screen] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (screen += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  const last = out.trimEnd().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`no result line (exit ${code}):\n${screen.slice(-4_000)}`);
  return { code, result: Result.parse(JSON.parse(last)), screen };
}

/** The names of the fetched PDFs that are, byte for byte, what the portal serves. */
export async function identicalPdfs(home: string, job: string): Promise<string[]> {
  const folder = path.join(home, 'results', job, MONTH);
  const names = await readdir(folder);
  const good: string[] = [];
  for (const invoice of invoicesOf(MONTH)) {
    const name = `${invoice.number}.pdf`;
    if (names.includes(name) && (await readFile(path.join(folder, name))).equals(invoicePdf(invoice))) good.push(name);
  }
  return good;
}
