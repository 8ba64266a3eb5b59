/**
 * A workflow document of the Open Workflow Specification DSL 1.0.x, Profile 1. `Workflow` is its type once
 * `validate.ts` has accepted it; the schema alone does not look into task lists.
 */
import { z } from 'zod';
import {
  Authentication,
  ErrorDefinition,
  Input,
  Json,
  Name,
  Output,
  RetryPolicy,
  Timeout,
  TimeoutOrName,
} from './definitions.ts';
import { DocumentMetadata } from './rpa.ts';
import { type Task, TaskList } from './task.ts';

const Label = z
  .string()
  .regex(/^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/, 'expected 1 to 63 letters, digits and inner hyphens');
/** Semantic version 2.0.0. */
export const Version = z
  .string()
  .max(100)
  .regex(
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/,
    'expected a version such as `1.0.0`, in quotes',
  );

export const DocumentHead = z.strictObject({
  dsl: z.string().regex(/^1\.0\.\d+$/, 'expected DSL version `1.0.x`, such as `1.0.3`, in quotes'),
  namespace: Label,
  name: Label,
  version: Version,
  title: z.string().max(200).optional(),
  summary: z.string().max(20_000).optional(),
  tags: z.record(z.string(), Json).optional(),
  metadata: DocumentMetadata.optional(),
});
export type DocumentHead = z.infer<typeof DocumentHead>;

/** A task under `use.functions`, known to be an object. */
export const FunctionTask = z.custom<Task>((value) => typeof value === 'object' && value !== null, 'expected a task');
export const Use = z.strictObject({
  authentications: z.record(Name, Authentication).optional(),
  errors: z.record(Name, ErrorDefinition).optional(),
  functions: z.record(Name, FunctionTask).optional(),
  retries: z.record(Name, RetryPolicy).optional(),
  secrets: z.array(z.string().min(1).max(100)).max(100).optional(),
  timeouts: z.record(Name, Timeout).optional(),
});
export type Use = z.infer<typeof Use>;

export const Workflow = z.strictObject({
  document: DocumentHead,
  input: Input.optional(),
  use: Use.optional(),
  do: TaskList,
  timeout: TimeoutOrName.optional(),
  output: Output.optional(),
  evaluate: z.strictObject({ language: z.literal('jq').optional(), mode: z.literal('strict').optional() }).optional(),
});
export type Workflow = z.infer<typeof Workflow>;
