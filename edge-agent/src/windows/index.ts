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
export { appPaths } from './app-paths.ts';
export { finalPath } from './final-path.ts';
export { folded, windowsHolds, windowsNameFault, windowsPathFault } from './path.decision.ts';
export { protectData, unprotectData } from './protected-data.ts';
export { MACHINE, registryText, removeRegistryKey, setRegistryValue } from './registry.ts';
export { createService, removeService, startService } from './service-manager.ts';
export { ownSession, type WindowsSession } from './session.ts';
export { systemFolder, systemProgram } from './system-program.ts';
