/**
 * Runs the points of `selftest` one after the other and makes the report. A probe that throws has failed, one that does not
 * end has failed too; nothing of the machine's names gets into the report.
 */
import { hostname, release, userInfo } from 'node:os';
import { type SelftestPoint, SELFTEST_VERSION, SelftestReport } from '@casare/shared/selftest';
import { describe } from '../fault.ts';
import { agentVersion } from '../service/index.ts';
import { anonymous } from './anonymous.decision.ts';
import { COMMON_PROBES } from './common-probes.ts';
import { type DesktopPoint, desktopProbes, desktopStart } from './desktop-probes.ts';
import { LINUX_PROBES } from './linux-probes.ts';
import { POINT_IDS, type PointId, POINTS } from './points.ts';
import { failed, type Outcome, type Probe, type Scene, skipped } from './probe.ts';
import { WINDOWS_PROBES } from './windows-probes.ts';

/** For one probe; a person who unlocks a screen has ten minutes. */
const PROBE_MS = 15 * 60_000;
const REASON = 500;

type Alone = Exclude<PointId, DesktopPoint>;
/** The compiler asks for a probe for each point, and for a point for each probe. */
const PROBES: Readonly<Record<Alone, Probe>> = {
  ...WINDOWS_PROBES,
  ...LINUX_PROBES,
  ...COMMON_PROBES,
  'desktop.start': desktopStart,
};

export interface SelftestOptions extends Scene {
  readonly now: () => number;
  /** Only these; all when absent. */
  readonly only?: ReadonlySet<string>;
  /** Told each outcome as it comes. */
  readonly told?: (point: SelftestPoint) => void;
}

/** Never rejects. */
export async function runSelftest(options: SelftestOptions): Promise<SelftestReport> {
  const { only, platform, now, told } = options;
  const names = namesOf(options);
  const points: SelftestPoint[] = [];
  const wanted = POINT_IDS.filter((id) => only?.has(id) ?? true);
  const shared = wanted.filter((id): id is DesktopPoint => !(id in PROBES) && isFor(id, platform));
  let desktop: Map<DesktopPoint, Outcome> | null = null;
  for (const id of wanted) {
    const began = performance.now();
    let outcome: Outcome;
    if (!isFor(id, platform)) outcome = skipped(`tried on ${POINTS[id].on} only`);
    else if (id in PROBES) outcome = await bounded(() => PROBES[id as Alone](options));
    else {
      desktop ??= await desktopProbes(options, shared);
      outcome = desktop.get(id as DesktopPoint) ?? skipped('not tried');
    }
    const reason = anonymous(outcome.reason, names).replaceAll(/\s+/g, ' ').slice(0, REASON);
    const point = { id, result: outcome.result, reason, ms: Math.round(performance.now() - began) };
    points.push(point);
    told?.(point);
  }
  return SelftestReport.parse({
    ...{ kind: 'casare.selftest', version: SELFTEST_VERSION, at: new Date(now()).toISOString() },
    agentVersion: agentVersion(),
    system: { platform, release: release().slice(0, 100), arch: process.arch, node: process.versions.node },
    points,
  });
}

function isFor(id: PointId, platform: NodeJS.Platform): boolean {
  const { on } = POINTS[id];
  return on === 'everywhere' || platform === (on === 'windows' ? 'win32' : 'linux');
}

/** What must not be in a report. */
function namesOf({ home, environment }: Scene): Readonly<Record<string, string>> {
  const { username, homedir } = userInfo();
  return {
    [home.root]: '<home>',
    [homedir]: '<user folder>',
    [hostname()]: '<machine>',
    [username]: '<user>',
    [environment['USERDOMAIN'] ?? '']: '<domain>',
  };
}

async function bounded(probe: () => Outcome | Promise<Outcome>): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve(failed(`no result within ${PROBE_MS / 60_000} minutes`)), PROBE_MS);
  });
  const made = (async () => {
    try {
      return await probe();
    } catch (error) {
      return failed(describe(error));
    }
  })();
  const outcome = await Promise.race([made, late]);
  clearTimeout(timer);
  return outcome;
}
