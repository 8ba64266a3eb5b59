/** GraphQL: the operations of REST as fields, and links between what they show. */
export { batchesOf } from './batches.ts';
export { graphqlModule, type GraphqlOptions } from './graphql.module.ts';
export { schemaText } from './schema.ts';
