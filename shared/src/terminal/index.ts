/** What our command-line programs write. */
export { type Column, details, duration, json, plain, table } from './text.ts';
