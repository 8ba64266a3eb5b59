/** What is different on Windows: paths, and later files' owners, kept keys, trees of processes. */
export { windowsHolds, windowsNameFault, windowsPathFault } from './path.decision.ts';
