/** `selftest`: what an administrator proves on a real machine. */
export { POINT_IDS, POINTS } from './points.ts';
export { runSelftest } from './run-selftest.ts';
