/** Nest's view of GraphQL: one controller over the handlers of all the others. */
import type { DynamicModule } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { OperationCalls } from '../platform/http/operation-calls.ts';
import type { Log } from '../platform/log.ts';
import { GraphqlEngine } from './engine.ts';
import { GraphqlController } from './graphql.controller.ts';
import type { Batches } from './loaders.ts';
import { buildSchema } from './schema.ts';

export interface GraphqlOptions {
  readonly batches: Batches;
  readonly log: Log;
  /** Milliseconds of one request; for tests. */
  readonly timeMs?: number;
}

export function graphqlModule({ batches, log, timeMs }: GraphqlOptions): DynamicModule {
  return {
    module: class GraphqlModule {},
    imports: [DiscoveryModule],
    controllers: [GraphqlController],
    providers: [
      { provide: GraphqlEngine, useValue: new GraphqlEngine(buildSchema(), batches, log, timeMs) },
      {
        provide: OperationCalls,
        useFactory: (discovery: DiscoveryService) => new OperationCalls(discovery),
        inject: [DiscoveryService],
      },
    ],
  };
}
