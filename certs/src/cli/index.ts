/** Front door of the `casare-certs` program, for whoever puts its surroundings together. */
export type { LocalDesk, LocalOpening, Surroundings } from './desk.ts';
export { CliError } from './exit.ts';
export { run } from './program.ts';
