/** Supervision of runs and their worker processes. */
export { ArtifactIntake } from './artifact-intake.ts';
export { leftoverWorkers, workersOf } from './process-tree.ts';
export { RunFolders } from './run-folders.ts';
export { Supervisor, type SupervisorOptions } from './supervisor.ts';
export { endForked, WorkerPool, type WorkerSource } from './worker-pool.ts';
