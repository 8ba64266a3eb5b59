/** The workflow engine's front door. */
export { type Clock, systemClock } from './clock.ts';
export { runWorkflow, type RunEndingBody } from './engine.ts';
export { StepFailure, type StandardError } from './errors.ts';
export { createExpressions, type Expressions } from './expressions.ts';
export type { RunOptions } from './frame.ts';
export { PauseSwitch } from './pause.ts';
export { RecordingFailed } from './recorder.ts';
export { createVault, type SecretVault } from './secrets.ts';
export type {
  ArtifactAbout,
  EvidenceKind,
  FileUse,
  LogLevel,
  Step,
  StepContext,
  StepPolicy,
  StepRegistry,
  UploadRule,
} from './steps.ts';
