/**
 * Carries a GraphQL request out: parse, measure, validate, execute; each step only when the one before let it through.
 *
 * Invariants: what is over a limit never starts; when the time is up nothing more is begun, and the answer is sent; the
 * cost under way at once is bounded for a tenant and for the replica.
 */
import {
  execute,
  getOperationAST,
  GraphQLError,
  OperationTypeNode,
  parse,
  validate,
  type DocumentNode,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { Caller } from '../platform/http/caller.ts';
import { LoadGate, type LoadLimits } from '../platform/http/load-gate.ts';
import type { Log } from '../platform/log.ts';
import { isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import { ERRORS_SHOWN, errorOf, shownError } from './answers.ts';
import type { GraphqlContext } from './context.ts';
import { LIMITS, measure } from './limits.ts';
import { Loaders, type Batches } from './loaders.ts';

export interface GraphqlRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Who asks, and what is known of the request. */
export interface Asking {
  readonly caller: Caller;
  readonly requestId: string;
  /** Aborts when the client went away. */
  readonly signal: AbortSignal;
  readonly perform: GraphqlContext['perform'];
}

/** Cost under way at once, in the place of bytes. */
const COSTS = { replica: { requests: 400, bytes: 200_000 }, tenant: { requests: 200, bytes: 50_000 } };
const UNDER_WAY: LoadLimits = { submits: COSTS, requests: COSTS, public: COSTS };

export class GraphqlEngine {
  readonly #schema: GraphQLSchema;
  readonly #batches: Batches;
  readonly #log: Log;
  readonly #timeMs: number;
  readonly #gate = new LoadGate(UNDER_WAY);

  constructor(schema: GraphQLSchema, batches: Batches, log: Log, timeMs: number = LIMITS.time) {
    this.#schema = schema;
    this.#batches = batches;
    this.#log = log;
    this.#timeMs = timeMs;
  }

  async answer(request: GraphqlRequest, asking: Asking): Promise<FormattedExecutionResult> {
    const document = parsed(request.query);
    if (isRefusal(document)) return { errors: [errorOf(document)] };
    const operation = getOperationAST(document, request.operationName);
    if (!operation || operation.operation === OperationTypeNode.SUBSCRIPTION)
      return { errors: [errorOf(noOperation())] };
    const variables = request.variables ?? {};
    const measured = measure(this.#schema, document, operation, variables);
    if (isRefusal(measured)) return { errors: [errorOf(measured)] };
    const faults = validate(this.#schema, document, undefined, { maxErrors: ERRORS_SHOWN });
    if (faults.length > 0) return { errors: this.#shown(faults, asking) };
    const { tenant } = asking.caller;
    const leave = this.#gate.enter({ kind: 'requests', tenant, bytes: measured.cost });
    if (isRefusal(leave)) return { errors: [errorOf(leave)] };
    try {
      return await this.#execute(document, operation, variables, asking);
    } finally {
      leave();
    }
  }

  async #execute(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Readonly<Record<string, unknown>>,
    asking: Asking,
  ): Promise<FormattedExecutionResult> {
    const over = new AbortController();
    const signal = AbortSignal.any([asking.signal, over.signal]);
    const loaders = new Loaders(asking.caller.tenant, this.#batches);
    const contextValue: GraphqlContext = { ...asking, signal, loaders };
    const operationName = operation.name?.value ?? null;
    const result = execute({ schema: this.#schema, document, operationName, variableValues: variables, contextValue });
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(() => {
      over.abort();
      late.resolve(null);
    }, this.#timeMs);
    const first = await Promise.race([result, late.promise]).finally(() => clearTimeout(timer));
    return first === null ? { data: null, errors: [errorOf(timeUp(operation))] } : this.#formatted(first, asking);
  }

  #formatted(result: ExecutionResult, asking: Asking): FormattedExecutionResult {
    const errors = result.errors && this.#shown(result.errors, asking);
    return { ...('data' in result ? { data: result.data ?? null } : {}), ...(errors ? { errors } : {}) };
  }

  #shown(errors: readonly GraphQLError[], { requestId }: Asking) {
    return errors.slice(0, ERRORS_SHOWN).map((error) => shownError(error, this.#log, requestId));
  }
}

function parsed(text: string): DocumentNode | Refusal {
  try {
    return parse(text, { maxLexicalTokens: LIMITS.tokens, noLocation: false });
  } catch (error) {
    const isSyntax = error instanceof GraphQLError;
    return refuse('invalid', 'GRAPHQL_INVALID', isSyntax ? error.message : 'The document cannot be read.', {
      fix: 'See docs/api/graphql.md for what a document may be.',
    });
  }
}

function noOperation(): Refusal {
  return refuse('invalid', 'GRAPHQL_INVALID', 'There is no such operation in the document.', {
    detail: 'Only queries and mutations are carried out, one of a request, and `operationName` says which of several.',
    fix: 'For what changes, follow GET /api/v1/events.',
  });
}

function timeUp({ operation }: OperationDefinitionNode): Refusal {
  const isQuery = operation === OperationTypeNode.QUERY;
  return refuse('unprocessable', 'GRAPHQL_TIME_UP', 'The time of this request is up.', {
    detail: isQuery ? 'What it asks for takes too long.' : 'Of its mutations some may have been carried out.',
    fix: isQuery ? 'Ask for less at once.' : 'Look before you send it again, or send it with an `idempotencyKey`.',
  });
}
