/** Running workflows of files on this machine. */
export { readText } from './local-document.ts';
export { runLocal } from './local-run.ts';
