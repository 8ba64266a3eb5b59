/**
 * The order in which files of tests begin. Without times of an earlier run, vitest begins with the largest files, and on a
 * clean clone there are none: a small file that takes minutes would begin last and run alone, its neighbour idle.
 *
 * Files that are not named come after those that are, as vitest orders them. A name that no file has harms nothing.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those that take longest, by the end of their path. In the slow tier those that wait (Wine) stand beside those that calculate. */
const FIRST = [
  'test/system/windows-agent.test.ts',
  'test/system/rotation-crash.test.ts',
  'test/system/deb-control-plane.test.ts',
  'test/system/windows-msi.test.ts',
  'test/system/clean-clone.test.ts',
  'test/system/windows-desktop-job.test.ts',
  'test/system/chaos.test.ts',
  'test/system/windows-service-agent.test.ts',
  'test/system/replicas.test.ts',
  'test/system/fuzz.test.ts',
  'test/system/deb.test.ts',
  'test/system/windows-service-host.test.ts',
  'test/system/rotation-fleet.test.ts',
  'test/e2e/bench.test.ts',
  'test/e2e/recovery.test.ts',
  'test/e2e/bad-input.test.ts',
  'test/e2e/bad-moments.test.ts',
  'test/e2e/quickstart.test.ts',
  'test/e2e/backup.test.ts',
  'test/security/policy.test.ts',
  'test/security/browser-policy.test.ts',
  'edge-agent/src/worker-host/hosted.test.ts',
  'control-plane/src/fleet/rotation.test.ts',
  'control-plane/src/trust/rotation-crash.test.ts',
  'test/simulation/simulation.test.ts',
  'edge-agent/src/runner/supervisor.test.ts',
  'control-plane/src/platform/database/embedded/server.test.ts',
  'edge-agent/src/cli/agent-process.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    // Projects stay together, since a run may have several.
    const projects = [...new Set(sorted.map(({ project }) => project.name))];
    const rank = ({ project, moduleId }: TestSpecification): number => {
      const at = FIRST.findIndex((end) => moduleId.endsWith(`/${end}`));
      return projects.indexOf(project.name) * (FIRST.length + 1) + (at === -1 ? FIRST.length : at);
    };
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
