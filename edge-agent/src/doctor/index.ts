/** `doctor`: what keeps an agent from working. */
export type { Check, TimedCheck } from './check.ts';
export { CHECK_NAMES, type CheckName } from './findings.ts';
export { runChecks } from './run-checks.ts';
