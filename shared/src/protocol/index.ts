/** The tunnel protocol: every shape that crosses between agent and control plane. */
export * from './carrier.ts';
export * from './enrolment.ts';
export * from './frames.ts';
export * from './limits.ts';
export * from './messages.ts';
export * from './probes.ts';
export * from './run-events.ts';
export * from './signature.ts';
export * from './secret-rules.ts';
export * from './secret-value.ts';
