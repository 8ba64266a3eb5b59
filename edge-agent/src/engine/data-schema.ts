/** JSON Schemas of inputs, outputs and exports: draft 2020-12, or draft-07 where the schema says so. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import type { DataSchema, Json } from '@casare/shared/workflow';
import { fault } from './errors.ts';

const SHOWN_PROBLEMS = 5;
const options = { strict: false, allErrors: true, validateFormats: true } as const;
const compiled = new WeakMap<object, ValidateFunction>();

/**
 * Checks data against a schema of the document.
 * @param what whose data it is, such as `The input of the workflow`
 * @throws {WorkflowFault} validation error 400 with the first problems; configuration error 400 for a bad schema
 */
export function checkData(schema: DataSchema | undefined, data: Json, what: string): void {
  if (schema === undefined) return;
  const validate = validatorOf(schema.document);
  if (validate(data)) return;
  const problems = (validate.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath === '' ? 'it' : instancePath} ${message ?? 'is not valid'}`,
  );
  throw fault('validation', {
    code: 'DATA_INVALID',
    title: `${what} does not match its schema`,
    detail: problems.slice(0, SHOWN_PROBLEMS).join('; '),
  });
}

function validatorOf(schema: Json): ValidateFunction {
  const key = typeof schema === 'object' && schema !== null ? schema : null;
  const known = key === null ? undefined : compiled.get(key);
  if (known !== undefined) return known;
  try {
    const draft = String((schema as { $schema?: unknown } | null)?.$schema ?? '');
    const ajv = draft.includes('draft-07') ? new Ajv(options) : new Ajv2020(options);
    formats.default(ajv);
    const validate = ajv.compile(schema as object | boolean);
    if (key !== null) compiled.set(key, validate);
    return validate;
  } catch (error) {
    throw fault('configuration', {
      code: 'SCHEMA_INVALID',
      title: 'A JSON Schema of the document cannot be used',
      detail: (error as Error).message,
    });
  }
}
