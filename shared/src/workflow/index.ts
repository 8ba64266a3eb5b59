/** The workflow language: documents, their tasks, selectors, the catalogue of steps, parsing and analysis. */
export * from './definitions.ts';
export * from './document.ts';
export * from './duration.ts';
export * from './rpa.ts';
export * from './step.ts';
export * from './task-list.ts';
export * from './task.ts';
export * from './selector.ts';
export * from './catalog/index.ts';
export * from './call-target.ts';
export * from './normalise.ts';
export * from './parse.ts';
export * from './problem.ts';
export * from './restart.ts';
export * from './validate.ts';
