/** The record of a run as a file: its format, and how one is written. */
export * from './format.ts';
export { lineOf, LINES } from './lines.ts';
export { lostLine, lostName, readLostName } from './lost.ts';
export { PAGE_DATA_ID } from './page.ts';
export { stepsOf } from './steps.ts';
export { recordFiles, type RecordFile, type RecordOptions, type RecordSource } from './write.ts';
