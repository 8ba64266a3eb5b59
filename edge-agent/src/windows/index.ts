/** What is different on Windows: paths, who may use files, kept keys, trees of processes. */
export {
  changeProblem,
  closeToOthers,
  makePrivate,
  openToReaders,
  privacyProblem,
  openToSessions,
} from './file-security.ts';
export { JobObject } from './job-object.ts';
export { folded, windowsHolds, windowsNameFault, windowsPathFault } from './path.decision.ts';
export { protectData, unprotectData } from './protected-data.ts';
export { ownSession } from './session.ts';
