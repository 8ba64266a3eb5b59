/**
 * `npm run build:deb [FOLDER]`: the packages for Linux, into `dist/`. Files get the time of the last commit, or that of
 * SOURCE_DATE_EPOCH, so that the same sources give the same bytes.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { BuildFault } from '../fault.ts';
import { buildAgentDeb, buildAgentTarball } from './agent-package.ts';
import { buildControlPlaneDeb } from './control-plane-package.ts';
import { hasDpkg } from './deb.ts';

const run = promisify(execFile);
const root = path.resolve(process.cwd());

try {
  if (!(await hasDpkg())) {
    throw new BuildFault('NO_DPKG', 'dpkg-deb is not there: build on Debian or Ubuntu, or install the package dpkg');
  }
  const wanted = { root, out: path.resolve(process.argv[2] ?? 'dist'), at: await timeOf(process.env) };
  for (const build of [buildAgentDeb, buildAgentTarball, buildControlPlaneDeb]) console.log(await build(wanted));
} catch (error) {
  if (!(error instanceof BuildFault)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function timeOf({ SOURCE_DATE_EPOCH: given }: NodeJS.ProcessEnv): Promise<Date> {
  if (given !== undefined && /^\d{1,10}$/.test(given)) return new Date(Number(given) * 1_000);
  if (given !== undefined) throw new BuildFault('NO_TIME', 'SOURCE_DATE_EPOCH is no number of seconds: correct it');
  const { stdout } = await run('git', ['log', '-1', '--format=%ct'], { cwd: root }).catch(() => ({ stdout: '' }));
  if (/^\d+\s*$/.test(stdout)) return new Date(Number(stdout) * 1_000);
  throw new BuildFault('NO_TIME', 'this is no checkout of git: give the time of the sources in SOURCE_DATE_EPOCH');
}
