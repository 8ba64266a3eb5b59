/**
 * Probes of what only a real Windows has, by the tools that it brings and by the agent's own calls. They have been run by us
 * under Wine at most: that is why they are here.
 */
import { setTimeout } from 'node:timers/promises';
import { sessionOfProcess } from '../desktop/index.ts';
import { ownSession, privacyProblem, protectData, systemProgram, unprotectData } from '../windows/index.ts';
import { mayBecomeAdministrator, serviceFacts } from './windows-answers.decision.ts';
import { ask, failed, type Outcome, passed, type Probe, skipped } from './probe.ts';

const SERVICE = 'CasareAgent';
const SOURCE = 'Casare Agent';
const ACCOUNT = /^NT SERVICE\\CasareAgent$/i;
const RESTART_MS = 60_000;
const LOOK_AGAIN_MS = 1_000;
const NOT_INSTALLED = 'the service CasareAgent is not installed';

/** Asks a program of Windows' own. */
const askSystem = (name: string, ...args: string[]): Promise<string | null> => ask(systemProgram(name), ...args);

export const WINDOWS_PROBES = {
  'service.installed': async () => {
    const facts = await service();
    if (facts === null) return skipped(NOT_INSTALLED);
    const text = `start ${facts.start}, state ${facts.state}`;
    return /AUTO_START/.test(facts.start) && facts.state === 'RUNNING' ? passed(text) : failed(text);
  },
  'service.account': async () => {
    const facts = await service();
    if (facts === null) return skipped(NOT_INSTALLED);
    return ACCOUNT.test(facts.account) ? passed('NT SERVICE\\CasareAgent') : failed('it runs under another account');
  },
  'service.rights': async () => {
    const answer = await askSystem('sc.exe', 'qprivs', SERVICE);
    if (answer === null) return skipped(NOT_INSTALLED);
    const found = mayBecomeAdministrator(answer);
    return found.length === 0 ? passed('none of the rights that lead further') : failed(`it has ${found.join(', ')}`);
  },
  'service.restarts': async () => {
    const answer = await askSystem('sc.exe', 'qfailure', SERVICE);
    if (answer === null) return skipped(NOT_INSTALLED);
    return /RESTART/.test(answer) ? passed('restart is set') : failed('no restart is set');
  },
  'service.restart': async ({ disruptive }) => {
    if (!disruptive) return skipped('it would kill the agent: give --disruptive');
    const before = (await service())?.children ?? [];
    if (before.length === 0) return failed('no node.exe below the service was found');
    for (const pid of before) await askSystem('taskkill.exe', '/pid', String(pid), '/f');
    return restarted(new Set(before));
  },
  'data.acl': ({ home }) => {
    const problem = privacyProblem(home.root, true);
    return problem === null ? passed('private') : failed(problem);
  },
  'session.zero': async () => {
    const facts = await service();
    if (facts === null || facts.pid === 0) return skipped('the service does not run');
    const [theirs, ours] = [await sessionOfProcess(facts.pid), await sessionOfProcess(process.pid)];
    if (theirs === null || ours === null) return failed('tasklist tells no sessions');
    const text = `service in session ${theirs}, this program in ${ours}`;
    return theirs === 0 && ours > 0 ? passed(text) : failed(text);
  },
  'session.worker': async () => {
    const answer = await askSystem(
      'wmic.exe',
      'process',
      'where',
      "CommandLine like '%worker-host%'",
      'get',
      'ProcessId',
    );
    const shell = answer ?? (await askSystem('powershell.exe', '-NoProfile', '-Command', WORKER_HOSTS)) ?? '';
    const pids = [...shell.matchAll(/^\s*(\d+)\s*$/gm)]
      .map(([, pid]) => Number(pid))
      .filter((pid) => pid !== process.pid);
    const sessions = await Promise.all(pids.map((pid) => sessionOfProcess(pid)));
    if (pids.length === 0) return skipped('no worker host runs');
    const text = `worker hosts in sessions ${sessions.join(', ')}`;
    return sessions.every((number) => number !== null && number > 0) ? passed(text) : failed(text);
  },
  'session.locked': async ({ lock }) => {
    if (!lock) return skipped('it would lock the screen: give --lock');
    // What keeps desktop jobs off a locked screen asks the same.
    const isLocked = (): boolean => ownSession().isLocked;
    if (isLocked()) return failed('the screen is said to be locked before it was');
    await askSystem('rundll32.exe', 'user32.dll,LockWorkStation');
    const seen = await until(isLocked);
    if (!seen) return failed('the locked screen was not seen to be locked');
    const open = await until(() => !isLocked(), 10 * RESTART_MS);
    return open ? passed('locked and open again were seen') : failed('nobody has unlocked it within ten minutes');
  },
  'keys.protected': () => {
    const data = Buffer.from('selftest');
    const kept = protectData(data, 'selftest');
    if (!unprotectData(kept, 'selftest').equals(data)) return failed('it is read back as something else');
    if (kept.includes(data)) return failed('it is not encrypted');
    try {
      unprotectData(kept, 'another purpose');
    } catch {
      return passed('read back by this account, and for its purpose alone');
    }
    return failed('it can be read for another purpose');
  },
  'msi.registry': async () => {
    const own = await askSystem('reg.exe', 'query', String.raw`HKLM\Software\Casare\Agent`, '/reg:64');
    if (own === null) return skipped('it was not installed by the MSI');
    const missing = ['ControlPlaneUrl', 'InstallDir', 'Version'].filter((name) => !own.includes(name));
    if (missing.length > 0) return failed(`missing: ${missing.join(', ')}`);
    if (/casare_[\w-]{8,}/.test(own)) return failed('a join token is left in the registry');
    const uninstall = String.raw`HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall`;
    const apps = await askSystem('reg.exe', 'query', uninstall, '/s', '/f', 'Casare', '/d', '/reg:64');
    return apps !== null && /DisplayName/.test(apps) ? passed('all are there') : failed('not among the installed apps');
  },
  'eventlog.source': async () => {
    const key = String.raw`HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\Casare Agent`;
    const source = await askSystem('reg.exe', 'query', key);
    if (source === null) return failed('the Event Log does not know the source');
    const query = `/q:*[System[Provider[@Name='${SOURCE}']]]`;
    const events = await askSystem('wevtutil.exe', 'qe', 'Application', query, '/c:1', '/rd:true', '/f:text');
    if (events === null) return failed('the Event Log cannot be asked');
    return /Event\[/.test(events) ? passed('known, and it has an event') : failed('known, and it has no event');
  },
} as const satisfies Readonly<Record<string, Probe>>;

const WORKER_HOSTS =
  "Get-CimInstance Win32_Process | Where-Object { $_.CommandLine -like '*worker-host*' } | ForEach-Object { $_.ProcessId }";

async function service() {
  const [config, state] = [await askSystem('sc.exe', 'qc', SERVICE), await askSystem('sc.exe', 'queryex', SERVICE)];
  if (config === null || state === null) return null;
  const facts = serviceFacts(config, state);
  const list = `Get-CimInstance Win32_Process -Filter "ParentProcessId=${facts.pid}" | ForEach-Object { $_.ProcessId }`;
  const below = facts.pid === 0 ? '' : ((await askSystem('powershell.exe', '-NoProfile', '-Command', list)) ?? '');
  return { ...facts, children: [...below.matchAll(/^\s*(\d+)\s*$/gm)].map(([, pid]) => Number(pid)) };
}

async function restarted(before: ReadonlySet<number>): Promise<Outcome> {
  const began = performance.now();
  const again = await until(async () => {
    const now = (await service())?.children ?? [];
    return now.length > 0 && now.every((pid) => !before.has(pid));
  });
  if (!again) return failed('no new process within a minute');
  return passed(`a new process after ${Math.round((performance.now() - began) / 1_000)} s`);
}

async function until(holds: () => boolean | Promise<boolean>, ms = RESTART_MS): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end;) {
    if (await holds()) return true;
    await setTimeout(LOOK_AGAIN_MS);
  }
  return false;
}
