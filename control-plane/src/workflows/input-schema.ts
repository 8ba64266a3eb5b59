/**
 * Checks a job's input against its workflow's JSON Schema (2020-12, or draft 7 where the schema says so).
 *
 * Invariants: schemas are written by tenants and may be hostile: each is compiled in an instance of its own, no
 * reference leaves the document, and one check gets `CHECK_MS` (a `pattern` can backtrack for ever); compiled schemas
 * are kept in a bounded cache.
 */
import type { ProblemDetail } from '@casare/shared/api';
import type { Workflow } from '@casare/shared/workflow';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import vm from 'node:vm';

/** The longest one check may take, milliseconds. */
const CHECK_MS = 1_000;
const CACHE_LIMIT = 200;
const PROBLEMS_SHOWN = 20;

export class InputSchemas {
  /** By version id; null: the workflow declares no schema. The oldest goes first. */
  readonly #compiled = new Map<string, ValidateFunction | null>();

  /** What is wrong with `input`; empty when nothing is. Paths are JSON Pointers below `input`. */
  check(id: string, document: Workflow, input: unknown): ProblemDetail[] {
    const validate = this.#validatorOf(id, document);
    return validate === null ? [] : run(validate, input);
  }

  #validatorOf(id: string, document: Workflow): ValidateFunction | null {
    const known = this.#compiled.get(id);
    if (known !== undefined) return known;
    const schema = document.input?.schema?.document;
    const validate = schema === undefined ? null : compile(schema);
    if (this.#compiled.size >= CACHE_LIMIT) this.#compiled.delete(this.#compiled.keys().next().value!);
    this.#compiled.set(id, validate);
    return validate;
  }
}

/** Why a document's input schema cannot be used, or null. Asked when a version is saved. */
export function inputSchemaFault(document: Workflow): string | null {
  const schema = document.input?.schema?.document;
  if (schema === undefined) return null;
  try {
    compile(schema);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function compile(schema: unknown): ValidateFunction {
  if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null || Array.isArray(schema))) {
    throw new TypeError('a JSON Schema is an object or a boolean');
  }
  const dialect = typeof schema === 'object' && '$schema' in schema ? schema.$schema : null;
  const draft7 = typeof dialect === 'string' && dialect.includes('draft-07');
  const options = { strict: false, allErrors: false, logger: false, validateFormats: true } as const;
  const ajv = draft7 ? new Ajv(options) : new Ajv2020(options);
  addFormats.default(ajv);
  // The dialect's own schema is nobody's attack, and takes most of the time: on a busy machine all of it.
  void ajv.validateSchema({});
  const validate = limited(() => ajv.compile(schema));
  if ('$async' in validate) throw new TypeError('an asynchronous schema is not supported');
  return validate;
}

function run(validate: ValidateFunction, input: unknown): ProblemDetail[] {
  try {
    if (limited(() => validate(input))) return [];
  } catch {
    return [{ path: 'input', message: `cannot be checked within ${CHECK_MS} ms: simplify the patterns of the schema` }];
  }
  return (validate.errors ?? []).slice(0, PROBLEMS_SHOWN).map(problemOf);
}

function problemOf(error: ErrorObject): ProblemDetail {
  const { instancePath, params } = error;
  const extra =
    error.keyword === 'additionalProperties' ? ` (${String(params['additionalProperty']).slice(0, 100)})` : '';
  const allowed = error.keyword === 'enum' ? `: ${JSON.stringify(params['allowedValues']).slice(0, 300)}` : '';
  return { path: `input${instancePath}`.slice(0, 500), message: `${error.message ?? 'is wrong'}${extra}${allowed}` };
}

const sandbox = vm.createContext({ work: null as unknown });
const script = new vm.Script('work()');

/** Runs `work` and ends it after `CHECK_MS`, also inside a regular expression. */
function limited<T>(work: () => T): T {
  sandbox['work'] = work;
  try {
    return script.runInContext(sandbox, { timeout: CHECK_MS }) as T;
  } finally {
    sandbox['work'] = null;
  }
}
