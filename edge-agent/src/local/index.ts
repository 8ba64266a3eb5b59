/** Running workflows of files on this machine. */
export { DocumentProblems, readText } from './local-document.ts';
export { runLocal } from './local-run.ts';
