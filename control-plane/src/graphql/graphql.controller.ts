/** `POST /graphql` on the web listener: a request as JSON, an answer as JSON. There is no other way in. */
import { Controller, Inject } from '@nestjs/common';
import { endpoint } from '@casare/shared/api';
import { z } from 'zod';
import { Handles, type Call } from '../platform/http/handles.ts';
import { OperationCalls } from '../platform/http/operation-calls.ts';
import { requestIdOf } from '../platform/http/request-state.ts';
import { refuse, type Refusal } from '../platform/refusal.ts';
import { GraphqlEngine } from './engine.ts';
import { LIMITS } from './limits.ts';

/** One request of GraphQL over HTTP; a list of them is none. */
const graphql = endpoint({
  id: 'graphql.execute',
  method: 'POST',
  path: '/graphql',
  summary: 'Carries out one GraphQL request.',
  permission: 'signedIn',
  // Each mutation takes a key as an argument.
  idempotency: 'own',
  body: z.strictObject({
    query: z.string().min(1).max(LIMITS.document),
    operationName: z.string().max(200).nullish(),
    variables: z.record(z.string(), z.json()).nullish(),
    extensions: z.record(z.string(), z.json()).nullish(),
  }),
  answer: { json: z.custom<object>((value) => typeof value === 'object' && value !== null) },
});

@Controller()
export class GraphqlController {
  readonly #engine: GraphqlEngine;
  readonly #operations: OperationCalls;

  constructor(@Inject(GraphqlEngine) engine: GraphqlEngine, @Inject(OperationCalls) operations: OperationCalls) {
    this.#engine = engine;
    this.#operations = operations;
  }

  @Handles(graphql, { prefix: '' })
  async execute(call: Call<typeof graphql>): Promise<object | Refusal> {
    const { caller, signal, request, response, body } = call;
    // A page of another origin can send other types without asking first.
    if (!/^application\/json\s*(;|$)/i.test(request.get('content-type') ?? '')) return jsonOnly();
    return this.#engine.answer(body, {
      ...{ caller, signal, requestId: requestIdOf(request) },
      perform: (operation, asked) => this.#operations.call(operation, asked, { caller, signal, request, response }),
    });
  }
}

function jsonOnly(): Refusal {
  return refuse('invalid', 'MEDIA_TYPE_UNSUPPORTED', 'A GraphQL request is JSON.', {
    fix: 'Send it with `Content-Type: application/json`.',
  });
}
