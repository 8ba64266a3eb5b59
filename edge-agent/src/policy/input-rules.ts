/**
 * Limits of inputs: JSON Schemas of the policy, besides the workflow's own. The schema is IT's, the input is anybody's: a
 * check is ended after a second, also inside a pattern.
 */
import { Ajv } from 'ajv';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import vm from 'node:vm';

const CHECK_MS = 1_000;
const SHOWN_PROBLEMS = 3;
const options = { strict: false, allErrors: false, logger: false, validateFormats: true } as const;
const compiled = new WeakMap<object, ValidateFunction>();
const sandbox = vm.createContext({ work: null as unknown });
const script = new vm.Script('work()');

/** A schema of the policy: what ajv takes. */
export type InputSchema = boolean | Readonly<Record<string, unknown>>;

/** Why a schema cannot be used, or null. */
export function schemaFault(schema: InputSchema): string | null {
  try {
    validatorOf(schema);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What is wrong with an input, or null. Names members, never values: they may be anybody's. */
export function inputFault(schema: InputSchema, input: unknown): string | null {
  if (typeof schema === 'boolean') return schema ? null : 'no input is allowed at all';
  const validate = validatorOf(schema);
  try {
    if (limited(() => validate(input))) return null;
  } catch {
    return `it could not be checked within ${CHECK_MS} ms`;
  }
  return (validate.errors ?? [])
    .slice(0, SHOWN_PROBLEMS)
    .map(
      ({ instancePath, message }) =>
        `${instancePath === '' ? 'it' : instancePath.slice(0, 200)} ${message ?? 'is not valid'}`,
    )
    .join('; ');
}

function validatorOf(schema: InputSchema): ValidateFunction {
  const known = typeof schema === 'object' ? compiled.get(schema) : undefined;
  if (known !== undefined) return known;
  const draft = typeof schema === 'object' ? schema['$schema'] : undefined;
  const ajv = typeof draft === 'string' && draft.includes('draft-07') ? new Ajv(options) : new Ajv2020(options);
  formats.default(ajv);
  const validate = ajv.compile(schema);
  if (typeof schema === 'object') compiled.set(schema, validate);
  return validate;
}

function limited<T>(work: () => T): T {
  sandbox['work'] = work;
  try {
    return script.runInContext(sandbox, { timeout: CHECK_MS }) as T;
  } finally {
    sandbox['work'] = null;
  }
}
