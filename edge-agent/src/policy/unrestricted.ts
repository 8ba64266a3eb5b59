/** What holds where IT has written no policy: the run's own folder, and whatever the network lets it reach. */
import { StepFailure, type StepPolicy } from '../engine/index.ts';

export const unrestricted: StepPolicy = {
  restrictsUrls: false,
  checkUrl: () => Promise.resolve(),
  checkApplication: () => Promise.resolve(),
  checkFile: (path, use) =>
    Promise.reject(
      new StepFailure({
        type: 'authorization',
        code: 'POLICY_FILE_REFUSED',
        title: "The agent's policy does not open this file",
        detail: `${path} lies outside the run's folder and may not be ${use === 'read' ? 'read' : 'written'}: add its folder to the agent's policy, or use a relative name.`,
        certain: true,
      }),
    ),
  checkScript: () =>
    Promise.reject(
      new StepFailure({
        type: 'authorization',
        code: 'POLICY_SCRIPT_REFUSED',
        title: "The agent's policy does not let documents run scripts in pages",
        detail: "browser.evaluate is off unless the agent's policy says `browserEvaluate: allowed`.",
        certain: true,
      }),
    ),
};
