/** The checks of `doctor`: each says what it looked at, what it found, and what to do about it. Nothing is changed. */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { probeBrowser } from '../browser/index.ts';
import { probeDesktop } from '../desktop/index.ts';
import { Fault } from '../fault.ts';
import {
  type AgentHome,
  certificateTimes,
  heldBundle,
  permissionProblems,
  readIdentity,
  serverTimeOf,
} from '../identity/index.ts';
import { policyPlace, readPolicy } from '../policy/index.ts';
import { LocalSecrets, readProviderSettings } from '../secrets/index.ts';
import { askStatus, freeBytes } from '../service/index.ts';
import { broken, type Check, failed, ok, warning } from './check.ts';
import { networkChecks } from './network-checks.ts';

const SKEW_WARNING_MS = 30_000;
const SKEW_FAILURE_MS = 300_000;
const LOW_DISK_BYTES = 1_073_741_824;
const NO_DISK_BYTES = 134_217_728;
/** For all that is asked of providers of secrets. */
const SECRETS_MS = 60_000;
const RENEWAL_DUE_MS = 6 * 3_600_000;

/** Runs every check of a home. Never rejects: a check that breaks has failed. */
export async function runChecks(home: AgentHome, environment: NodeJS.ProcessEnv, now: () => number): Promise<Check[]> {
  const checks: [string, () => Check | Promise<Check>][] = [
    ['agent home', () => checkHome(home)],
    ['identity', () => checkIdentity(home, now())],
    ['clock', () => checkClock(home, now)],
    ...networkChecks(home),
    ['policy', () => checkPolicy(home, environment)],
    ['secret providers', () => checkSecrets(home, environment)],
    ['agent process', () => checkProcess(home)],
    ['disk', () => checkDisk(home)],
    ['browser', () => checkBrowser(home, environment)],
    ['desktop', () => checkDesktop(environment)],
  ];
  return Promise.all(
    checks.map(async ([name, run]) => {
      try {
        return await run();
      } catch (error) {
        return broken(name, error);
      }
    }),
  );
}

function checkHome(home: AgentHome): Check {
  if (statSync(home.root, { throwIfNoEntry: false }) === undefined) {
    return failed('agent home', `${home.root} does not exist`, 'enrol this agent, or name its --home');
  }
  const [problem, ...others] = permissionProblems(home);
  if (problem === undefined) return ok('agent home', `${home.root}, private`);
  return failed('agent home', others.length === 0 ? problem : `${problem} (and ${others.length} more)`, 'see left');
}

function checkIdentity(home: AgentHome, now: number): Check {
  const { agentId, tenant } = readIdentity(home);
  const { sinceStartMs, untilEndMs } = certificateTimes(home, now);
  const until = new Date(now + untilEndMs).toISOString();
  if (sinceStartMs < 0) return failed('identity', 'the certificate is not valid yet', "set this machine's clock");
  if (untilEndMs < 0) {
    const fix = 'the agent renews it by itself when it runs; if it is refused, the agent process check says why';
    return warning('identity', `the certificate expired at ${until}`, fix);
  }
  const { digest, roots } = heldBundle(home);
  const bundle = `bundle ${digest.slice(0, 16)} of ${roots} ${roots === 1 ? 'root' : 'roots'}`;
  const found = `${agentId}, tenant ${tenant}, certificate until ${until}, ${bundle}`;
  return untilEndMs < RENEWAL_DUE_MS ? warning('identity', found, 'renewal is due') : ok('identity', found);
}

async function checkClock(home: AgentHome, now: () => number): Promise<Check> {
  const asked = serverTimeOf(home, readIdentity(home).enrolUrl);
  const serverTime = await asked.catch((error: unknown) => {
    // an agent that is enrolled does without the enrol listener
    if (error instanceof Fault && error.code === 'UNREACHABLE') return null;
    throw error;
  });
  if (serverTime === null) return warning('clock', 'the control plane does not tell its time', 'compare it by hand');
  const skewMs = Math.abs(serverTime - now());
  const found = `differs from the control plane's by ${Math.round(skewMs / 1_000)} s`;
  if (skewMs > SKEW_FAILURE_MS) return failed('clock', found, "set this machine's clock");
  return skewMs > SKEW_WARNING_MS ? warning('clock', found, 'keep it by a time service') : ok('clock', found);
}

