/**
 * The JSON Schema (draft 7, which editors know best) of documents, from the same declarations that check them. It is a
 * guide while typing; `parseWorkflow` decides.
 */
import { z } from 'zod';
import { CATALOG, exactReference } from './catalog/index.ts';
import { FunctionTask, Workflow } from './document.ts';
import { DocumentRpa } from './rpa.ts';
import type { StepDeclaration } from './step.ts';
import { FunctionCallTask, TaskList } from './task.ts';
import { TASK_SCHEMAS } from './validate.ts';

type JsonSchema = z.core.JSONSchema.JSONSchema;

const EXPRESSION: JsonSchema = { type: 'string', pattern: '^\\s*\\$\\{[\\s\\S]+\\}\\s*$' };

/** The schema of a workflow document, with every step of the catalogue and its arguments. */
export function workflowJsonSchema(): JsonSchema {
  const { call: anyCall, ...others } = TASK_SCHEMAS;
  const kinds = Object.values(others).map(convertTask);
  const call = convertTask(anyCall);
  const own = { ...call, properties: { ...call.properties, call: ownFunctionName() } };
  const item: JsonSchema = {
    type: 'object',
    minProperties: 1,
    maxProperties: 1,
    additionalProperties: { $ref: '#/$defs/task' },
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Casare workflow (Open Workflow Specification DSL 1.0.x, Profile 1)',
    ...convert(Workflow),
    $defs: {
      ...Object.fromEntries(COMMON.map((name) => [name, convert(anyCall).properties![name]!])),
      taskList: { type: 'array', items: item },
      task: { anyOf: [...CATALOG.map(stepCall), ...kinds, own] },
    },
  };
}

/** What every task may have is described once. */
const COMMON = ['if', 'input', 'output', 'export', 'timeout', 'then', 'metadata'] as const;
function convertTask(schema: z.ZodObject): JsonSchema {
  const converted = convert(schema);
  // Calls by HTTP have metadata of their own.
  const common = COMMON.filter((name) => schema.shape[name] === FunctionCallTask.shape[name]);
  const references = common.map((name): [string, JsonSchema] => [name, { $ref: `#/$defs/${name}` }]);
  return { ...converted, properties: { ...converted.properties, ...Object.fromEntries(references) } };
}

/** A call of one step, by any of its references. */
function stepCall(step: StepDeclaration): JsonSchema {
  const { properties, ...rest } = convertTask(FunctionCallTask);
  const args = orExpressions(convert(step.with));
  const needed = args.required !== undefined && args.required.length > 0 ? ['call', 'with'] : ['call'];
  return {
    ...rest,
    description: step.summary,
    required: needed,
    properties: {
      ...properties,
      call: { enum: [step.name, `${step.name}:${step.version}`, exactReference(step)] },
      with: args,
    },
  };
}

/** Names that are no steps: those are checked with their arguments. */
function ownFunctionName(): JsonSchema {
  const taken = CATALOG.flatMap((step) => [step.name, `${step.name}:${step.version}`, exactReference(step)]);
  return { type: 'string', not: { enum: ['http', 'openapi', ...taken] } };
}

/** Arguments may be expressions at every level: their values are checked when the step runs. */
function orExpressions(schema: JsonSchema): JsonSchema {
  if (schema.properties === undefined) return schema;
  const properties = Object.entries(schema.properties).map(([name, inner]): [string, JsonSchema] => [
    name,
    typeof inner === 'boolean' ? { anyOf: [{}] } : { anyOf: [orExpressions(inner), EXPRESSION] },
  ]);
  return { ...schema, properties: Object.fromEntries(properties) };
}

function convert(schema: z.ZodType): JsonSchema {
  const { $schema, ...converted } = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    // Places for any JSON value have no schema of their own.
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if ((zodSchema as unknown) === TaskList) jsonSchema.$ref = '#/$defs/taskList';
      if ((zodSchema as unknown) === FunctionTask) jsonSchema.$ref = '#/$defs/task';
      // Nobody writes it.
      if ((zodSchema as unknown) === DocumentRpa) delete jsonSchema.properties?.workflows;
    },
  });
  void $schema;
  return converted;
}