function checkPolicy(home: AgentHome, environment: NodeJS.ProcessEnv): Check {
  const { file, digest, exposed } = readPolicy(policyPlace(environment['CASARE_POLICY'], home.root));
  if (file === null) return ok('policy', 'none: jobs may do what steps can do');
  const found = `${file}, ${digest.slice(0, 16)}`;
  if (!exposed) return ok('policy', found);
  return warning('policy', `${found}; jobs run as its owner and could change it`, 'give it to root');
}

async function checkSecrets(home: AgentHome, environment: NodeJS.ProcessEnv): Promise<Check> {
  const { settings, file } = readProviderSettings(environment['CASARE_SECRET_PROVIDERS'], home.root);
  if (file === null) return ok('secret providers', 'none: secrets come from the control plane');
  const secrets = new LocalSecrets(settings);
  try {
    const { found, wrong } = await secrets.check(AbortSignal.timeout(SECRETS_MS));
    const [first, ...others] = wrong;
    if (first === undefined) {
      const count = Object.keys(settings.secrets).length;
      return ok('secret providers', [...found, `${count} secrets can be read`].join('; '));
    }
    const { name, result, found: what, fix } = broken('secret providers', first);
    return { name, result, found: others.length === 0 ? what : `${what} (and ${others.length} more)`, fix };
  } finally {
    await secrets.close();
  }
}

async function checkProcess(home: AgentHome): Promise<Check> {
  const status = await askStatus(home).catch(() => null);
  if (status === null) return warning('agent process', 'not running', `casare-agent run --home ${home.root}`);
  const found = `pid ${status.pid}, tunnel ${status.tunnel.state}`;
  if (status.tunnel.state === 'live') return ok('agent process', found);
  const { why } = status.tunnel;
  return warning('agent process', why === undefined ? found : `${found}: ${why}`, 'see the tunnel check');
}

function checkDisk(home: AgentHome): Check {
  let folder = home.root;
  while (!existsSync(folder)) folder = dirname(folder);
  const free = freeBytes(folder);
  const found = `${(free / 1_073_741_824).toFixed(1)} GiB free`;
  if (free < NO_DISK_BYTES) return failed('disk', found, 'free space: no job is accepted');
  return free < LOW_DISK_BYTES ? warning('disk', found, 'free space soon') : ok('disk', found);
}

async function checkBrowser(home: AgentHome, environment: NodeJS.ProcessEnv): Promise<Check> {
  // a home that is not there yet is not made by looking
  const scratch = existsSync(home.root) ? null : mkdtempSync(join(tmpdir(), 'casare-doctor-'));
  const probe = await probeBrowser({ home: scratch ?? home.root, env: environment, platform: process.platform });
  if (scratch !== null) rmSync(scratch, { recursive: true, force: true });
  const why = probe.why ?? '';
  if (!probe.ok) return failed('browser', why, 'install Chrome, Edge or Chromium, or set CASARE_BROWSER');
  const found = `Chromium ${probe.version} at ${probe.path}`;
  return probe.sandbox ? ok('browser', found) : warning('browser', found, why);
}

/** Not every agent runs desktop jobs: that it cannot is worth a warning. */
async function checkDesktop(environment: NodeJS.ProcessEnv): Promise<Check> {
  const probe = await probeDesktop(environment, process.platform);
  if (probe.ok) return ok('desktop', probe.found);
  return warning(
    'desktop',
    probe.found,
    'needed for desktop jobs only: apt-get install xvfb openbox dbus at-spi2-core',
  );
}
